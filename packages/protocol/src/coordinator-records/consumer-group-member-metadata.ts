import { type Decoded, type Input, array, bytes, int32, message, string, struct } from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

export const consumerGroupMemberMetadataKey = message(
  'ConsumerGroupMemberMetadataKey',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
    memberId: string(),
  },
)

export const consumerGroupMemberMetadataValue = message(
  'ConsumerGroupMemberMetadataValue',
  { versions: '0', flexible: '0+' },
  {
    instanceId: string({ nullable: '0+' }),
    rackId: string({ nullable: '0+' }),
    clientId: string(),
    clientHost: string(),
    subscribedTopicNames: array(string()),
    subscribedTopicRegex: string({ nullable: '0+' }),
    rebalanceTimeoutMs: int32({ default: -1 }),
    serverAssignor: string({ nullable: '0+' }),
    classicMemberMetadata: struct(
      {
        sessionTimeoutMs: int32(),
        supportedProtocols: array({
          name: string(),
          metadata: bytes(),
        }),
      },
      { nullable: '0+', tag: 0 },
    ),
  },
)

export interface ConsumerGroupMemberMetadataKey extends Decoded<typeof consumerGroupMemberMetadataKey> {}
export interface ConsumerGroupMemberMetadataKeyInput extends Input<typeof consumerGroupMemberMetadataKey> {}
export interface ConsumerGroupMemberMetadataValue extends Decoded<typeof consumerGroupMemberMetadataValue> {}
export interface ConsumerGroupMemberMetadataValueInput extends Input<typeof consumerGroupMemberMetadataValue> {}

export const consumerGroupMemberMetadataRecord: CoordinatorRecord<
  ConsumerGroupMemberMetadataKey,
  ConsumerGroupMemberMetadataValue,
  ConsumerGroupMemberMetadataKeyInput,
  ConsumerGroupMemberMetadataValueInput
> = coordinatorRecord(
  5,
  'ConsumerGroupMemberMetadata',
  consumerGroupMemberMetadataKey,
  consumerGroupMemberMetadataValue,
)
