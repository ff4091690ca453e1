import { type Decoded, type Input, hash64, int32, message, string } from '../schema/index.ts'
import { coordinatorRecord } from './coordinator-record.ts'

export const shareGroupMetadataKey = message(
  'ShareGroupMetadataKey',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
  },
)

export const shareGroupMetadataValue = message(
  'ShareGroupMetadataValue',
  { versions: '0', flexible: '0+' },
  {
    epoch: int32(),
    metadataHash: hash64(),
  },
)

export const shareGroupMetadataRecord = coordinatorRecord(
  11,
  'ShareGroupMetadata',
  shareGroupMetadataKey,
  shareGroupMetadataValue,
)

export type ShareGroupMetadataKey = Decoded<typeof shareGroupMetadataKey>
export type ShareGroupMetadataKeyInput = Input<typeof shareGroupMetadataKey>
export type ShareGroupMetadataValue = Decoded<typeof shareGroupMetadataValue>
export type ShareGroupMetadataValueInput = Input<typeof shareGroupMetadataValue>
