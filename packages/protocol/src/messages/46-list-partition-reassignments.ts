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

export const listPartitionReassignmentsRequest = request(
  'ListPartitionReassignments',
  { versions: '0', flexible: '0+' },
  {
    timeoutMs: int32({ default: 60000 }),
    topics: array(
      {
        name: string(),
        partitionIndexes: array(int32()),
      },
      { nullable: '0+', default: null },
    ),
  },
)

export const listPartitionReassignmentsResponse = response(
  'ListPartitionReassignments',
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        replicas: array(int32()),
        addingReplicas: array(int32()),
        removingReplicas: array(int32()),
      }),
    }),
  },
)

export interface ListPartitionReassignmentsRequest extends Decoded<typeof listPartitionReassignmentsRequest> {}
export interface ListPartitionReassignmentsRequestInput extends Input<typeof listPartitionReassignmentsRequest> {}
export interface ListPartitionReassignmentsResponse extends Decoded<typeof listPartitionReassignmentsResponse> {}
export interface ListPartitionReassignmentsResponseInput extends Input<typeof listPartitionReassignmentsResponse> {}

export const listPartitionReassignmentsApi: Api<
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse,
  ListPartitionReassignmentsRequestInput,
  ListPartitionReassignmentsResponseInput
> = api(46, 'ListPartitionReassignments', listPartitionReassignmentsRequest, listPartitionReassignmentsResponse)
