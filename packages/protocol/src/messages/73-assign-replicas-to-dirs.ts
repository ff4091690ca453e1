import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  int16,
  int32,
  int64,
  request,
  response,
  uuid,
} from '../schema/index.ts'

export const assignReplicasToDirsRequest = request(
  'AssignReplicasToDirs',
  { versions: '0', flexible: '0+' },
  {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
    directories: array({
      id: uuid(),
      topics: array({
        topicId: uuid(),
        partitions: array({
          partitionIndex: int32(),
        }),
      }),
    }),
  },
)

export const assignReplicasToDirsResponse = response(
  'AssignReplicasToDirs',
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    directories: array({
      id: uuid(),
      topics: array({
        topicId: uuid(),
        partitions: array({
          partitionIndex: int32(),
          errorCode: int16(),
        }),
      }),
    }),
  },
)

export interface AssignReplicasToDirsRequest extends Decoded<typeof assignReplicasToDirsRequest> {}
export interface AssignReplicasToDirsRequestInput extends Input<typeof assignReplicasToDirsRequest> {}
export interface AssignReplicasToDirsResponse extends Decoded<typeof assignReplicasToDirsResponse> {}
export interface AssignReplicasToDirsResponseInput extends Input<typeof assignReplicasToDirsResponse> {}

export const assignReplicasToDirsApi: Api<
  AssignReplicasToDirsRequest,
  AssignReplicasToDirsResponse,
  AssignReplicasToDirsRequestInput,
  AssignReplicasToDirsResponseInput
> = api(73, 'AssignReplicasToDirs', assignReplicasToDirsRequest, assignReplicasToDirsResponse)
