import { type Decoded, type Input, int16, message } from '../schema/index.ts'

export const snapshotFooterRecord = message(
  'SnapshotFooterRecord',
  { versions: '0', flexible: '0+' },
  {
    version: int16(),
  },
)

export interface SnapshotFooterRecord extends Decoded<typeof snapshotFooterRecord> {}
export interface SnapshotFooterRecordInput extends Input<typeof snapshotFooterRecord> {}
