import type { ConfigResource, ConfigResourceType, ControllerRules, Fault, MetadataImage } from '@millrace/machines'
import { configsOf } from '@millrace/machines'
import {
  brokerDefinitions,
  clientMetricsDefinitions,
  groupDefinitions,
  topicDefinitions,
} from '../config/definitions.ts'
import { describeTopic } from '../config/describe.ts'
import type { BrokerSettings } from '../config/settings.ts'
import { topicConfig } from '../config/topic-config.ts'
import {
  brokerProblem,
  cleanerThreadsProblem,
  clientMetricsProblem,
  cordonedDirectoriesProblem,
  groupProblem,
  topicProblem,
} from '../config/validate.ts'

const everything = { names: null, synonyms: false, documentation: false } as const

const definitionsOf = {
  topic: topicDefinitions,
  broker: brokerDefinitions,
  group: groupDefinitions,
  'client-metrics': clientMetricsDefinitions,
} as const

/** What the controller asks of the settings: which there are, which values are good, and what holds by default. */
export const controllerRules = (settings: BrokerSettings): ControllerRules => ({
  get defaultPartitions() {
    return settings.number('num.partitions')
  },
  get defaultReplicationFactor() {
    return settings.number('default.replication.factor')
  },
  validateConfigs: (resource, configs) => validate(resource, configs, settings),
  listDefault: (type, name) => listDefault(type, name),
  // What was just set is told as it was written; DescribeConfigs tells what became of it.
  describeTopic: (configs) =>
    describeTopic(configs, settings, everything).map((entry) => ({
      ...entry,
      value: configs.get(entry.name) ?? entry.value,
    })),
  uncleanElection: (image, topic) => uncleanElection(image, topic, settings),
})

function validate(
  resource: ConfigResource,
  configs: ReadonlyMap<string, string>,
  settings: BrokerSettings,
): Fault | null {
  switch (resource.type) {
    case 'topic':
      return topicProblem(configs, settings)
    case 'broker':
      return brokerProblem(configs, resource.name !== '') ?? ownProblem(resource, configs, settings)
    case 'group':
      return groupProblem(configs, settings)
    case 'client-metrics':
    default:
      return clientMetricsProblem(configs)
  }
}

function ownProblem(
  { name }: ConfigResource,
  configs: ReadonlyMap<string, string>,
  settings: BrokerSettings,
): Fault | null {
  const threads = cleanerThreadsProblem(configs, settings)
  // Which directories another broker has isn't known here.
  if (threads !== null || name !== String(settings.number('node.id'))) return threads
  return cordonedDirectoriesProblem(configs, settings)
}

function listDefault(type: ConfigResourceType, name: string): string | null {
  const definition = definitionsOf[type].get(name)
  return definition?.type === 'LIST' ? (definition.defaultText ?? '') : null
}

const uncleanElection = (image: MetadataImage, topic: string, settings: BrokerSettings): boolean =>
  topicConfig(configsOf(image, { type: 'topic', name: topic }), settings).uncleanLeaderElection
