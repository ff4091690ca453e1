import { type Decoded, type Input, array, int32, message, string, uuid } from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

export const shareGroupStatePartitionMetadataKey = message(
  'ShareGroupStatePartitionMetadataKey',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
  },
)

const topicPartitionsInfo = {
  topicId: uuid(),
  topicName: string(),
  partitions: array(int32()),
}

const topicInfo = {
  topicId: uuid(),
  topicName: string(),
}

export const shareGroupStatePartitionMetadataValue = message(
  'ShareGroupStatePartitionMetadataValue',
  { versions: '0', flexible: '0+' },
  {
    initializingTopics: array(topicPartitionsInfo),
    initializedTopics: array(topicPartitionsInfo),
    deletingTopics: array(topicInfo),
  },
)

export interface ShareGroupStatePartitionMetadataKey extends Decoded<typeof shareGroupStatePartitionMetadataKey> {}
export interface ShareGroupStatePartitionMetadataKeyInput extends Input<typeof shareGroupStatePartitionMetadataKey> {}
export interface ShareGroupStatePartitionMetadataValue extends Decoded<typeof shareGroupStatePartitionMetadataValue> {}
export interface ShareGroupStatePartitionMetadataValueInput extends Input<
  typeof shareGroupStatePartitionMetadataValue
> {}

export const shareGroupStatePartitionMetadataRecord: CoordinatorRecord<
  ShareGroupStatePartitionMetadataKey,
  ShareGroupStatePartitionMetadataValue,
  ShareGroupStatePartitionMetadataKeyInput,
  ShareGroupStatePartitionMetadataValueInput
> = coordinatorRecord(
  15,
  'ShareGroupStatePartitionMetadata',
  shareGroupStatePartitionMetadataKey,
  shareGroupStatePartitionMetadataValue,
)
