import { type Decoded, type Input, int32, message, millis, string } from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

export const shareGroupTargetAssignmentMetadataKey = message(
  'ShareGroupTargetAssignmentMetadataKey',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
  },
)

export const shareGroupTargetAssignmentMetadataValue = message(
  'ShareGroupTargetAssignmentMetadataValue',
  { versions: '0', flexible: '0+' },
  {
    assignmentEpoch: int32(),
    assignmentTimestamp: millis({ default: 0, tag: 0, ignorable: true }),
  },
)

export interface ShareGroupTargetAssignmentMetadataKey extends Decoded<typeof shareGroupTargetAssignmentMetadataKey> {}
export interface ShareGroupTargetAssignmentMetadataKeyInput extends Input<
  typeof shareGroupTargetAssignmentMetadataKey
> {}
export interface ShareGroupTargetAssignmentMetadataValue extends Decoded<
  typeof shareGroupTargetAssignmentMetadataValue
> {}
export interface ShareGroupTargetAssignmentMetadataValueInput extends Input<
  typeof shareGroupTargetAssignmentMetadataValue
> {}

export const shareGroupTargetAssignmentMetadataRecord: CoordinatorRecord<
  ShareGroupTargetAssignmentMetadataKey,
  ShareGroupTargetAssignmentMetadataValue,
  ShareGroupTargetAssignmentMetadataKeyInput,
  ShareGroupTargetAssignmentMetadataValueInput
> = coordinatorRecord(
  12,
  'ShareGroupTargetAssignmentMetadata',
  shareGroupTargetAssignmentMetadataKey,
  shareGroupTargetAssignmentMetadataValue,
)
