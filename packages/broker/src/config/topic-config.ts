import { assert } from '@millrace/kernel'
import type { LogConfig } from '@millrace/storage'

import { topicDefinitions } from './definitions.ts'
import type { Parsed, SettingValue } from './parse.ts'
import { parseSetting } from './parse.ts'
import type { NumberSetting, BrokerSettings } from './settings.ts'

/** What was set for one topic, name to text. */
export type TopicOverrides = ReadonlyMap<string, string>

/** All that a topic's settings decide. */
export interface TopicConfig {
  readonly log: LogConfig
  readonly minInsyncReplicas: number
  readonly uncleanLeaderElection: boolean
}

/** A topic's settings: its own, else the broker's (set at run time, at start, or default). */
export function topicConfig(overrides: TopicOverrides, settings: BrokerSettings): TopicConfig {
  const value = (name: string): SettingValue => topicSetting(name, overrides, settings).value
  return {
    log: logConfig(value),
    minInsyncReplicas: value('min.insync.replicas') as number,
    uncleanLeaderElection: value('unclean.leader.election.enable') as boolean,
  }
}

/** One topic setting by its topic name (`retention.ms`). */
export function topicSetting(name: string, overrides: TopicOverrides, settings: BrokerSettings): Parsed {
  const definition = topicDefinitions.get(name)
  assert(definition !== undefined, `no topic setting is called ${name}`)
  const own = overrides.get(name)
  if (own !== undefined) return parseSetting(definition, own)
  return fromBroker(name, settings) ?? parseSetting(definition, definition.defaultText)
}

function fromBroker(name: string, settings: BrokerSettings): Parsed | undefined {
  if (inUnits[name] !== undefined) return number(inUnits[name](settings))
  const [synonym] = topicDefinitions.get(name)?.brokerSynonyms ?? []
  return synonym === undefined ? undefined : settings.parsed(synonym)
}

// Broker settings that come in several units; the finest that is set counts. A negative retention is none at all.
const inUnits: Readonly<Record<string, (settings: BrokerSettings) => Parsed | number>> = {
  'segment.ms': (settings) => unit(settings, ['log.roll.ms', 1], ['log.roll.hours', 3_600_000]),
  'segment.jitter.ms': (settings) => unit(settings, ['log.roll.jitter.ms', 1], ['log.roll.jitter.hours', 3_600_000]),
  'flush.ms': (settings) => unit(settings, ['log.flush.interval.ms', 1], ['log.flush.scheduler.interval.ms', 1]),
  'retention.ms': (settings) => {
    const retention = unit(
      settings,
      ['log.retention.ms', 1],
      ['log.retention.minutes', 60_000],
      ['log.retention.hours', 3_600_000],
    )
    return Number(number(retention).value) < 0 ? -1 : retention
  },
}

const number = (value: Parsed | number): Parsed => (typeof value === 'number' ? { value, text: String(value) } : value)

function unit(settings: BrokerSettings, ...choices: readonly (readonly [NumberSetting, number])[]): Parsed | number {
  for (const [name, factor] of choices) {
    const parsed = settings.parsed(name)
    if (typeof parsed?.value === 'number') return factor === 1 ? parsed : parsed.value * factor
  }
  return -1
}

const levelNames: Readonly<Record<string, string>> = {
  gzip: 'compression.gzip.level',
  lz4: 'compression.lz4.level',
  zstd: 'compression.zstd.level',
}

function compression(value: (name: string) => SettingValue): Pick<LogConfig, 'compressionType' | 'compressionLevel'> {
  const compressionType = value('compression.type') as LogConfig['compressionType']
  const levelName = levelNames[compressionType]
  return levelName === undefined
    ? { compressionType }
    : { compressionType, compressionLevel: value(levelName) as number }
}

function logConfig(value: (name: string) => SettingValue): LogConfig {
  const int = (name: string): number => value(name) as number
  return {
    segmentBytes: int('segment.bytes'),
    segmentMs: int('segment.ms'),
    segmentJitterMs: int('segment.jitter.ms'),
    segmentIndexBytes: int('segment.index.bytes'),
    indexIntervalBytes: int('index.interval.bytes'),
    retentionMs: int('retention.ms'),
    retentionBytes: int('retention.bytes'),
    fileDeleteDelayMs: int('file.delete.delay.ms'),
    cleanupPolicy: value('cleanup.policy') as LogConfig['cleanupPolicy'],
    minCleanableDirtyRatio: int('min.cleanable.dirty.ratio'),
    minCompactionLagMs: int('min.compaction.lag.ms'),
    maxCompactionLagMs: int('max.compaction.lag.ms'),
    deleteRetentionMs: int('delete.retention.ms'),
    maxMessageBytes: int('max.message.bytes'),
    ...compression(value),
    messageTimestampType: value('message.timestamp.type') as LogConfig['messageTimestampType'],
    messageTimestampBeforeMaxMs: int('message.timestamp.before.max.ms'),
    messageTimestampAfterMaxMs: int('message.timestamp.after.max.ms'),
    flushIntervalMessages: int('flush.messages'),
    flushIntervalMs: int('flush.ms'),
    preallocate: value('preallocate') as boolean,
  }
}
