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

export const deleteAclsRequest = request(
  'DeleteAcls',
  { versions: '1-3', flexible: '2+' },
  {
    filters: array({
      resourceTypeFilter: int8(),
      resourceNameFilter: string({ nullable: '0+' }),
      patternTypeFilter: int8({ default: 3 }),
      principalFilter: string({ nullable: '0+' }),
      hostFilter: string({ nullable: '0+' }),
      operation: int8(),
      permissionType: int8(),
    }),
  },
)

export const deleteAclsResponse = response(
  'DeleteAcls',
  { versions: '1-3', flexible: '2+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    filterResults: array({
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
      matchingAcls: array({
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
        resourceType: int8(),
        resourceName: string(),
        patternType: int8({ default: 3 }),
        principal: string(),
        host: string(),
        operation: int8(),
        permissionType: int8(),
      }),
    }),
  },
)

export interface DeleteAclsRequest extends Decoded<typeof deleteAclsRequest> {}
export interface DeleteAclsRequestInput extends Input<typeof deleteAclsRequest> {}
export interface DeleteAclsResponse extends Decoded<typeof deleteAclsResponse> {}
export interface DeleteAclsResponseInput extends Input<typeof deleteAclsResponse> {}

export const deleteAclsApi: Api<
  DeleteAclsRequest,
  DeleteAclsResponse,
  DeleteAclsRequestInput,
  DeleteAclsResponseInput
> = api(31, 'DeleteAcls', deleteAclsRequest, deleteAclsResponse)
