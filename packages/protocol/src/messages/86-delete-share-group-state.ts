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
  uuid,
} from '../schema/index.ts'

export const deleteShareGroupStateRequest = request(
  'DeleteShareGroupState',
  { versions: '0', flexible: '0+' },
  {
    groupId: string(),
    topics: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
      }),
    }),
  },
)

export const deleteShareGroupStateResponse = response(
  'DeleteShareGroupState',
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

export interface DeleteShareGroupStateRequest extends Decoded<typeof deleteShareGroupStateRequest> {}
export interface DeleteShareGroupStateRequestInput extends Input<typeof deleteShareGroupStateRequest> {}
export interface DeleteShareGroupStateResponse extends Decoded<typeof deleteShareGroupStateResponse> {}
export interface DeleteShareGroupStateResponseInput extends Input<typeof deleteShareGroupStateResponse> {}

export const deleteShareGroupStateApi: Api<
  DeleteShareGroupStateRequest,
  DeleteShareGroupStateResponse,
  DeleteShareGroupStateRequestInput,
  DeleteShareGroupStateResponseInput
> = api(86, 'DeleteShareGroupState', deleteShareGroupStateRequest, deleteShareGroupStateResponse)
