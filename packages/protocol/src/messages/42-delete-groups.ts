import { type Decoded, type Input, api, array, int16, int32, request, response, string } from '../schema/index.ts'

export const deleteGroupsRequest = request(
  'DeleteGroups',
  { versions: '0-2', flexible: '2+' },
  {
    groupsNames: array(string()),
  },
)

export const deleteGroupsResponse = response(
  'DeleteGroups',
  { versions: '0-2', flexible: '2+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    results: array({
      groupId: string(),
      errorCode: int16(),
    }),
  },
)

export const deleteGroupsApi = api(42, 'DeleteGroups', deleteGroupsRequest, deleteGroupsResponse)

export type DeleteGroupsRequest = Decoded<typeof deleteGroupsRequest>
export type DeleteGroupsRequestInput = Input<typeof deleteGroupsRequest>
export type DeleteGroupsResponse = Decoded<typeof deleteGroupsResponse>
export type DeleteGroupsResponseInput = Input<typeof deleteGroupsResponse>
