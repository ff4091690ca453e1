import { type Decoded, type Input, int16, message } from '../schema/index.ts'

export const snapshotFooterRecord = message(
  'SnapshotFooterRecord',
  { versions: '0', flexible: '0+' },
  {
    version: int16(),
  },
)

export type SnapshotFooterRecord = Decoded<typeof snapshotFooterRecord>
export type SnapshotFooterRecordInput = Input<typeof snapshotFooterRecord>
