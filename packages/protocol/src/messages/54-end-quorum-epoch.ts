import {
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

export const endQuorumEpochRequest = request(
  'EndQuorumEpoch',
  { versions: '0-1', flexible: '1+' },
  {
    clusterId: string({ nullable: '0+', default: null }),
    topics: array({
      topicName: string(),
      partitions: array({
        partitionIndex: int32(),
        leaderId: int32(),
        leaderEpoch: int32(),
        preferredSuccessors: array(int32(), { versions: '0', ignorable: true }),
        preferredCandidates: array(
          {
            candidateId: int32(),
            candidateDirectoryId: uuid(),
          },
          { versions: '1+', ignorable: true },
        ),
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

export const endQuorumEpochResponse = response(
  'EndQuorumEpoch',
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

export const endQuorumEpochApi = api(54, 'EndQuorumEpoch', endQuorumEpochRequest, endQuorumEpochResponse)

export type EndQuorumEpochRequest = Decoded<typeof endQuorumEpochRequest>
export type EndQuorumEpochRequestInput = Input<typeof endQuorumEpochRequest>
export type EndQuorumEpochResponse = Decoded<typeof endQuorumEpochResponse>
export type EndQuorumEpochResponseInput = Input<typeof endQuorumEpochResponse>
