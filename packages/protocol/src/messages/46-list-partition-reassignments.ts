import { type Decoded, type Input, api, array, int16, int32, request, response, string } from '../schema/index.ts'

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

export const listPartitionReassignmentsApi = api(
  46,
  'ListPartitionReassignments',
  listPartitionReassignmentsRequest,
  listPartitionReassignmentsResponse,
)

export type ListPartitionReassignmentsRequest = Decoded<typeof listPartitionReassignmentsRequest>
export type ListPartitionReassignmentsRequestInput = Input<typeof listPartitionReassignmentsRequest>
export type ListPartitionReassignmentsResponse = Decoded<typeof listPartitionReassignmentsResponse>
export type ListPartitionReassignmentsResponseInput = Input<typeof listPartitionReassignmentsResponse>
