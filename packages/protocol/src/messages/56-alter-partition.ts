import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  int16,
  int32,
  int64,
  int8,
  request,
  response,
  uuid,
} from '../schema/index.ts'

export const alterPartitionRequest = request(
  'AlterPartition',
  { versions: '2-3', flexible: '0+' },
  {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
    topics: array({
      topicId: uuid({ ignorable: true }),
      partitions: array({
        partitionIndex: int32(),
        leaderEpoch: int32(),
        newIsr: array(int32(), { versions: '0-2' }),
        newIsrWithEpochs: array(
          {
            brokerId: int32(),
            brokerEpoch: int64({ default: -1 }),
          },
          { versions: '3+' },
        ),
        leaderRecoveryState: int8({ default: 0 }),
        partitionEpoch: int32(),
      }),
    }),
  },
)

export const alterPartitionResponse = response(
  'AlterPartition',
  { versions: '2-3', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    topics: array({
      topicId: uuid({ ignorable: true }),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        leaderId: int32(),
        leaderEpoch: int32(),
        isr: array(int32()),
        leaderRecoveryState: int8({ default: 0, ignorable: true }),
        partitionEpoch: int32(),
      }),
    }),
  },
)

export interface AlterPartitionRequest extends Decoded<typeof alterPartitionRequest> {}
export interface AlterPartitionRequestInput extends Input<typeof alterPartitionRequest> {}
export interface AlterPartitionResponse extends Decoded<typeof alterPartitionResponse> {}
export interface AlterPartitionResponseInput extends Input<typeof alterPartitionResponse> {}

export const alterPartitionApi: Api<
  AlterPartitionRequest,
  AlterPartitionResponse,
  AlterPartitionRequestInput,
  AlterPartitionResponseInput
> = api(56, 'AlterPartition', alterPartitionRequest, alterPartitionResponse)
