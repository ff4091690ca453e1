import { type Decoded, type Input, array, int32, message, string, uuid } from '../schema/index.ts'
import { coordinatorRecord } from './coordinator-record.ts'

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

export const shareGroupStatePartitionMetadataRecord = coordinatorRecord(
  15,
  'ShareGroupStatePartitionMetadata',
  shareGroupStatePartitionMetadataKey,
  shareGroupStatePartitionMetadataValue,
)

export type ShareGroupStatePartitionMetadataKey = Decoded<typeof shareGroupStatePartitionMetadataKey>
export type ShareGroupStatePartitionMetadataKeyInput = Input<typeof shareGroupStatePartitionMetadataKey>
export type ShareGroupStatePartitionMetadataValue = Decoded<typeof shareGroupStatePartitionMetadataValue>
export type ShareGroupStatePartitionMetadataValueInput = Input<typeof shareGroupStatePartitionMetadataValue>
