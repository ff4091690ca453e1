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
  string,
  uuid,
} from '../schema/index.ts'

export const writeShareGroupStateRequest = request(
  'WriteShareGroupState',
  { versions: '0-1', flexible: '0+' },
  {
    groupId: string(),
    topics: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
        stateEpoch: int32(),
        leaderEpoch: int32(),
        startOffset: int64(),
        deliveryCompleteCount: int32({ versions: '1+', default: -1, ignorable: true }),
        stateBatches: array({
          firstOffset: int64(),
          lastOffset: int64(),
          deliveryState: int8(),
          deliveryCount: int16(),
        }),
      }),
    }),
  },
)

export const writeShareGroupStateResponse = response(
  'WriteShareGroupState',
  { versions: '0-1', flexible: '0+' },
  {
    results: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
      }),
    }),
  },
)

export const writeShareGroupStateApi = api(
  85,
  'WriteShareGroupState',
  writeShareGroupStateRequest,
  writeShareGroupStateResponse,
)

export type WriteShareGroupStateRequest = Decoded<typeof writeShareGroupStateRequest>
export type WriteShareGroupStateRequestInput = Input<typeof writeShareGroupStateRequest>
export type WriteShareGroupStateResponse = Decoded<typeof writeShareGroupStateResponse>
export type WriteShareGroupStateResponseInput = Input<typeof writeShareGroupStateResponse>
