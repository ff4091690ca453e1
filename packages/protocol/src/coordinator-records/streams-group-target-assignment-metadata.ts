import { type Decoded, type Input, int32, message, millis, string } from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

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

export interface StreamsGroupTargetAssignmentMetadataKey extends Decoded<
  typeof streamsGroupTargetAssignmentMetadataKey
> {}
export interface StreamsGroupTargetAssignmentMetadataKeyInput extends Input<
  typeof streamsGroupTargetAssignmentMetadataKey
> {}
export interface StreamsGroupTargetAssignmentMetadataValue extends Decoded<
  typeof streamsGroupTargetAssignmentMetadataValue
> {}
export interface StreamsGroupTargetAssignmentMetadataValueInput extends Input<
  typeof streamsGroupTargetAssignmentMetadataValue
> {}

export const streamsGroupTargetAssignmentMetadataRecord: CoordinatorRecord<
  StreamsGroupTargetAssignmentMetadataKey,
  StreamsGroupTargetAssignmentMetadataValue,
  StreamsGroupTargetAssignmentMetadataKeyInput,
  StreamsGroupTargetAssignmentMetadataValueInput
> = coordinatorRecord(
  20,
  'StreamsGroupTargetAssignmentMetadata',
  streamsGroupTargetAssignmentMetadataKey,
  streamsGroupTargetAssignmentMetadataValue,
)
