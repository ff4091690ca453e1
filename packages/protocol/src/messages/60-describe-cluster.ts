import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  bool,
  int16,
  int32,
  int8,
  request,
  response,
  string,
} from '../schema/index.ts'

export const describeClusterRequest = request(
  'DescribeCluster',
  { versions: '0-2', flexible: '0+' },
  {
    includeClusterAuthorizedOperations: bool(),
    endpointType: int8({ versions: '1+', default: 1 }),
    includeFencedBrokers: bool({ versions: '2+' }),
  },
)

export const describeClusterResponse = response(
  'DescribeCluster',
  { versions: '0-2', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    endpointType: int8({ versions: '1+', default: 1 }),
    clusterId: string(),
    controllerId: int32({ default: -1 }),
    brokers: array({
      brokerId: int32(),
      host: string(),
      port: int32(),
      rack: string({ nullable: '0+', default: null }),
      isFenced: bool({ versions: '2+' }),
    }),
    clusterAuthorizedOperations: int32({ default: -2147483648 }),
  },
)

export interface DescribeClusterRequest extends Decoded<typeof describeClusterRequest> {}
export interface DescribeClusterRequestInput extends Input<typeof describeClusterRequest> {}
export interface DescribeClusterResponse extends Decoded<typeof describeClusterResponse> {}
export interface DescribeClusterResponseInput extends Input<typeof describeClusterResponse> {}

export const describeClusterApi: Api<
  DescribeClusterRequest,
  DescribeClusterResponse,
  DescribeClusterRequestInput,
  DescribeClusterResponseInput
> = api(60, 'DescribeCluster', describeClusterRequest, describeClusterResponse)
