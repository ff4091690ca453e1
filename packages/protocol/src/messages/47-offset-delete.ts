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
} from '../schema/index.ts'

export const offsetDeleteRequest = request(
  'OffsetDelete',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
      }),
    }),
  },
)

export const offsetDeleteResponse = response(
  'OffsetDelete',
  { versions: '0', flexible: 'none' },
  {
    errorCode: int16(),
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
      }),
    }),
  },
)

export interface OffsetDeleteRequest extends Decoded<typeof offsetDeleteRequest> {}
export interface OffsetDeleteRequestInput extends Input<typeof offsetDeleteRequest> {}
export interface OffsetDeleteResponse extends Decoded<typeof offsetDeleteResponse> {}
export interface OffsetDeleteResponseInput extends Input<typeof offsetDeleteResponse> {}

export const offsetDeleteApi: Api<
  OffsetDeleteRequest,
  OffsetDeleteResponse,
  OffsetDeleteRequestInput,
  OffsetDeleteResponseInput
> = api(47, 'OffsetDelete', offsetDeleteRequest, offsetDeleteResponse)
