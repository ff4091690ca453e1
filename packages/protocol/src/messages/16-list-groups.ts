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

export const listGroupsRequest = request(
  'ListGroups',
  { versions: '0-5', flexible: '3+' },
  {
    statesFilter: array(string(), { versions: '4+' }),
    typesFilter: array(string(), { versions: '5+' }),
  },
)

export const listGroupsResponse = response(
  'ListGroups',
  { versions: '0-5', flexible: '3+' },
  {
    throttleTimeMs: int32({ versions: '1+', default: 0, ignorable: true }),
    errorCode: int16(),
    groups: array({
      groupId: string(),
      protocolType: string(),
      groupState: string({ versions: '4+', ignorable: true }),
      groupType: string({ versions: '5+', ignorable: true }),
    }),
  },
)

export interface ListGroupsRequest extends Decoded<typeof listGroupsRequest> {}
export interface ListGroupsRequestInput extends Input<typeof listGroupsRequest> {}
export interface ListGroupsResponse extends Decoded<typeof listGroupsResponse> {}
export interface ListGroupsResponseInput extends Input<typeof listGroupsResponse> {}

export const listGroupsApi: Api<
  ListGroupsRequest,
  ListGroupsResponse,
  ListGroupsRequestInput,
  ListGroupsResponseInput
> = api(16, 'ListGroups', listGroupsRequest, listGroupsResponse)
