import { type Decoded, type Input, int16, message } from '../schema/index.ts'

export const kRaftVersionRecord = message(
  'KRaftVersionRecord',
  { versions: '0', flexible: '0+' },
  {
    version: int16(),
    kRaftVersion: int16(),
  },
)

export interface KRaftVersionRecord extends Decoded<typeof kRaftVersionRecord> {}
export interface KRaftVersionRecordInput extends Input<typeof kRaftVersionRecord> {}
