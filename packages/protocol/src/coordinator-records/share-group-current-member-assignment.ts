import { type Decoded, type Input, array, int32, int8, message, string, uuid } from '../schema/index.ts'
import { coordinatorRecord } from './coordinator-record.ts'

export const shareGroupCurrentMemberAssignmentKey = message(
  'ShareGroupCurrentMemberAssignmentKey',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
    memberId: string(),
  },
)

const topicPartitions = {
  topicId: uuid(),
  partitions: array(int32()),
}

export const shareGroupCurrentMemberAssignmentValue = message(
  'ShareGroupCurrentMemberAssignmentValue',
  { versions: '0', flexible: '0+' },
  {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    state: int8(),
    assignedPartitions: array(topicPartitions),
  },
)

export const shareGroupCurrentMemberAssignmentRecord = coordinatorRecord(
  14,
  'ShareGroupCurrentMemberAssignment',
  shareGroupCurrentMemberAssignmentKey,
  shareGroupCurrentMemberAssignmentValue,
)

export type ShareGroupCurrentMemberAssignmentKey = Decoded<typeof shareGroupCurrentMemberAssignmentKey>
export type ShareGroupCurrentMemberAssignmentKeyInput = Input<typeof shareGroupCurrentMemberAssignmentKey>
export type ShareGroupCurrentMemberAssignmentValue = Decoded<typeof shareGroupCurrentMemberAssignmentValue>
export type ShareGroupCurrentMemberAssignmentValueInput = Input<typeof shareGroupCurrentMemberAssignmentValue>
