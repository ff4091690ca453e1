import { type Decoded, type Input, array, int32, message, string, uuid } from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

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

export interface ShareGroupTargetAssignmentMemberKey extends Decoded<typeof shareGroupTargetAssignmentMemberKey> {}
export interface ShareGroupTargetAssignmentMemberKeyInput extends Input<typeof shareGroupTargetAssignmentMemberKey> {}
export interface ShareGroupTargetAssignmentMemberValue extends Decoded<typeof shareGroupTargetAssignmentMemberValue> {}
export interface ShareGroupTargetAssignmentMemberValueInput extends Input<
  typeof shareGroupTargetAssignmentMemberValue
> {}

export const shareGroupTargetAssignmentMemberRecord: CoordinatorRecord<
  ShareGroupTargetAssignmentMemberKey,
  ShareGroupTargetAssignmentMemberValue,
  ShareGroupTargetAssignmentMemberKeyInput,
  ShareGroupTargetAssignmentMemberValueInput
> = coordinatorRecord(
  13,
  'ShareGroupTargetAssignmentMember',
  shareGroupTargetAssignmentMemberKey,
  shareGroupTargetAssignmentMemberValue,
)
