import { type Decoded, type Input, int32, message, millis, string } from '../schema/index.ts'
import { coordinatorRecord } from './coordinator-record.ts'

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

export const shareGroupTargetAssignmentMetadataRecord = coordinatorRecord(
  12,
  'ShareGroupTargetAssignmentMetadata',
  shareGroupTargetAssignmentMetadataKey,
  shareGroupTargetAssignmentMetadataValue,
)

export type ShareGroupTargetAssignmentMetadataKey = Decoded<typeof shareGroupTargetAssignmentMetadataKey>
export type ShareGroupTargetAssignmentMetadataKeyInput = Input<typeof shareGroupTargetAssignmentMetadataKey>
export type ShareGroupTargetAssignmentMetadataValue = Decoded<typeof shareGroupTargetAssignmentMetadataValue>
export type ShareGroupTargetAssignmentMetadataValueInput = Input<typeof shareGroupTargetAssignmentMetadataValue>
