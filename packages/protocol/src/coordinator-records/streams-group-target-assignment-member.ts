import { type Decoded, type Input, array, int32, message, string } from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

export const streamsGroupTargetAssignmentMemberKey = message(
  'StreamsGroupTargetAssignmentMemberKey',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
    memberId: string(),
  },
)

const taskIds = {
  subtopologyId: string(),
  partitions: array(int32()),
}

export const streamsGroupTargetAssignmentMemberValue = message(
  'StreamsGroupTargetAssignmentMemberValue',
  { versions: '0', flexible: '0+' },
  {
    activeTasks: array(taskIds),
    standbyTasks: array(taskIds),
    warmupTasks: array(taskIds),
  },
)

export interface StreamsGroupTargetAssignmentMemberKey extends Decoded<typeof streamsGroupTargetAssignmentMemberKey> {}
export interface StreamsGroupTargetAssignmentMemberKeyInput extends Input<
  typeof streamsGroupTargetAssignmentMemberKey
> {}
export interface StreamsGroupTargetAssignmentMemberValue extends Decoded<
  typeof streamsGroupTargetAssignmentMemberValue
> {}
export interface StreamsGroupTargetAssignmentMemberValueInput extends Input<
  typeof streamsGroupTargetAssignmentMemberValue
> {}

export const streamsGroupTargetAssignmentMemberRecord: CoordinatorRecord<
  StreamsGroupTargetAssignmentMemberKey,
  StreamsGroupTargetAssignmentMemberValue,
  StreamsGroupTargetAssignmentMemberKeyInput,
  StreamsGroupTargetAssignmentMemberValueInput
> = coordinatorRecord(
  21,
  'StreamsGroupTargetAssignmentMember',
  streamsGroupTargetAssignmentMemberKey,
  streamsGroupTargetAssignmentMemberValue,
)
