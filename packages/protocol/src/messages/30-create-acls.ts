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

export const createAclsRequest = request(
  'CreateAcls',
  { versions: '1-3', flexible: '2+' },
  {
    creations: array({
      resourceType: int8(),
      resourceName: string(),
      resourcePatternType: int8({ default: 3 }),
      principal: string(),
      host: string(),
      operation: int8(),
      permissionType: int8(),
    }),
  },
)

export const createAclsResponse = response(
  'CreateAcls',
  { versions: '1-3', flexible: '2+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    results: array({
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
    }),
  },
)

export interface CreateAclsRequest extends Decoded<typeof createAclsRequest> {}
export interface CreateAclsRequestInput extends Input<typeof createAclsRequest> {}
export interface CreateAclsResponse extends Decoded<typeof createAclsResponse> {}
export interface CreateAclsResponseInput extends Input<typeof createAclsResponse> {}

export const createAclsApi: Api<
  CreateAclsRequest,
  CreateAclsResponse,
  CreateAclsRequestInput,
  CreateAclsResponseInput
> = api(30, 'CreateAcls', createAclsRequest, createAclsResponse)
