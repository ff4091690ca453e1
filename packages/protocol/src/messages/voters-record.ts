import {
  type Decoded,
  type Input,
  array,
  int16,
  int32,
  message,
  string,
  struct,
  uint16,
  uuid,
} from '../schema/index.ts'

export const votersRecord = message(
  'VotersRecord',
  { versions: '0', flexible: '0+' },
  {
    version: int16(),
    voters: array({
      voterId: int32(),
      voterDirectoryId: uuid(),
      endpoints: array({
        name: string(),
        host: string(),
        port: uint16(),
      }),
      kRaftVersionFeature: struct({
        minSupportedVersion: int16(),
        maxSupportedVersion: int16(),
      }),
    }),
  },
)

export interface VotersRecord extends Decoded<typeof votersRecord> {}
export interface VotersRecordInput extends Input<typeof votersRecord> {}
