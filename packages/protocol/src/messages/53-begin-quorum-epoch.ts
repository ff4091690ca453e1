import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  int16,
  int32,
  request,
  response,
  string,
  uint16,
  uuid,
} from '../schema/index.ts'

export const beginQuorumEpochRequest = request(
  'BeginQuorumEpoch',
  { versions: '0-1', flexible: '1+' },
  {
    clusterId: string({ nullable: '0+', default: null }),
    voterId: int32({ versions: '1+', default: -1, ignorable: true }),
    topics: array({
      topicName: string(),
      partitions: array({
        partitionIndex: int32(),
        voterDirectoryId: uuid({ versions: '1+', ignorable: true }),
        leaderId: int32(),
        leaderEpoch: int32(),
      }),
    }),
    leaderEndpoints: array(
      {
        name: string(),
        host: string(),
        port: uint16(),
      },
      { versions: '1+', ignorable: true },
    ),
  },
)

export const beginQuorumEpochResponse = response(
  'BeginQuorumEpoch',
  { versions: '0-1', flexible: '1+' },
  {
    errorCode: int16(),
    topics: array({
      topicName: string(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        leaderId: int32(),
        leaderEpoch: int32(),
      }),
    }),
    nodeEndpoints: array(
      {
        nodeId: int32(),
        host: string(),
        port: uint16(),
      },
      { versions: '1+', tag: 0 },
    ),
  },
)

export interface BeginQuorumEpochRequest extends Decoded<typeof beginQuorumEpochRequest> {}
export interface BeginQuorumEpochRequestInput extends Input<typeof beginQuorumEpochRequest> {}
export interface BeginQuorumEpochResponse extends Decoded<typeof beginQuorumEpochResponse> {}
export interface BeginQuorumEpochResponseInput extends Input<typeof beginQuorumEpochResponse> {}

export const beginQuorumEpochApi: Api<
  BeginQuorumEpochRequest,
  BeginQuorumEpochResponse,
  BeginQuorumEpochRequestInput,
  BeginQuorumEpochResponseInput
> = api(53, 'BeginQuorumEpoch', beginQuorumEpochRequest, beginQuorumEpochResponse)
