import { type Decoded, type Input, int32, message, millis, string } from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

export const consumerGroupTargetAssignmentMetadataKey = message(
  'ConsumerGroupTargetAssignmentMetadataKey',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
  },
)

export const consumerGroupTargetAssignmentMetadataValue = message(
  'ConsumerGroupTargetAssignmentMetadataValue',
  { versions: '0', flexible: '0+' },
  {
    assignmentEpoch: int32(),
    assignmentTimestamp: millis({ default: 0, tag: 0, ignorable: true }),
  },
)

export interface ConsumerGroupTargetAssignmentMetadataKey extends Decoded<
  typeof consumerGroupTargetAssignmentMetadataKey
> {}
export interface ConsumerGroupTargetAssignmentMetadataKeyInput extends Input<
  typeof consumerGroupTargetAssignmentMetadataKey
> {}
export interface ConsumerGroupTargetAssignmentMetadataValue extends Decoded<
  typeof consumerGroupTargetAssignmentMetadataValue
> {}
export interface ConsumerGroupTargetAssignmentMetadataValueInput extends Input<
  typeof consumerGroupTargetAssignmentMetadataValue
> {}

export const consumerGroupTargetAssignmentMetadataRecord: CoordinatorRecord<
  ConsumerGroupTargetAssignmentMetadataKey,
  ConsumerGroupTargetAssignmentMetadataValue,
  ConsumerGroupTargetAssignmentMetadataKeyInput,
  ConsumerGroupTargetAssignmentMetadataValueInput
> = coordinatorRecord(
  6,
  'ConsumerGroupTargetAssignmentMetadata',
  consumerGroupTargetAssignmentMetadataKey,
  consumerGroupTargetAssignmentMetadataValue,
)
