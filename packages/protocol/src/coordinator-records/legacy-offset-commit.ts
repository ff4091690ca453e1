import { type Decoded, type Input, int32, int64, message, millis, string } from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

export const legacyOffsetCommitKey = message(
  'LegacyOffsetCommitKey',
  { versions: '0', flexible: 'none' },
  {
    group: string(),
    topic: string(),
    partition: int32(),
  },
)

export const legacyOffsetCommitValue = message(
  'LegacyOffsetCommitValue',
  { versions: '0', flexible: 'none' },
  {
    offset: int64(),
    metadata: string(),
    commitTimestamp: millis(),
  },
)

export interface LegacyOffsetCommitKey extends Decoded<typeof legacyOffsetCommitKey> {}
export interface LegacyOffsetCommitKeyInput extends Input<typeof legacyOffsetCommitKey> {}
export interface LegacyOffsetCommitValue extends Decoded<typeof legacyOffsetCommitValue> {}
export interface LegacyOffsetCommitValueInput extends Input<typeof legacyOffsetCommitValue> {}

export const legacyOffsetCommitRecord: CoordinatorRecord<
  LegacyOffsetCommitKey,
  LegacyOffsetCommitValue,
  LegacyOffsetCommitKeyInput,
  LegacyOffsetCommitValueInput
> = coordinatorRecord(0, 'LegacyOffsetCommit', legacyOffsetCommitKey, legacyOffsetCommitValue)
