import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  bool,
  bytes,
  int16,
  int32,
  request,
  response,
  string,
} from '../schema/index.ts'

export const describeGroupsRequest = request(
  'DescribeGroups',
  { versions: '0-6', flexible: '5+' },
  {
    groups: array(string()),
    includeAuthorizedOperations: bool({ versions: '3+' }),
  },
)

export const describeGroupsResponse = response(
  'DescribeGroups',
  { versions: '0-6', flexible: '5+' },
  {
    throttleTimeMs: int32({ versions: '1+', default: 0, ignorable: true }),
    groups: array({
      errorCode: int16(),
      errorMessage: string({ versions: '6+', nullable: '6+', default: null }),
      groupId: string(),
      groupState: string(),
      protocolType: string(),
      protocolData: string(),
      members: array({
        memberId: string(),
        groupInstanceId: string({ versions: '4+', nullable: '4+', default: null, ignorable: true }),
        clientId: string(),
        clientHost: string(),
        memberMetadata: bytes(),
        memberAssignment: bytes(),
      }),
      authorizedOperations: int32({ versions: '3+', default: -2147483648 }),
    }),
  },
)

export interface DescribeGroupsRequest extends Decoded<typeof describeGroupsRequest> {}
export interface DescribeGroupsRequestInput extends Input<typeof describeGroupsRequest> {}
export interface DescribeGroupsResponse extends Decoded<typeof describeGroupsResponse> {}
export interface DescribeGroupsResponseInput extends Input<typeof describeGroupsResponse> {}

export const describeGroupsApi: Api<
  DescribeGroupsRequest,
  DescribeGroupsResponse,
  DescribeGroupsRequestInput,
  DescribeGroupsResponseInput
> = api(15, 'DescribeGroups', describeGroupsRequest, describeGroupsResponse)
