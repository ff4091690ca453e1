import { type Decoded, type Input, int32, int64, message, millis, string, uuid } from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

export const offsetCommitKey = message(
  'OffsetCommitKey',
  { versions: '0', flexible: 'none' },
  {
    group: string(),
    topic: string(),
    partition: int32(),
  },
)

export const offsetCommitValue = message(
  'OffsetCommitValue',
  { versions: '0-4', flexible: '4+' },
  {
    offset: int64(),
    leaderEpoch: int32({ versions: '3+', default: -1, ignorable: true }),
    metadata: string(),
    commitTimestamp: millis(),
    expireTimestamp: millis({ versions: '1', default: -1, ignorable: true }),
    topicId: uuid({ versions: '4+', tag: 0, ignorable: true }),
  },
)

export interface OffsetCommitKey extends Decoded<typeof offsetCommitKey> {}
export interface OffsetCommitKeyInput extends Input<typeof offsetCommitKey> {}
export interface OffsetCommitValue extends Decoded<typeof offsetCommitValue> {}
export interface OffsetCommitValueInput extends Input<typeof offsetCommitValue> {}

export const offsetCommitRecord: CoordinatorRecord<
  OffsetCommitKey,
  OffsetCommitValue,
  OffsetCommitKeyInput,
  OffsetCommitValueInput
> = coordinatorRecord(1, 'OffsetCommit', offsetCommitKey, offsetCommitValue)
