import { type Decoded, type Input, api, array, int16, int32, request, response, string } from '../schema/index.ts'

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

export const offsetDeleteApi = api(47, 'OffsetDelete', offsetDeleteRequest, offsetDeleteResponse)

export type OffsetDeleteRequest = Decoded<typeof offsetDeleteRequest>
export type OffsetDeleteRequestInput = Input<typeof offsetDeleteRequest>
export type OffsetDeleteResponse = Decoded<typeof offsetDeleteResponse>
export type OffsetDeleteResponseInput = Input<typeof offsetDeleteResponse>
