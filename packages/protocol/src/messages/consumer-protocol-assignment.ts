import { type Decoded, type Input, array, bytes, int32, message, string } from '../schema/index.ts'

export const consumerProtocolAssignment = message(
  'ConsumerProtocolAssignment',
  { versions: '0-3', flexible: 'none' },
  {
    assignedPartitions: array({
      topic: string(),
      partitions: array(int32()),
    }),
    userData: bytes({ nullable: '0+', default: null }),
  },
)

export interface ConsumerProtocolAssignment extends Decoded<typeof consumerProtocolAssignment> {}
export interface ConsumerProtocolAssignmentInput extends Input<typeof consumerProtocolAssignment> {}
