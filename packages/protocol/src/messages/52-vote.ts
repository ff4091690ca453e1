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
  uint16,
  uuid,
} from '../schema/index.ts'

export const voteRequest = request(
  'Vote',
  { versions: '0-2', flexible: '0+' },
  {
    clusterId: string({ nullable: '0+', default: null }),
    voterId: int32({ versions: '1+', default: -1, ignorable: true }),
    topics: array({
      topicName: string(),
      partitions: array({
        partitionIndex: int32(),
        replicaEpoch: int32(),
        replicaId: int32(),
        replicaDirectoryId: uuid({ versions: '1+', ignorable: true }),
        voterDirectoryId: uuid({ versions: '1+', ignorable: true }),
        lastOffsetEpoch: int32(),
        lastOffset: int64(),
        preVote: bool({ versions: '2+' }),
      }),
    }),
  },
)

export const voteResponse = response(
  'Vote',
  { versions: '0-2', flexible: '0+' },
  {
    errorCode: int16(),
    topics: array({
      topicName: string(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        leaderId: int32(),
        leaderEpoch: int32(),
        voteGranted: bool(),
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

export interface VoteRequest extends Decoded<typeof voteRequest> {}
export interface VoteRequestInput extends Input<typeof voteRequest> {}
export interface VoteResponse extends Decoded<typeof voteResponse> {}
export interface VoteResponseInput extends Input<typeof voteResponse> {}

export const voteApi: Api<VoteRequest, VoteResponse, VoteRequestInput, VoteResponseInput> = api(
  52,
  'Vote',
  voteRequest,
  voteResponse,
)
