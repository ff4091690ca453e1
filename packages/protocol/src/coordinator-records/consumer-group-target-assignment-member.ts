import { type Decoded, type Input, array, int32, message, string, uuid } from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

export const consumerGroupTargetAssignmentMemberKey = message(
  'ConsumerGroupTargetAssignmentMemberKey',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
    memberId: string(),
  },
)

export const consumerGroupTargetAssignmentMemberValue = message(
  'ConsumerGroupTargetAssignmentMemberValue',
  { versions: '0', flexible: '0+' },
  {
    topicPartitions: array({
      topicId: uuid(),
      partitions: array(int32()),
    }),
  },
)

export interface ConsumerGroupTargetAssignmentMemberKey extends Decoded<
  typeof consumerGroupTargetAssignmentMemberKey
> {}
export interface ConsumerGroupTargetAssignmentMemberKeyInput extends Input<
  typeof consumerGroupTargetAssignmentMemberKey
> {}
export interface ConsumerGroupTargetAssignmentMemberValue extends Decoded<
  typeof consumerGroupTargetAssignmentMemberValue
> {}
export interface ConsumerGroupTargetAssignmentMemberValueInput extends Input<
  typeof consumerGroupTargetAssignmentMemberValue
> {}

export const consumerGroupTargetAssignmentMemberRecord: CoordinatorRecord<
  ConsumerGroupTargetAssignmentMemberKey,
  ConsumerGroupTargetAssignmentMemberValue,
  ConsumerGroupTargetAssignmentMemberKeyInput,
  ConsumerGroupTargetAssignmentMemberValueInput
> = coordinatorRecord(
  7,
  'ConsumerGroupTargetAssignmentMember',
  consumerGroupTargetAssignmentMemberKey,
  consumerGroupTargetAssignmentMemberValue,
)
