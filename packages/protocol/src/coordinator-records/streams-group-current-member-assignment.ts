import { type Decoded, type Input, array, int32, int8, message, string } from '../schema/index.ts'
import { coordinatorRecord } from './coordinator-record.ts'

export const streamsGroupCurrentMemberAssignmentKey = message(
  'StreamsGroupCurrentMemberAssignmentKey',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
    memberId: string(),
  },
)

const taskIds = {
  subtopologyId: string(),
  partitions: array(int32()),
  assignmentEpochs: array(int32(), { nullable: '0+', tag: 0 }),
}

export const streamsGroupCurrentMemberAssignmentValue = message(
  'StreamsGroupCurrentMemberAssignmentValue',
  { versions: '0', flexible: '0+' },
  {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    state: int8(),
    activeTasks: array(taskIds),
    standbyTasks: array(taskIds),
    warmupTasks: array(taskIds),
    activeTasksPendingRevocation: array(taskIds),
    standbyTasksPendingRevocation: array(taskIds),
    warmupTasksPendingRevocation: array(taskIds),
  },
)

export const streamsGroupCurrentMemberAssignmentRecord = coordinatorRecord(
  22,
  'StreamsGroupCurrentMemberAssignment',
  streamsGroupCurrentMemberAssignmentKey,
  streamsGroupCurrentMemberAssignmentValue,
)

export type StreamsGroupCurrentMemberAssignmentKey = Decoded<typeof streamsGroupCurrentMemberAssignmentKey>
export type StreamsGroupCurrentMemberAssignmentKeyInput = Input<typeof streamsGroupCurrentMemberAssignmentKey>
export type StreamsGroupCurrentMemberAssignmentValue = Decoded<typeof streamsGroupCurrentMemberAssignmentValue>
export type StreamsGroupCurrentMemberAssignmentValueInput = Input<typeof streamsGroupCurrentMemberAssignmentValue>
