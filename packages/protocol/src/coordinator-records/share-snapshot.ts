import {
  type Decoded,
  type Input,
  array,
  int16,
  int32,
  int64,
  int8,
  message,
  millis,
  string,
  uuid,
} from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

export const shareSnapshotKey = message(
  'ShareSnapshotKey',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
    topicId: uuid(),
    partition: int32(),
  },
)

export const shareSnapshotValue = message(
  'ShareSnapshotValue',
  { versions: '0', flexible: '0+' },
  {
    snapshotEpoch: int32(),
    stateEpoch: int32(),
    leaderEpoch: int32(),
    startOffset: int64(),
    deliveryCompleteCount: int32({ default: -1, tag: 0 }),
    createTimestamp: millis(),
    writeTimestamp: millis(),
    stateBatches: array({
      firstOffset: int64(),
      lastOffset: int64(),
      deliveryState: int8(),
      deliveryCount: int16(),
    }),
  },
)

export interface ShareSnapshotKey extends Decoded<typeof shareSnapshotKey> {}
export interface ShareSnapshotKeyInput extends Input<typeof shareSnapshotKey> {}
export interface ShareSnapshotValue extends Decoded<typeof shareSnapshotValue> {}
export interface ShareSnapshotValueInput extends Input<typeof shareSnapshotValue> {}

export const shareSnapshotRecord: CoordinatorRecord<
  ShareSnapshotKey,
  ShareSnapshotValue,
  ShareSnapshotKeyInput,
  ShareSnapshotValueInput
> = coordinatorRecord(0, 'ShareSnapshot', shareSnapshotKey, shareSnapshotValue)
