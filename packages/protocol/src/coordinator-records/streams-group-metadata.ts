import { type Decoded, type Input, array, hash64, int32, message, string } from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

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

export interface StreamsGroupMetadataKey extends Decoded<typeof streamsGroupMetadataKey> {}
export interface StreamsGroupMetadataKeyInput extends Input<typeof streamsGroupMetadataKey> {}
export interface StreamsGroupMetadataValue extends Decoded<typeof streamsGroupMetadataValue> {}
export interface StreamsGroupMetadataValueInput extends Input<typeof streamsGroupMetadataValue> {}

export const streamsGroupMetadataRecord: CoordinatorRecord<
  StreamsGroupMetadataKey,
  StreamsGroupMetadataValue,
  StreamsGroupMetadataKeyInput,
  StreamsGroupMetadataValueInput
> = coordinatorRecord(17, 'StreamsGroupMetadata', streamsGroupMetadataKey, streamsGroupMetadataValue)
