import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  int16,
  int32,
  int64,
  millis,
  request,
  response,
  string,
  uint16,
  uuid,
} from '../schema/index.ts'

export const describeQuorumRequest = request(
  'DescribeQuorum',
  { versions: '0-2', flexible: '0+' },
  {
    topics: array({
      topicName: string(),
      partitions: array({
        partitionIndex: int32(),
      }),
    }),
  },
)

const replicaState = {
  replicaId: int32(),
  replicaDirectoryId: uuid({ versions: '2+' }),
  logEndOffset: int64(),
  lastFetchTimestamp: millis({ versions: '1+', default: -1, ignorable: true }),
  lastCaughtUpTimestamp: millis({ versions: '1+', default: -1, ignorable: true }),
}

export const describeQuorumResponse = response(
  'DescribeQuorum',
  { versions: '0-2', flexible: '0+' },
  {
    errorCode: int16(),
    errorMessage: string({ versions: '2+', nullable: '2+', ignorable: true }),
    topics: array({
      topicName: string(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string({ versions: '2+', nullable: '2+', ignorable: true }),
        leaderId: int32(),
        leaderEpoch: int32(),
        highWatermark: int64(),
        currentVoters: array(replicaState),
        observers: array(replicaState),
      }),
    }),
    nodes: array(
      {
        nodeId: int32(),
        listeners: array({
          name: string(),
          host: string(),
          port: uint16(),
        }),
      },
      { versions: '2+' },
    ),
  },
)

export interface DescribeQuorumRequest extends Decoded<typeof describeQuorumRequest> {}
export interface DescribeQuorumRequestInput extends Input<typeof describeQuorumRequest> {}
export interface DescribeQuorumResponse extends Decoded<typeof describeQuorumResponse> {}
export interface DescribeQuorumResponseInput extends Input<typeof describeQuorumResponse> {}

export const describeQuorumApi: Api<
  DescribeQuorumRequest,
  DescribeQuorumResponse,
  DescribeQuorumRequestInput,
  DescribeQuorumResponseInput
> = api(55, 'DescribeQuorum', describeQuorumRequest, describeQuorumResponse)
