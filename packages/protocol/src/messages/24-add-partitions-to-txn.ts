import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  bool,
  int16,
  int32,
  int64,
  request,
  response,
  string,
} from '../schema/index.ts'

const addPartitionsToTxnTopic = {
  name: string(),
  partitions: array(int32()),
}

export const addPartitionsToTxnRequest = request(
  'AddPartitionsToTxn',
  { versions: '0-5', flexible: '3+' },
  {
    transactions: array(
      {
        transactionalId: string(),
        producerId: int64(),
        producerEpoch: int16(),
        verifyOnly: bool({ default: false }),
        topics: array(addPartitionsToTxnTopic),
      },
      { versions: '4+' },
    ),
    v3AndBelowTransactionalId: string({ versions: '0-3' }),
    v3AndBelowProducerId: int64({ versions: '0-3' }),
    v3AndBelowProducerEpoch: int16({ versions: '0-3' }),
    v3AndBelowTopics: array(addPartitionsToTxnTopic, { versions: '0-3' }),
  },
)

const addPartitionsToTxnPartitionResult = {
  partitionIndex: int32(),
  partitionErrorCode: int16(),
}

const addPartitionsToTxnTopicResult = {
  name: string(),
  resultsByPartition: array(addPartitionsToTxnPartitionResult),
}

export const addPartitionsToTxnResponse = response(
  'AddPartitionsToTxn',
  { versions: '0-5', flexible: '3+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16({ versions: '4+', ignorable: true }),
    resultsByTransaction: array(
      {
        transactionalId: string(),
        topicResults: array(addPartitionsToTxnTopicResult),
      },
      { versions: '4+' },
    ),
    resultsByTopicV3AndBelow: array(addPartitionsToTxnTopicResult, { versions: '0-3' }),
  },
)

export interface AddPartitionsToTxnRequest extends Decoded<typeof addPartitionsToTxnRequest> {}
export interface AddPartitionsToTxnRequestInput extends Input<typeof addPartitionsToTxnRequest> {}
export interface AddPartitionsToTxnResponse extends Decoded<typeof addPartitionsToTxnResponse> {}
export interface AddPartitionsToTxnResponseInput extends Input<typeof addPartitionsToTxnResponse> {}

export const addPartitionsToTxnApi: Api<
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
  AddPartitionsToTxnRequestInput,
  AddPartitionsToTxnResponseInput
> = api(24, 'AddPartitionsToTxn', addPartitionsToTxnRequest, addPartitionsToTxnResponse)
