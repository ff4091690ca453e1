import { type Decoded, type Input, array, int32, message, string, struct, uint16 } from '../schema/index.ts'
import { coordinatorRecord } from './coordinator-record.ts'

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

export const streamsGroupMemberMetadataRecord = coordinatorRecord(
  19,
  'StreamsGroupMemberMetadata',
  streamsGroupMemberMetadataKey,
  streamsGroupMemberMetadataValue,
)

export type StreamsGroupMemberMetadataKey = Decoded<typeof streamsGroupMemberMetadataKey>
export type StreamsGroupMemberMetadataKeyInput = Input<typeof streamsGroupMemberMetadataKey>
export type StreamsGroupMemberMetadataValue = Decoded<typeof streamsGroupMemberMetadataValue>
export type StreamsGroupMemberMetadataValueInput = Input<typeof streamsGroupMemberMetadataValue>
