import { type Decoded, type Input, array, bytes, int32, message, string } from '../schema/index.ts'

export const consumerProtocolSubscription = message(
  'ConsumerProtocolSubscription',
  { versions: '0-3', flexible: 'none' },
  {
    topics: array(string()),
    userData: bytes({ nullable: '0+', default: null }),
    ownedPartitions: array(
      {
        topic: string(),
        partitions: array(int32()),
      },
      { versions: '1+', ignorable: true },
    ),
    generationId: int32({ versions: '2+', default: -1, ignorable: true }),
    rackId: string({ versions: '3+', nullable: '3+', default: null, ignorable: true }),
  },
)

export interface ConsumerProtocolSubscription extends Decoded<typeof consumerProtocolSubscription> {}
export interface ConsumerProtocolSubscriptionInput extends Input<typeof consumerProtocolSubscription> {}
