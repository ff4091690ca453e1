import type { ErrorName } from '@millrace/protocol'

import { cordonProblem } from './data-directories.ts'
import type { Definition } from './definition.ts'
import { ConfigError } from './definition.ts'
import {
  brokerDefinitions,
  clientMetricsDefinitions,
  groupDefinitions,
  quotaDefinitions,
  topicDefinitions,
} from './definitions.ts'
import { overriddenName } from './known-names.ts'
import { parseSetting } from './parse.ts'
import { valueRequirement } from './requirements.ts'
import type { BrokerSettings, NumberSetting } from './settings.ts'
import { topicSetting } from './topic-config.ts'

type Texts = ReadonlyMap<string, string>

/** What is wrong with the settings of a resource, as the client is told it. */
export interface ConfigProblem {
  readonly error: ErrorName
  readonly message: string
}

/** Checks all that a topic would have set after a change; null is fine. */
export function topicProblem(overrides: Texts, settings: BrokerSettings): ConfigProblem | null {
  for (const name of overrides.keys()) {
    if (!topicDefinitions.has(name)) return invalidConfig(`Unknown topic config name: ${name}`)
  }
  return valueProblem(topicDefinitions, overrides) ?? topicConflict(overrides, settings)
}

function topicConflict(overrides: Texts, settings: BrokerSettings): ConfigProblem | null {
  const least = topicSetting('min.compaction.lag.ms', overrides, settings)
  const most = topicSetting('max.compaction.lag.ms', overrides, settings)
  if (Number(least.value) > Number(most.value)) {
    return invalidConfig(
      `conflict topic config setting min.compaction.lag.ms (${least.text}) > max.compaction.lag.ms (${most.text})`,
    )
  }
  if (topicSetting('remote.storage.enable', overrides, settings).value !== true) return null
  return invalidConfig(
    'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.',
  )
}

/** Checks all that would be set for one broker (or, with `perBroker` false, for all of them) after a change. */
export function brokerProblem(texts: Texts, perBroker: boolean): ConfigProblem | null {
  const names = [...texts.keys()]
  const fixed = names.filter((name) => brokerDefinitions.get(name)?.update === 'read-only')
  if (fixed.length > 0) return invalidRequest(`Cannot update these configs dynamically: [${fixed.join(', ')}]`)
  const unprefixed = names.filter((name) => /^ssl\.(key|truststore)/.test(name) && isPerBroker(name))
  if (unprefixed.length > 0) {
    return invalidRequest(
      `These security configs can be dynamically updated only per-listener using the listener prefix: [${unprefixed.join(', ')}]`,
    )
  }
  const problem = valueProblem(dynamicDefinitions, baseNames(texts))
  if (problem !== null) return invalidRequest(problem.message)
  const unfit = valueRequirement((name) => texts.get(name))
  if (unfit !== null) return invalidRequest(`requirement failed: ${unfit}`)
  const ofOneBroker = perBroker ? [] : names.filter(isPerBroker)
  if (ofOneBroker.length === 0) return null
  return invalidRequest(
    `Cannot update these configs at default cluster level, broker id must be specified: [${ofOneBroker.join(', ')}]`,
  )
}

/** Kafka lets the threads that compact logs be at most halved or doubled at once. */
export function cleanerThreadsProblem(texts: Texts, settings: BrokerSettings): ConfigProblem | null {
  const wanted = Number(texts.get('log.cleaner.threads') ?? settings.number('log.cleaner.threads'))
  const current = settings.number('log.cleaner.threads')
  if (wanted === current) return null
  if (wanted < 1) return invalidRequest('Log cleaner threads should be at least 1')
  if (wanted < Math.floor(current / 2)) {
    return invalidRequest(`Log cleaner threads cannot be reduced to less than half the current value ${current}`)
  }
  if (wanted <= 2 * current) return null
  return invalidRequest(`Log cleaner threads cannot be increased to more than double the current value ${current}`)
}

/** Whether the directories that shall take no new partitions are directories of this broker. */
export function cordonedDirectoriesProblem(texts: Texts, settings: BrokerSettings): ConfigProblem | null {
  const [text, definition] = [texts.get('cordoned.log.dirs'), brokerDefinitions.get('cordoned.log.dirs')]
  if (text === undefined || definition === undefined) return null
  const problem = cordonProblem(parseSetting(definition, text).value as readonly string[], settings)
  return problem === null ? null : invalidRequest(`requirement failed: ${problem}`)
}

const dynamicDefinitions: ReadonlyMap<string, Definition> = new Map([...brokerDefinitions, ...quotaDefinitions])
const clusterWideListenerNames = new Set(['max.connections', 'max.connection.creation.rate', 'num.network.threads'])

function isPerBroker(name: string): boolean {
  const base = overriddenName(name)
  if (base !== undefined) return !clusterWideListenerNames.has(base)
  return brokerDefinitions.get(name)?.update === 'per-broker'
}

const baseNames = (texts: Texts): Texts =>
  new Map([...texts].map(([name, text]) => [overriddenName(name) ?? name, text]))

/** Checks all that a group would have set after a change. */
export function groupProblem(overrides: Texts, settings: BrokerSettings): ConfigProblem | null {
  for (const name of overrides.keys()) {
    if (!groupDefinitions.has(name)) return invalidConfig(`Unknown group config name: ${name}`)
  }
  return valueProblem(groupDefinitions, overrides) ?? groupConflict(overrides, settings)
}

type GroupRange = readonly [name: string, least: NumberSetting | null, most: NumberSetting]
const groupRanges: readonly GroupRange[] = [
  range('consumer', 'heartbeat.interval.ms'),
  range('consumer', 'session.timeout.ms'),
  range('consumer', 'assignment.interval.ms'),
  range('share', 'heartbeat.interval.ms'),
  range('share', 'session.timeout.ms'),
  range('share', 'record.lock.duration.ms'),
  range('share', 'delivery.count.limit'),
  range('share', 'partition.max.record.locks'),
  range('share', 'assignment.interval.ms'),
  range('streams', 'heartbeat.interval.ms'),
  range('streams', 'session.timeout.ms'),
  range('streams', 'assignment.interval.ms'),
  ['streams.num.standby.replicas', null, 'group.streams.max.standby.replicas'],
]

function range(kind: 'consumer' | 'share' | 'streams', name: string): GroupRange {
  return [`${kind}.${name}`, `group.${kind}.min.${name}` as NumberSetting, `group.${kind}.max.${name}` as NumberSetting]
}

function groupConflict(overrides: Texts, settings: BrokerSettings): ConfigProblem | null {
  for (const [name, leastName, mostName] of groupRanges) {
    const text = overrides.get(name)
    if (text === undefined) continue
    const value = Number(text)
    if (leastName !== null && value < settings.number(leastName)) {
      return invalidConfig(`${name} must be greater than or equal to ${leastName}`)
    }
    if (value > settings.number(mostName)) return invalidConfig(`${name} must be less than or equal to ${mostName}`)
  }
  return sessionConflict(overrides, settings)
}

function sessionConflict(overrides: Texts, settings: BrokerSettings): ConfigProblem | null {
  for (const kind of ['consumer', 'share', 'streams'] as const) {
    const [session, heartbeat] = [`${kind}.session.timeout.ms`, `${kind}.heartbeat.interval.ms`] as const
    if (!overrides.has(session) && !overrides.has(heartbeat)) continue
    const sessionMs = Number(overrides.get(session) ?? settings.number(`group.${session}`))
    const heartbeatMs = Number(overrides.get(heartbeat) ?? settings.number(`group.${heartbeat}`))
    if (sessionMs <= heartbeatMs) return invalidConfig(`${session} must be greater than ${heartbeat}`)
  }
  return null
}

/** Checks all that a client metrics subscription would have set after a change. */
export function clientMetricsProblem(overrides: Texts): ConfigProblem | null {
  for (const name of overrides.keys()) {
    if (!clientMetricsDefinitions.has(name)) return invalidRequest(`Unknown client metrics configuration: ${name}`)
  }
  const problem = valueProblem(clientMetricsDefinitions, overrides)
  if (problem !== null) return problem
  const intervalMs = Number(overrides.get('interval.ms') ?? 300_000)
  if (intervalMs < 100 || intervalMs > 3_600_000) {
    return invalidRequest(
      `Invalid value ${intervalMs} for interval.ms, interval must be between 100 and 3600000 (1 hour)`,
    )
  }
  const patterns = (overrides.get('match') ?? '').split(',').filter((pattern) => pattern !== '')
  const illegal = patterns.find((pattern) => !isClientPattern(pattern))
  return illegal === undefined ? null : invalidConfig(`Illegal client matching pattern: ${illegal}`)
}

const clientProperties: ReadonlySet<string> = new Set([
  'client_instance_id',
  'client_id',
  'client_software_name',
  'client_software_version',
  'client_source_address',
  'client_source_port',
])

/** `client_id=a.*`: which clients a subscription of metrics is for. */
function isClientPattern(text: string): boolean {
  const [property = '', pattern, ...rest] = text.split('=')
  return clientProperties.has(property.trim()) && pattern !== undefined && rest.length === 0
}

export type ConfigResource = 'TOPIC' | 'BROKER' | 'GROUP' | 'CLIENT_METRICS'

/** Whether a setting is a list, which APPEND and SUBTRACT need. */
export function isListSetting(resource: ConfigResource, name: string): boolean {
  return definitionsOf(resource).get(name)?.type === 'LIST'
}

function definitionsOf(resource: ConfigResource): ReadonlyMap<string, Definition> {
  switch (resource) {
    case 'TOPIC':
      return topicDefinitions
    case 'GROUP':
      return groupDefinitions
    case 'CLIENT_METRICS':
      return clientMetricsDefinitions
    case 'BROKER':
    default:
      return brokerDefinitions
  }
}

function valueProblem(definitions: ReadonlyMap<string, Definition>, texts: Texts): ConfigProblem | null {
  for (const [name, text] of texts) {
    const definition = definitions.get(name)
    if (definition === undefined) continue
    try {
      parseSetting(definition, text)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      return invalidConfig(error.message)
    }
  }
  return null
}

const invalidConfig = (message: string): ConfigProblem => ({ error: 'INVALID_CONFIG', message })
const invalidRequest = (message: string): ConfigProblem => ({ error: 'INVALID_REQUEST', message })
