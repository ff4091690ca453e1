import {
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
  uuid,
} from '../schema/index.ts'

export const initializeShareGroupStateRequest = request(
  'InitializeShareGroupState',
  { versions: '0', flexible: '0+' },
  {
    groupId: string(),
    topics: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
        stateEpoch: int32(),
        startOffset: int64(),
      }),
    }),
  },
)

export const initializeShareGroupStateResponse = response(
  'InitializeShareGroupState',
  { versions: '0', flexible: '0+' },
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

export const initializeShareGroupStateApi = api(
  83,
  'InitializeShareGroupState',
  initializeShareGroupStateRequest,
  initializeShareGroupStateResponse,
)

export type InitializeShareGroupStateRequest = Decoded<typeof initializeShareGroupStateRequest>
export type InitializeShareGroupStateRequestInput = Input<typeof initializeShareGroupStateRequest>
export type InitializeShareGroupStateResponse = Decoded<typeof initializeShareGroupStateResponse>
export type InitializeShareGroupStateResponseInput = Input<typeof initializeShareGroupStateResponse>
