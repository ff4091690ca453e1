import type { Definition, SettingType } from './definition.ts'
import { isSensitive } from './definition.ts'
import {
  brokerDefinitions,
  clientMetricsDefinitions,
  groupBrokerSynonym,
  groupDefinitions,
  topicDefinitions,
} from './definitions.ts'
import { overriddenName } from './known-names.ts'
import type { Parsed } from './parse.ts'
import { parseSetting } from './parse.ts'
import type { BrokerSettings } from './settings.ts'
import type { TopicOverrides } from './topic-config.ts'
import { topicSetting } from './topic-config.ts'

/** Where a value comes from, as DescribeConfigs numbers it. */
export const configSource = {
  TOPIC: 1,
  DYNAMIC_BROKER: 2,
  DYNAMIC_DEFAULT_BROKER: 3,
  STATIC_BROKER: 4,
  DEFAULT: 5,
  DYNAMIC_BROKER_LOGGER: 6,
  CLIENT_METRICS: 7,
  GROUP: 8,
} as const

const typeIds: Readonly<Record<SettingType | 'UNKNOWN', number>> = {
  UNKNOWN: 0,
  BOOLEAN: 1,
  STRING: 2,
  INT: 3,
  SHORT: 4,
  LONG: 5,
  DOUBLE: 6,
  LIST: 7,
  CLASS: 8,
  PASSWORD: 9,
}

interface ConfigSynonym {
  readonly name: string
  readonly value: string | null
  readonly source: number
}

/** One setting in the shape of the DescribeConfigs response. */
export interface ConfigEntry {
  readonly name: string
  readonly value: string | null
  readonly configSource: number
  readonly readOnly: boolean
  readonly isSensitive: boolean
  readonly synonyms: readonly ConfigSynonym[]
  readonly configType: number
  readonly documentation: string | null
}

/** What the client asked for: some names (null or none: all) and how much of each. */
export interface DescribeWish {
  readonly names: ReadonlySet<string> | null
  readonly synonyms: boolean
  readonly documentation: boolean
}

/** A topic's settings. */
export function describeTopic(
  overrides: TopicOverrides,
  settings: BrokerSettings,
  wish: DescribeWish,
): readonly ConfigEntry[] {
  return wanted([...topicDefinitions.values()], wish).map((definition) => {
    const { name, brokerSynonyms } = definition
    const parsed = topicSetting(name, overrides, settings)
    const own = ownSynonym(overrides, name, parsed, configSource.TOPIC)
    const [broker] = brokerSynonyms
    const inherited = broker === undefined ? [] : synonymsOf(broker, settings, isSensitive(definition))
    return entry(definition, parsed, [...own, ...inherited], false, wish)
  })
}

/** The settings of this broker: all of them. */
export function describeBroker(settings: BrokerSettings, wish: DescribeWish): readonly ConfigEntry[] {
  const known = wanted([...brokerDefinitions.values()], wish).map((definition) => {
    const { name } = definition
    const parsed = settings.parsed(name) ?? { value: null, text: null }
    const synonyms = synonymsOf(name, settings, isSensitive(definition))
    return entry(definition, parsed, synonyms, definition.update === 'read-only', wish)
  })
  const others = [
    ...settings.dynamic.clusterWide.keys(),
    ...settings.dynamic.perBroker.keys(),
    ...settings.atStart.keys(),
  ]
  return [...known, ...unknownEntries(others, settings, wish)]
}

/** What is set at run time for all brokers (resource BROKER without a name). */
export function describeClusterWide(settings: BrokerSettings, wish: DescribeWish): readonly ConfigEntry[] {
  const { clusterWide } = settings.dynamic
  const entries = [...clusterWide].flatMap(([name, text]) => {
    const definition = brokerDefinitions.get(name)
    if (definition === undefined) return unknownEntries([name], settings, wish)
    const synonyms = synonymsOf(name, settings, isSensitive(definition)).filter(
      ({ source }) => source === configSource.DYNAMIC_DEFAULT_BROKER,
    )
    return [entry(definition, { value: text, text }, synonyms, definition.update === 'read-only', wish)]
  })
  return wanted(entries, wish)
}

export function describeGroup(
  overrides: TopicOverrides,
  settings: BrokerSettings,
  wish: DescribeWish,
): readonly ConfigEntry[] {
  return wanted([...groupDefinitions.values()], wish).map((definition) => {
    const { name, defaultText } = definition
    const broker = groupBrokerSynonym(name)
    const inheritedValue = broker === undefined ? undefined : settings.parsed(broker.name)
    const parsed = parsedOr(definition, overrides.get(name), inheritedValue)
    const own = ownSynonym(overrides, name, parsed, configSource.GROUP)
    const byDefault = [{ name, value: defaultText, source: configSource.DEFAULT }]
    const inherited = broker === undefined ? byDefault : synonymsOf(broker.name, settings, false)
    return entry(definition, parsed, [...own, ...inherited], false, wish)
  })
}

export function describeClientMetrics(overrides: TopicOverrides, wish: DescribeWish): readonly ConfigEntry[] {
  return wanted([...clientMetricsDefinitions.values()], wish).map((definition) => {
    const parsed = parsedOr(definition, overrides.get(definition.name), undefined)
    const own = ownSynonym(overrides, definition.name, parsed, configSource.CLIENT_METRICS)
    return entry(definition, parsed, own, false, wish)
  })
}

const wanted = <Named extends { readonly name: string }>(
  all: readonly Named[],
  wish: DescribeWish,
): readonly Named[] => {
  const { names } = wish
  return names === null || names.size === 0 ? all : all.filter(({ name }) => names.has(name))
}

const parsedOr = (definition: Definition, own: string | undefined, inherited: Parsed | undefined): Parsed =>
  own === undefined ? (inherited ?? parseSetting(definition, definition.defaultText)) : parseSetting(definition, own)

const ownSynonym = (
  overrides: TopicOverrides,
  name: string,
  parsed: Parsed,
  source: number,
): readonly ConfigSynonym[] => (overrides.has(name) ? [{ name, value: parsed.text, source }] : [])

function entry(
  definition: Definition,
  parsed: Parsed,
  synonyms: readonly ConfigSynonym[],
  readOnly: boolean,
  wish: DescribeWish,
): ConfigEntry {
  const source = synonyms[0]?.source ?? configSource.DEFAULT
  return {
    name: definition.name,
    value: isSensitive(definition) ? null : parsed.text,
    configSource: source,
    readOnly,
    isSensitive: isSensitive(definition),
    synonyms: wish.synonyms ? synonyms : [],
    configType: typeIds[definition.type],
    documentation: wish.documentation ? definition.documentation : null,
  }
}

/** A name that isn't in the tables may hold a secret, for all we know: its value isn't told. */
function unknownEntries(
  names: readonly string[],
  settings: BrokerSettings,
  wish: DescribeWish,
): readonly ConfigEntry[] {
  const unknown = [...new Set(names)].filter((name) => !brokerDefinitions.has(name)).map((name) => ({ name }))
  return wanted(unknown, wish).map(({ name }) => {
    const base = brokerDefinitions.get(overriddenName(name) ?? '')
    const synonyms = synonymsOf(name, settings, true)
    const definition = { name, type: 'PASSWORD' as const, defaultText: null, valid: '', documentation: null }
    const readOnly = base?.update !== 'per-broker' && base?.update !== 'cluster-wide'
    const described = entry(definition, { value: null, text: null }, synonyms, readOnly, wish)
    return { ...described, configType: base === undefined ? typeIds.UNKNOWN : typeIds[base.type] }
  })
}

// Settings of one thing in several units: each is described with the others, the finest first.
const families: readonly (readonly string[])[] = [
  ['log.roll.ms', 'log.roll.hours'],
  ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
  ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
]
const flushFamily = ['log.flush.interval.ms', 'log.flush.scheduler.interval.ms']

function familyOf(name: string): readonly string[] {
  if (name === flushFamily[0]) return flushFamily
  const base = overriddenName(name)
  return families.find((family) => family.includes(name)) ?? (base === undefined ? [name] : [name, base])
}

const defaultOf = (name: string): string | undefined => brokerDefinitions.get(name)?.defaultText ?? undefined

/** Everything that gives a broker setting a value, in order of precedence, from the setting's own name on. */
function synonymsOf(name: string, settings: BrokerSettings, hidden: boolean): readonly ConfigSynonym[] {
  const family = familyOf(name)
  const { perBroker, clusterWide } = settings.dynamic
  const sources: readonly (readonly [(each: string) => string | undefined, number])[] = [
    [(each) => perBroker.get(each), configSource.DYNAMIC_BROKER],
    [(each) => clusterWide.get(each), configSource.DYNAMIC_DEFAULT_BROKER],
    [(each) => settings.atStart.get(each), configSource.STATIC_BROKER],
    [defaultOf, configSource.DEFAULT],
  ]
  const all = sources.flatMap(([valueOf, source]) =>
    family.flatMap((each) => {
      const value = valueOf(each)
      return value === undefined ? [] : [{ name: each, value: hidden ? null : value, source }]
    }),
  )
  const first = all.findIndex((synonym) => synonym.name === name)
  return first === -1 ? [] : all.slice(first)
}
