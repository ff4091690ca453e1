import { type Decoded, type Input, array, int32, int8, message, string, uuid } from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

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

export interface ShareGroupCurrentMemberAssignmentKey extends Decoded<typeof shareGroupCurrentMemberAssignmentKey> {}
export interface ShareGroupCurrentMemberAssignmentKeyInput extends Input<typeof shareGroupCurrentMemberAssignmentKey> {}
export interface ShareGroupCurrentMemberAssignmentValue extends Decoded<
  typeof shareGroupCurrentMemberAssignmentValue
> {}
export interface ShareGroupCurrentMemberAssignmentValueInput extends Input<
  typeof shareGroupCurrentMemberAssignmentValue
> {}

export const shareGroupCurrentMemberAssignmentRecord: CoordinatorRecord<
  ShareGroupCurrentMemberAssignmentKey,
  ShareGroupCurrentMemberAssignmentValue,
  ShareGroupCurrentMemberAssignmentKeyInput,
  ShareGroupCurrentMemberAssignmentValueInput
> = coordinatorRecord(
  14,
  'ShareGroupCurrentMemberAssignment',
  shareGroupCurrentMemberAssignmentKey,
  shareGroupCurrentMemberAssignmentValue,
)
