import { type Decoded, type Input, array, int32, message, string } from '../schema/index.ts'
import { coordinatorRecord } from './coordinator-record.ts'

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

export const streamsGroupTargetAssignmentMemberRecord = coordinatorRecord(
  21,
  'StreamsGroupTargetAssignmentMember',
  streamsGroupTargetAssignmentMemberKey,
  streamsGroupTargetAssignmentMemberValue,
)

export type StreamsGroupTargetAssignmentMemberKey = Decoded<typeof streamsGroupTargetAssignmentMemberKey>
export type StreamsGroupTargetAssignmentMemberKeyInput = Input<typeof streamsGroupTargetAssignmentMemberKey>
export type StreamsGroupTargetAssignmentMemberValue = Decoded<typeof streamsGroupTargetAssignmentMemberValue>
export type StreamsGroupTargetAssignmentMemberValueInput = Input<typeof streamsGroupTargetAssignmentMemberValue>
