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

export interface DeleteGroupsRequest extends Decoded<typeof deleteGroupsRequest> {}
export interface DeleteGroupsRequestInput extends Input<typeof deleteGroupsRequest> {}
export interface DeleteGroupsResponse extends Decoded<typeof deleteGroupsResponse> {}
export interface DeleteGroupsResponseInput extends Input<typeof deleteGroupsResponse> {}

export const deleteGroupsApi: Api<
  DeleteGroupsRequest,
  DeleteGroupsResponse,
  DeleteGroupsRequestInput,
  DeleteGroupsResponseInput
> = api(42, 'DeleteGroups', deleteGroupsRequest, deleteGroupsResponse)
