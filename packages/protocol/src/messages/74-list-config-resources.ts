import { type Decoded, type Input, api, array, int16, int32, int8, request, response, string } from '../schema/index.ts'

export const listConfigResourcesRequest = request(
  'ListConfigResources',
  { versions: '0-1', flexible: '0+' },
  {
    resourceTypes: array(int8(), { versions: '1+' }),
  },
)

export const listConfigResourcesResponse = response(
  'ListConfigResources',
  { versions: '0-1', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    configResources: array({
      resourceName: string(),
      resourceType: int8({ versions: '1+', default: 16, ignorable: true }),
    }),
  },
)

export const listConfigResourcesApi = api(
  74,
  'ListConfigResources',
  listConfigResourcesRequest,
  listConfigResourcesResponse,
)

export type ListConfigResourcesRequest = Decoded<typeof listConfigResourcesRequest>
export type ListConfigResourcesRequestInput = Input<typeof listConfigResourcesRequest>
export type ListConfigResourcesResponse = Decoded<typeof listConfigResourcesResponse>
export type ListConfigResourcesResponseInput = Input<typeof listConfigResourcesResponse>
