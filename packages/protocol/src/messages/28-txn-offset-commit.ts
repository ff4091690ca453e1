import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  int16,
  int32,
  int64,
  request,
  response,
  string,
} from '../schema/index.ts'

export const txnOffsetCommitRequest = request(
  'TxnOffsetCommit',
  { versions: '0-5', flexible: '3+' },
  {
    transactionalId: string(),
    groupId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    generationId: int32({ versions: '3+', default: -1 }),
    memberId: string({ versions: '3+', default: '' }),
    groupInstanceId: string({ versions: '3+', nullable: '3+', default: null }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        committedOffset: int64(),
        committedLeaderEpoch: int32({ versions: '2+', default: -1, ignorable: true }),
        committedMetadata: string({ nullable: '0+' }),
      }),
    }),
  },
)

export const txnOffsetCommitResponse = response(
  'TxnOffsetCommit',
  { versions: '0-5', flexible: '3+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
      }),
    }),
  },
)

export interface TxnOffsetCommitRequest extends Decoded<typeof txnOffsetCommitRequest> {}
export interface TxnOffsetCommitRequestInput extends Input<typeof txnOffsetCommitRequest> {}
export interface TxnOffsetCommitResponse extends Decoded<typeof txnOffsetCommitResponse> {}
export interface TxnOffsetCommitResponseInput extends Input<typeof txnOffsetCommitResponse> {}

export const txnOffsetCommitApi: Api<
  TxnOffsetCommitRequest,
  TxnOffsetCommitResponse,
  TxnOffsetCommitRequestInput,
  TxnOffsetCommitResponseInput
> = api(28, 'TxnOffsetCommit', txnOffsetCommitRequest, txnOffsetCommitResponse)
