import { type Decoded, type Input, array, int32, int8, message, string, uuid } from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

export const consumerGroupCurrentMemberAssignmentKey = message(
  'ConsumerGroupCurrentMemberAssignmentKey',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
    memberId: string(),
  },
)

const topicPartitions = {
  topicId: uuid(),
  partitions: array(int32()),
  assignmentEpochs: array(int32(), { nullable: '0+', tag: 0 }),
}

export const consumerGroupCurrentMemberAssignmentValue = message(
  'ConsumerGroupCurrentMemberAssignmentValue',
  { versions: '0', flexible: '0+' },
  {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    state: int8(),
    assignedPartitions: array(topicPartitions),
    partitionsPendingRevocation: array(topicPartitions),
  },
)

export interface ConsumerGroupCurrentMemberAssignmentKey extends Decoded<
  typeof consumerGroupCurrentMemberAssignmentKey
> {}
export interface ConsumerGroupCurrentMemberAssignmentKeyInput extends Input<
  typeof consumerGroupCurrentMemberAssignmentKey
> {}
export interface ConsumerGroupCurrentMemberAssignmentValue extends Decoded<
  typeof consumerGroupCurrentMemberAssignmentValue
> {}
export interface ConsumerGroupCurrentMemberAssignmentValueInput extends Input<
  typeof consumerGroupCurrentMemberAssignmentValue
> {}

export const consumerGroupCurrentMemberAssignmentRecord: CoordinatorRecord<
  ConsumerGroupCurrentMemberAssignmentKey,
  ConsumerGroupCurrentMemberAssignmentValue,
  ConsumerGroupCurrentMemberAssignmentKeyInput,
  ConsumerGroupCurrentMemberAssignmentValueInput
> = coordinatorRecord(
  8,
  'ConsumerGroupCurrentMemberAssignment',
  consumerGroupCurrentMemberAssignmentKey,
  consumerGroupCurrentMemberAssignmentValue,
)
