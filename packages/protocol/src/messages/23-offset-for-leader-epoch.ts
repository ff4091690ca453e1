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

export const offsetForLeaderEpochRequest = request(
  'OffsetForLeaderEpoch',
  { versions: '2-4', flexible: '4+' },
  {
    replicaId: int32({ versions: '3+', default: -2, ignorable: true }),
    topics: array({
      topic: string(),
      partitions: array({
        partition: int32(),
        currentLeaderEpoch: int32({ default: -1, ignorable: true }),
        leaderEpoch: int32(),
      }),
    }),
  },
)

export const offsetForLeaderEpochResponse = response(
  'OffsetForLeaderEpoch',
  { versions: '2-4', flexible: '4+' },
  {
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    topics: array({
      topic: string(),
      partitions: array({
        errorCode: int16(),
        partition: int32(),
        leaderEpoch: int32({ default: -1, ignorable: true }),
        endOffset: int64({ default: -1 }),
      }),
    }),
  },
)

export interface OffsetForLeaderEpochRequest extends Decoded<typeof offsetForLeaderEpochRequest> {}
export interface OffsetForLeaderEpochRequestInput extends Input<typeof offsetForLeaderEpochRequest> {}
export interface OffsetForLeaderEpochResponse extends Decoded<typeof offsetForLeaderEpochResponse> {}
export interface OffsetForLeaderEpochResponseInput extends Input<typeof offsetForLeaderEpochResponse> {}

export const offsetForLeaderEpochApi: Api<
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse,
  OffsetForLeaderEpochRequestInput,
  OffsetForLeaderEpochResponseInput
> = api(23, 'OffsetForLeaderEpoch', offsetForLeaderEpochRequest, offsetForLeaderEpochResponse)
