import { type Decoded, type Input, int32, int64, message, millis, string, uuid } from '../schema/index.ts'
import { coordinatorRecord } from './coordinator-record.ts'

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

export const offsetCommitRecord = coordinatorRecord(1, 'OffsetCommit', offsetCommitKey, offsetCommitValue)

export type OffsetCommitKey = Decoded<typeof offsetCommitKey>
export type OffsetCommitKeyInput = Input<typeof offsetCommitKey>
export type OffsetCommitValue = Decoded<typeof offsetCommitValue>
export type OffsetCommitValueInput = Input<typeof offsetCommitValue>
