import { type Decoded, type Input, hash64, int32, message, string } from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

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

export interface ShareGroupMetadataKey extends Decoded<typeof shareGroupMetadataKey> {}
export interface ShareGroupMetadataKeyInput extends Input<typeof shareGroupMetadataKey> {}
export interface ShareGroupMetadataValue extends Decoded<typeof shareGroupMetadataValue> {}
export interface ShareGroupMetadataValueInput extends Input<typeof shareGroupMetadataValue> {}

export const shareGroupMetadataRecord: CoordinatorRecord<
  ShareGroupMetadataKey,
  ShareGroupMetadataValue,
  ShareGroupMetadataKeyInput,
  ShareGroupMetadataValueInput
> = coordinatorRecord(11, 'ShareGroupMetadata', shareGroupMetadataKey, shareGroupMetadataValue)
