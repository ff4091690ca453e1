import {
  type Api,
  type Decoded,
  type Input,
  api,
  array,
  int16,
  int32,
  int64,
  records,
  request,
  response,
  string,
  struct,
  uint16,
  uuid,
} from '../schema/index.ts'

export const fetchSnapshotRequest = request(
  'FetchSnapshot',
  { versions: '0-1', flexible: '0+' },
  {
    clusterId: string({ nullable: '0+', default: null, tag: 0 }),
    replicaId: int32({ default: -1 }),
    maxBytes: int32({ default: 0x7fffffff }),
    topics: array({
      name: string(),
      partitions: array({
        partition: int32(),
        currentLeaderEpoch: int32(),
        snapshotId: struct({
          endOffset: int64(),
          epoch: int32(),
        }),
        position: int64(),
        replicaDirectoryId: uuid({ versions: '1+', tag: 0, ignorable: true }),
      }),
    }),
  },
)

export const fetchSnapshotResponse = response(
  'FetchSnapshot',
  { versions: '0-1', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    errorCode: int16(),
    topics: array({
      name: string(),
      partitions: array({
        index: int32(),
        errorCode: int16(),
        snapshotId: struct({
          endOffset: int64(),
          epoch: int32(),
        }),
        currentLeader: struct(
          {
            leaderId: int32(),
            leaderEpoch: int32(),
          },
          { tag: 0 },
        ),
        size: int64(),
        position: int64(),
        unalignedRecords: records(),
      }),
    }),
    nodeEndpoints: array(
      {
        nodeId: int32(),
        host: string(),
        port: uint16(),
      },
      { versions: '1+', tag: 0 },
    ),
  },
)

export interface FetchSnapshotRequest extends Decoded<typeof fetchSnapshotRequest> {}
export interface FetchSnapshotRequestInput extends Input<typeof fetchSnapshotRequest> {}
export interface FetchSnapshotResponse extends Decoded<typeof fetchSnapshotResponse> {}
export interface FetchSnapshotResponseInput extends Input<typeof fetchSnapshotResponse> {}

export const fetchSnapshotApi: Api<
  FetchSnapshotRequest,
  FetchSnapshotResponse,
  FetchSnapshotRequestInput,
  FetchSnapshotResponseInput
> = api(59, 'FetchSnapshot', fetchSnapshotRequest, fetchSnapshotResponse)
