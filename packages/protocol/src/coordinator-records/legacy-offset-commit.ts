import { type Decoded, type Input, int32, int64, message, millis, string } from '../schema/index.ts'
import { coordinatorRecord } from './coordinator-record.ts'

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

export const legacyOffsetCommitRecord = coordinatorRecord(
  0,
  'LegacyOffsetCommit',
  legacyOffsetCommitKey,
  legacyOffsetCommitValue,
)

export type LegacyOffsetCommitKey = Decoded<typeof legacyOffsetCommitKey>
export type LegacyOffsetCommitKeyInput = Input<typeof legacyOffsetCommitKey>
export type LegacyOffsetCommitValue = Decoded<typeof legacyOffsetCommitValue>
export type LegacyOffsetCommitValueInput = Input<typeof legacyOffsetCommitValue>
