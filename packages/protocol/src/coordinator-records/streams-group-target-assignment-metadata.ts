import { type Decoded, type Input, int32, message, millis, string } from '../schema/index.ts'
import { coordinatorRecord } from './coordinator-record.ts'

export const streamsGroupTargetAssignmentMetadataKey = message(
  'StreamsGroupTargetAssignmentMetadataKey',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
  },
)

export const streamsGroupTargetAssignmentMetadataValue = message(
  'StreamsGroupTargetAssignmentMetadataValue',
  { versions: '0', flexible: '0+' },
  {
    assignmentEpoch: int32(),
    assignmentTimestamp: millis({ default: 0, tag: 0, ignorable: true }),
  },
)

export const streamsGroupTargetAssignmentMetadataRecord = coordinatorRecord(
  20,
  'StreamsGroupTargetAssignmentMetadata',
  streamsGroupTargetAssignmentMetadataKey,
  streamsGroupTargetAssignmentMetadataValue,
)

export type StreamsGroupTargetAssignmentMetadataKey = Decoded<typeof streamsGroupTargetAssignmentMetadataKey>
export type StreamsGroupTargetAssignmentMetadataKeyInput = Input<typeof streamsGroupTargetAssignmentMetadataKey>
export type StreamsGroupTargetAssignmentMetadataValue = Decoded<typeof streamsGroupTargetAssignmentMetadataValue>
export type StreamsGroupTargetAssignmentMetadataValueInput = Input<typeof streamsGroupTargetAssignmentMetadataValue>
