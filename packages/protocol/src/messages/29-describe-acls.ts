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

export const describeAclsRequest = request(
  'DescribeAcls',
  { versions: '1-3', flexible: '2+' },
  {
    resourceTypeFilter: int8(),
    resourceNameFilter: string({ nullable: '0+' }),
    patternTypeFilter: int8({ default: 3 }),
    principalFilter: string({ nullable: '0+' }),
    hostFilter: string({ nullable: '0+' }),
    operation: int8(),
    permissionType: int8(),
  },
)

export const describeAclsResponse = response(
  'DescribeAcls',
  { versions: '1-3', flexible: '2+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    resources: array({
      resourceType: int8(),
      resourceName: string(),
      patternType: int8({ default: 3 }),
      acls: array({
        principal: string(),
        host: string(),
        operation: int8(),
        permissionType: int8(),
      }),
    }),
  },
)

export interface DescribeAclsRequest extends Decoded<typeof describeAclsRequest> {}
export interface DescribeAclsRequestInput extends Input<typeof describeAclsRequest> {}
export interface DescribeAclsResponse extends Decoded<typeof describeAclsResponse> {}
export interface DescribeAclsResponseInput extends Input<typeof describeAclsResponse> {}

export const describeAclsApi: Api<
  DescribeAclsRequest,
  DescribeAclsResponse,
  DescribeAclsRequestInput,
  DescribeAclsResponseInput
> = api(29, 'DescribeAcls', describeAclsRequest, describeAclsResponse)
