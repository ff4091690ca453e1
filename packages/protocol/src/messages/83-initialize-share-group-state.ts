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

export interface InitializeShareGroupStateRequest extends Decoded<typeof initializeShareGroupStateRequest> {}
export interface InitializeShareGroupStateRequestInput extends Input<typeof initializeShareGroupStateRequest> {}
export interface InitializeShareGroupStateResponse extends Decoded<typeof initializeShareGroupStateResponse> {}
export interface InitializeShareGroupStateResponseInput extends Input<typeof initializeShareGroupStateResponse> {}

export const initializeShareGroupStateApi: Api<
  InitializeShareGroupStateRequest,
  InitializeShareGroupStateResponse,
  InitializeShareGroupStateRequestInput,
  InitializeShareGroupStateResponseInput
> = api(83, 'InitializeShareGroupState', initializeShareGroupStateRequest, initializeShareGroupStateResponse)
