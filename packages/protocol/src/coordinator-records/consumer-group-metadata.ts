import { type Decoded, type Input, hash64, int32, message, string } from '../schema/index.ts'
import { coordinatorRecord } from './coordinator-record.ts'

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

export const consumerGroupMetadataRecord = coordinatorRecord(
  3,
  'ConsumerGroupMetadata',
  consumerGroupMetadataKey,
  consumerGroupMetadataValue,
)

export type ConsumerGroupMetadataKey = Decoded<typeof consumerGroupMetadataKey>
export type ConsumerGroupMetadataKeyInput = Input<typeof consumerGroupMetadataKey>
export type ConsumerGroupMetadataValue = Decoded<typeof consumerGroupMetadataValue>
export type ConsumerGroupMetadataValueInput = Input<typeof consumerGroupMetadataValue>
