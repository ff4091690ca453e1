import { type Decoded, type Input, api, array, int16, int32, int8, request, response, string } from '../schema/index.ts'

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

export const createAclsApi = api(30, 'CreateAcls', createAclsRequest, createAclsResponse)

export type CreateAclsRequest = Decoded<typeof createAclsRequest>
export type CreateAclsRequestInput = Input<typeof createAclsRequest>
export type CreateAclsResponse = Decoded<typeof createAclsResponse>
export type CreateAclsResponseInput = Input<typeof createAclsResponse>
