import { type Decoded, type Input, array, bytes, int32, message, string, struct } from '../schema/index.ts'
import { coordinatorRecord } from './coordinator-record.ts'

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

export const consumerGroupMemberMetadataRecord = coordinatorRecord(
  5,
  'ConsumerGroupMemberMetadata',
  consumerGroupMemberMetadataKey,
  consumerGroupMemberMetadataValue,
)

export type ConsumerGroupMemberMetadataKey = Decoded<typeof consumerGroupMemberMetadataKey>
export type ConsumerGroupMemberMetadataKeyInput = Input<typeof consumerGroupMemberMetadataKey>
export type ConsumerGroupMemberMetadataValue = Decoded<typeof consumerGroupMemberMetadataValue>
export type ConsumerGroupMemberMetadataValueInput = Input<typeof consumerGroupMemberMetadataValue>
