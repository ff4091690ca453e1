import { type Decoded, type Input, array, int32, message, string, struct, uint16 } from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

export const streamsGroupMemberMetadataKey = message(
  'StreamsGroupMemberMetadataKey',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
    memberId: string(),
  },
)

const endpoint = {
  host: string(),
  port: uint16(),
}

const keyValue = {
  key: string(),
  value: string(),
}

export const streamsGroupMemberMetadataValue = message(
  'StreamsGroupMemberMetadataValue',
  { versions: '0', flexible: '0+' },
  {
    instanceId: string({ nullable: '0+' }),
    rackId: string({ nullable: '0+' }),
    clientId: string(),
    clientHost: string(),
    rebalanceTimeoutMs: int32({ default: -1 }),
    topologyEpoch: int32(),
    processId: string(),
    userEndpoint: struct(endpoint, { nullable: '0+', default: null }),
    clientTags: array(keyValue),
  },
)

export interface StreamsGroupMemberMetadataKey extends Decoded<typeof streamsGroupMemberMetadataKey> {}
export interface StreamsGroupMemberMetadataKeyInput extends Input<typeof streamsGroupMemberMetadataKey> {}
export interface StreamsGroupMemberMetadataValue extends Decoded<typeof streamsGroupMemberMetadataValue> {}
export interface StreamsGroupMemberMetadataValueInput extends Input<typeof streamsGroupMemberMetadataValue> {}

export const streamsGroupMemberMetadataRecord: CoordinatorRecord<
  StreamsGroupMemberMetadataKey,
  StreamsGroupMemberMetadataValue,
  StreamsGroupMemberMetadataKeyInput,
  StreamsGroupMemberMetadataValueInput
> = coordinatorRecord(19, 'StreamsGroupMemberMetadata', streamsGroupMemberMetadataKey, streamsGroupMemberMetadataValue)
