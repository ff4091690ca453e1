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

export interface EndQuorumEpochRequest extends Decoded<typeof endQuorumEpochRequest> {}
export interface EndQuorumEpochRequestInput extends Input<typeof endQuorumEpochRequest> {}
export interface EndQuorumEpochResponse extends Decoded<typeof endQuorumEpochResponse> {}
export interface EndQuorumEpochResponseInput extends Input<typeof endQuorumEpochResponse> {}

export const endQuorumEpochApi: Api<
  EndQuorumEpochRequest,
  EndQuorumEpochResponse,
  EndQuorumEpochRequestInput,
  EndQuorumEpochResponseInput
> = api(54, 'EndQuorumEpoch', endQuorumEpochRequest, endQuorumEpochResponse)
