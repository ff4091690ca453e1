import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  int16,
  int32,
  int8,
  request,
  response,
  string,
} from '../schema/index.ts'

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

export interface ListConfigResourcesRequest extends Decoded<typeof listConfigResourcesRequest> {}
export interface ListConfigResourcesRequestInput extends Input<typeof listConfigResourcesRequest> {}
export interface ListConfigResourcesResponse extends Decoded<typeof listConfigResourcesResponse> {}
export interface ListConfigResourcesResponseInput extends Input<typeof listConfigResourcesResponse> {}

export const listConfigResourcesApi: Api<
  ListConfigResourcesRequest,
  ListConfigResourcesResponse,
  ListConfigResourcesRequestInput,
  ListConfigResourcesResponseInput
> = api(74, 'ListConfigResources', listConfigResourcesRequest, listConfigResourcesResponse)
