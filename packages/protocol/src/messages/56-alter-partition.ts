import {
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

export const alterPartitionApi = api(56, 'AlterPartition', alterPartitionRequest, alterPartitionResponse)

export type AlterPartitionRequest = Decoded<typeof alterPartitionRequest>
export type AlterPartitionRequestInput = Input<typeof alterPartitionRequest>
export type AlterPartitionResponse = Decoded<typeof alterPartitionResponse>
export type AlterPartitionResponseInput = Input<typeof alterPartitionResponse>
