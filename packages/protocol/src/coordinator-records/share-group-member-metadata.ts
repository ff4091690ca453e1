import { type Decoded, type Input, array, message, string } from '../schema/index.ts'
import { coordinatorRecord } from './coordinator-record.ts'

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

export const shareGroupMemberMetadataRecord = coordinatorRecord(
  10,
  'ShareGroupMemberMetadata',
  shareGroupMemberMetadataKey,
  shareGroupMemberMetadataValue,
)

export type ShareGroupMemberMetadataKey = Decoded<typeof shareGroupMemberMetadataKey>
export type ShareGroupMemberMetadataKeyInput = Input<typeof shareGroupMemberMetadataKey>
export type ShareGroupMemberMetadataValue = Decoded<typeof shareGroupMemberMetadataValue>
export type ShareGroupMemberMetadataValueInput = Input<typeof shareGroupMemberMetadataValue>
