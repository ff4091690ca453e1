import { type Decoded, type Input, array, int16, int32, message, string } from '../schema/index.ts'
import { type CoordinatorRecord, coordinatorRecord } from './coordinator-record.ts'

export const streamsGroupTopologyKey = message(
  'StreamsGroupTopologyKey',
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
  },
)

const topicConfig = {
  key: string(),
  value: string(),
}

const topicInfo = {
  name: string(),
  partitions: int32(),
  replicationFactor: int16(),
  topicConfigs: array(topicConfig),
}

export const streamsGroupTopologyValue = message(
  'StreamsGroupTopologyValue',
  { versions: '0', flexible: '0+' },
  {
    epoch: int32(),
    subtopologies: array({
      subtopologyId: string(),
      sourceTopics: array(string()),
      sourceTopicRegex: array(string()),
      stateChangelogTopics: array(topicInfo),
      repartitionSinkTopics: array(string()),
      repartitionSourceTopics: array(topicInfo),
      copartitionGroups: array({
        sourceTopics: array(int16()),
        sourceTopicRegex: array(int16()),
        repartitionSourceTopics: array(int16()),
      }),
    }),
  },
)

export interface StreamsGroupTopologyKey extends Decoded<typeof streamsGroupTopologyKey> {}
export interface StreamsGroupTopologyKeyInput extends Input<typeof streamsGroupTopologyKey> {}
export interface StreamsGroupTopologyValue extends Decoded<typeof streamsGroupTopologyValue> {}
export interface StreamsGroupTopologyValueInput extends Input<typeof streamsGroupTopologyValue> {}

export const streamsGroupTopologyRecord: CoordinatorRecord<
  StreamsGroupTopologyKey,
  StreamsGroupTopologyValue,
  StreamsGroupTopologyKeyInput,
  StreamsGroupTopologyValueInput
> = coordinatorRecord(23, 'StreamsGroupTopology', streamsGroupTopologyKey, streamsGroupTopologyValue)
