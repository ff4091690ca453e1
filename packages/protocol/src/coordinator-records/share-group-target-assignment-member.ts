import { type Decoded, type Input, array, int32, message, string, uuid } from '../schema/index.ts'
import { coordinatorRecord } from './coordinator-record.ts'

export const shareGroupTargetAssignmentMemberKey = message(
  'ShareGroupTargetAssignmentMemberKey',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
    memberId: string(),
  },
)

export const shareGroupTargetAssignmentMemberValue = message(
  'ShareGroupTargetAssignmentMemberValue',
  { versions: '0', flexible: '0+' },
  {
    topicPartitions: array({
      topicId: uuid(),
      partitions: array(int32()),
    }),
  },
)

export const shareGroupTargetAssignmentMemberRecord = coordinatorRecord(
  13,
  'ShareGroupTargetAssignmentMember',
  shareGroupTargetAssignmentMemberKey,
  shareGroupTargetAssignmentMemberValue,
)

export type ShareGroupTargetAssignmentMemberKey = Decoded<typeof shareGroupTargetAssignmentMemberKey>
export type ShareGroupTargetAssignmentMemberKeyInput = Input<typeof shareGroupTargetAssignmentMemberKey>
export type ShareGroupTargetAssignmentMemberValue = Decoded<typeof shareGroupTargetAssignmentMemberValue>
export type ShareGroupTargetAssignmentMemberValueInput = Input<typeof shareGroupTargetAssignmentMemberValue>
