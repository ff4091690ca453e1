import { type Decoded, type Input, array, hash64, int32, message, string } from '../schema/index.ts'
import { coordinatorRecord } from './coordinator-record.ts'

export const streamsGroupMetadataKey = message(
  'StreamsGroupMetadataKey',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
  },
)

const lastAssignmentConfig = {
  key: string(),
  value: string(),
}

export const streamsGroupMetadataValue = message(
  'StreamsGroupMetadataValue',
  { versions: '0', flexible: '0+' },
  {
    epoch: int32(),
    metadataHash: hash64(),
    validatedTopologyEpoch: int32({ default: -1, tag: 0 }),
    lastAssignmentConfigs: array(lastAssignmentConfig, { nullable: '0+', tag: 1 }),
  },
)

export const streamsGroupMetadataRecord = coordinatorRecord(
  17,
  'StreamsGroupMetadata',
  streamsGroupMetadataKey,
  streamsGroupMetadataValue,
)

export type StreamsGroupMetadataKey = Decoded<typeof streamsGroupMetadataKey>
export type StreamsGroupMetadataKeyInput = Input<typeof streamsGroupMetadataKey>
export type StreamsGroupMetadataValue = Decoded<typeof streamsGroupMetadataValue>
export type StreamsGroupMetadataValueInput = Input<typeof streamsGroupMetadataValue>
