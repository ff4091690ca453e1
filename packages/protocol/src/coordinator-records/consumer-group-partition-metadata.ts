import { type Decoded, type Input, array, int32, message, string, uuid } from '../schema/index.ts'
import { coordinatorRecord } from './coordinator-record.ts'

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

export const consumerGroupPartitionMetadataRecord = coordinatorRecord(
  4,
  'ConsumerGroupPartitionMetadata',
  consumerGroupPartitionMetadataKey,
  consumerGroupPartitionMetadataValue,
)

export type ConsumerGroupPartitionMetadataKey = Decoded<typeof consumerGroupPartitionMetadataKey>
export type ConsumerGroupPartitionMetadataKeyInput = Input<typeof consumerGroupPartitionMetadataKey>
export type ConsumerGroupPartitionMetadataValue = Decoded<typeof consumerGroupPartitionMetadataValue>
export type ConsumerGroupPartitionMetadataValueInput = Input<typeof consumerGroupPartitionMetadataValue>
