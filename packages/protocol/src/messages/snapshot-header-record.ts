import { type Decoded, type Input, int16, message, millis } from '../schema/index.ts'

export const snapshotHeaderRecord = message(
  'SnapshotHeaderRecord',
  { versions: '0', flexible: '0+' },
  {
    version: int16(),
    lastContainedLogTimestamp: millis(),
  },
)

export interface SnapshotHeaderRecord extends Decoded<typeof snapshotHeaderRecord> {}
export interface SnapshotHeaderRecordInput extends Input<typeof snapshotHeaderRecord> {}
