import {
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

export const voteApi = api(52, 'Vote', voteRequest, voteResponse)

export type VoteRequest = Decoded<typeof voteRequest>
export type VoteRequestInput = Input<typeof voteRequest>
export type VoteResponse = Decoded<typeof voteResponse>
export type VoteResponseInput = Input<typeof voteResponse>
