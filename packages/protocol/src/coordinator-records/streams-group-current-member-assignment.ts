import { type Decoded, type Input, array, int32, int8, message, string } from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

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

export interface StreamsGroupCurrentMemberAssignmentKey extends Decoded<
  typeof streamsGroupCurrentMemberAssignmentKey
> {}
export interface StreamsGroupCurrentMemberAssignmentKeyInput extends Input<
  typeof streamsGroupCurrentMemberAssignmentKey
> {}
export interface StreamsGroupCurrentMemberAssignmentValue extends Decoded<
  typeof streamsGroupCurrentMemberAssignmentValue
> {}
export interface StreamsGroupCurrentMemberAssignmentValueInput extends Input<
  typeof streamsGroupCurrentMemberAssignmentValue
> {}

export const streamsGroupCurrentMemberAssignmentRecord: CoordinatorRecord<
  StreamsGroupCurrentMemberAssignmentKey,
  StreamsGroupCurrentMemberAssignmentValue,
  StreamsGroupCurrentMemberAssignmentKeyInput,
  StreamsGroupCurrentMemberAssignmentValueInput
> = coordinatorRecord(
  22,
  'StreamsGroupCurrentMemberAssignment',
  streamsGroupCurrentMemberAssignmentKey,
  streamsGroupCurrentMemberAssignmentValue,
)
