import { type Decoded, type Input, api, array, int16, int32, request, response, string, uuid } from '../schema/index.ts'

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

export const deleteShareGroupStateApi = api(
  86,
  'DeleteShareGroupState',
  deleteShareGroupStateRequest,
  deleteShareGroupStateResponse,
)

export type DeleteShareGroupStateRequest = Decoded<typeof deleteShareGroupStateRequest>
export type DeleteShareGroupStateRequestInput = Input<typeof deleteShareGroupStateRequest>
export type DeleteShareGroupStateResponse = Decoded<typeof deleteShareGroupStateResponse>
export type DeleteShareGroupStateResponseInput = Input<typeof deleteShareGroupStateResponse>
