import { type Decoded, type Input, hash64, int32, message, string } from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

export const consumerGroupMetadataKey = message(
  'ConsumerGroupMetadataKey',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
  },
)

export const consumerGroupMetadataValue = message(
  'ConsumerGroupMetadataValue',
  { versions: '0', flexible: '0+' },
  {
    epoch: int32(),
    metadataHash: hash64({ default: new Uint8Array(8), tag: 0 }),
  },
)

export interface ConsumerGroupMetadataKey extends Decoded<typeof consumerGroupMetadataKey> {}
export interface ConsumerGroupMetadataKeyInput extends Input<typeof consumerGroupMetadataKey> {}
export interface ConsumerGroupMetadataValue extends Decoded<typeof consumerGroupMetadataValue> {}
export interface ConsumerGroupMetadataValueInput extends Input<typeof consumerGroupMetadataValue> {}

export const consumerGroupMetadataRecord: CoordinatorRecord<
  ConsumerGroupMetadataKey,
  ConsumerGroupMetadataValue,
  ConsumerGroupMetadataKeyInput,
  ConsumerGroupMetadataValueInput
> = coordinatorRecord(3, 'ConsumerGroupMetadata', consumerGroupMetadataKey, consumerGroupMetadataValue)
