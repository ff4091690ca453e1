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

export const alterReplicaLogDirsRequest = request(
  'AlterReplicaLogDirs',
  { versions: '1-2', flexible: '2+' },
  {
    dirs: array({
      path: string(),
      topics: array({
        name: string(),
        partitions: array(int32()),
      }),
    }),
  },
)

export const alterReplicaLogDirsResponse = response(
  'AlterReplicaLogDirs',
  { versions: '1-2', flexible: '2+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    results: array({
      topicName: string(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
      }),
    }),
  },
)

export interface AlterReplicaLogDirsRequest extends Decoded<typeof alterReplicaLogDirsRequest> {}
export interface AlterReplicaLogDirsRequestInput extends Input<typeof alterReplicaLogDirsRequest> {}
export interface AlterReplicaLogDirsResponse extends Decoded<typeof alterReplicaLogDirsResponse> {}
export interface AlterReplicaLogDirsResponseInput extends Input<typeof alterReplicaLogDirsResponse> {}

export const alterReplicaLogDirsApi: Api<
  AlterReplicaLogDirsRequest,
  AlterReplicaLogDirsResponse,
  AlterReplicaLogDirsRequestInput,
  AlterReplicaLogDirsResponseInput
> = api(34, 'AlterReplicaLogDirs', alterReplicaLogDirsRequest, alterReplicaLogDirsResponse)
