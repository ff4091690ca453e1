import { type Decoded, type Input, array, int32, message, string, uuid } from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

export const consumerGroupPartitionMetadataKey = message(
  'ConsumerGroupPartitionMetadataKey',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
  },
)

export const consumerGroupPartitionMetadataValue = message(
  'ConsumerGroupPartitionMetadataValue',
  { versions: '0', flexible: '0+' },
  {
    topics: array({
      topicId: uuid(),
      topicName: string(),
      numPartitions: int32(),
      partitionMetadata: array({
        partition: int32(),
        racks: array(string()),
      }),
    }),
  },
)

export interface ConsumerGroupPartitionMetadataKey extends Decoded<typeof consumerGroupPartitionMetadataKey> {}
export interface ConsumerGroupPartitionMetadataKeyInput extends Input<typeof consumerGroupPartitionMetadataKey> {}
export interface ConsumerGroupPartitionMetadataValue extends Decoded<typeof consumerGroupPartitionMetadataValue> {}
export interface ConsumerGroupPartitionMetadataValueInput extends Input<typeof consumerGroupPartitionMetadataValue> {}

export const consumerGroupPartitionMetadataRecord: CoordinatorRecord<
  ConsumerGroupPartitionMetadataKey,
  ConsumerGroupPartitionMetadataValue,
  ConsumerGroupPartitionMetadataKeyInput,
  ConsumerGroupPartitionMetadataValueInput
> = coordinatorRecord(
  4,
  'ConsumerGroupPartitionMetadata',
  consumerGroupPartitionMetadataKey,
  consumerGroupPartitionMetadataValue,
)
