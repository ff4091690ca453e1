import { type Decoded, type Input, array, message, string } from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

export const shareGroupMemberMetadataKey = message(
  'ShareGroupMemberMetadataKey',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
    memberId: string(),
  },
)

export const shareGroupMemberMetadataValue = message(
  'ShareGroupMemberMetadataValue',
  { versions: '0', flexible: '0+' },
  {
    rackId: string({ nullable: '0+' }),
    clientId: string(),
    clientHost: string(),
    subscribedTopicNames: array(string()),
  },
)

export interface ShareGroupMemberMetadataKey extends Decoded<typeof shareGroupMemberMetadataKey> {}
export interface ShareGroupMemberMetadataKeyInput extends Input<typeof shareGroupMemberMetadataKey> {}
export interface ShareGroupMemberMetadataValue extends Decoded<typeof shareGroupMemberMetadataValue> {}
export interface ShareGroupMemberMetadataValueInput extends Input<typeof shareGroupMemberMetadataValue> {}

export const shareGroupMemberMetadataRecord: CoordinatorRecord<
  ShareGroupMemberMetadataKey,
  ShareGroupMemberMetadataValue,
  ShareGroupMemberMetadataKeyInput,
  ShareGroupMemberMetadataValueInput
> = coordinatorRecord(10, 'ShareGroupMemberMetadata', shareGroupMemberMetadataKey, shareGroupMemberMetadataValue)
