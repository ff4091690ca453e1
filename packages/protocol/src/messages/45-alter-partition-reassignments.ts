import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  bool,
  int16,
  int32,
  request,
  response,
  string,
} from '../schema/index.ts'

export const alterPartitionReassignmentsRequest = request(
  'AlterPartitionReassignments',
  { versions: '0-1', flexible: '0+' },
  {
    timeoutMs: int32({ default: 60000 }),
    allowReplicationFactorChange: bool({ versions: '1+', default: true }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        replicas: array(int32(), { nullable: '0+', default: null }),
      }),
    }),
  },
)

export const alterPartitionReassignmentsResponse = response(
  'AlterPartitionReassignments',
  { versions: '0-1', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    allowReplicationFactorChange: bool({ versions: '1+', default: true, ignorable: true }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    responses: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
      }),
    }),
  },
)

export interface AlterPartitionReassignmentsRequest extends Decoded<typeof alterPartitionReassignmentsRequest> {}
export interface AlterPartitionReassignmentsRequestInput extends Input<typeof alterPartitionReassignmentsRequest> {}
export interface AlterPartitionReassignmentsResponse extends Decoded<typeof alterPartitionReassignmentsResponse> {}
export interface AlterPartitionReassignmentsResponseInput extends Input<typeof alterPartitionReassignmentsResponse> {}

export const alterPartitionReassignmentsApi: Api<
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse,
  AlterPartitionReassignmentsRequestInput,
  AlterPartitionReassignmentsResponseInput
> = api(45, 'AlterPartitionReassignments', alterPartitionReassignmentsRequest, alterPartitionReassignmentsResponse)
