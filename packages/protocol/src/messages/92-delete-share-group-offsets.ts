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

export const deleteShareGroupOffsetsRequest = request(
  'DeleteShareGroupOffsets',
  { versions: '0', flexible: '0+' },
  {
    groupId: string(),
    topics: array({
      topicName: string(),
    }),
  },
)

export const deleteShareGroupOffsetsResponse = response(
  'DeleteShareGroupOffsets',
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    responses: array({
      topicName: string(),
      topicId: uuid(),
      errorCode: int16(),
      errorMessage: string({ nullable: '0+', default: null }),
    }),
  },
)

export interface DeleteShareGroupOffsetsRequest extends Decoded<typeof deleteShareGroupOffsetsRequest> {}
export interface DeleteShareGroupOffsetsRequestInput extends Input<typeof deleteShareGroupOffsetsRequest> {}
export interface DeleteShareGroupOffsetsResponse extends Decoded<typeof deleteShareGroupOffsetsResponse> {}
export interface DeleteShareGroupOffsetsResponseInput extends Input<typeof deleteShareGroupOffsetsResponse> {}

export const deleteShareGroupOffsetsApi: Api<
  DeleteShareGroupOffsetsRequest,
  DeleteShareGroupOffsetsResponse,
  DeleteShareGroupOffsetsRequestInput,
  DeleteShareGroupOffsetsResponseInput
> = api(92, 'DeleteShareGroupOffsets', deleteShareGroupOffsetsRequest, deleteShareGroupOffsetsResponse)
