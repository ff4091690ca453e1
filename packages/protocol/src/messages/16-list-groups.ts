import { type Decoded, type Input, api, array, int16, int32, request, response, string } from '../schema/index.ts'

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

export const listGroupsApi = api(16, 'ListGroups', listGroupsRequest, listGroupsResponse)

export type ListGroupsRequest = Decoded<typeof listGroupsRequest>
export type ListGroupsRequestInput = Input<typeof listGroupsRequest>
export type ListGroupsResponse = Decoded<typeof listGroupsResponse>
export type ListGroupsResponseInput = Input<typeof listGroupsResponse>
