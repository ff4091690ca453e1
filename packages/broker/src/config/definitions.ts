import { brokerTable } from './broker-table.ts'
import { clientMetricsTable } from './client-metrics-table.ts'
import type { BrokerDefinition, Definition, Row, SettingType, TopicDefinition, UpdateMode } from './definition.ts'
import { brokerDocumentation, topicDocumentation } from './documentation.ts'
import { groupTable } from './group-table.ts'
import { ownTable } from './own-table.ts'
import { topicTable } from './topic-table.ts'

type BrokerName = (typeof brokerTable)[number] | (typeof ownTable)[number]
/** Names of the broker settings of some types, so that a misspelt one doesn't compile. */
export type NameOf<Type extends SettingType> = Extract<BrokerName, readonly [string, Type, ...unknown[]]>[0]

/** Where we differ from Kafka's defaults, and why. docs/configuration.md lists the same. */
export const ourDefaults: Readonly<Record<string, readonly [defaultText: string, why: string]>> = {
  'controller.listener.names': ['', 'the controller needs no listener of its own'],
  listeners: ['PLAINTEXT://127.0.0.1:9092', 'nothing outside the machine reaches a broker that nobody secured'],
  'log.dir': ['./data', 'a folder of its own next to where the broker was started, not in /tmp'],
  'node.id': ['1', 'Kafka has no default; its own example file says 1'],
  'process.roles': ['broker,controller', 'Kafka has no default; every broker can be the controller'],
  'queued.max.request.bytes': ['268435456', 'memory for requests has a bound from the start'],
}

const base = ([name, type, defaultText, valid]: Row, documentation: string | null): Definition => ({
  name,
  type,
  defaultText,
  valid,
  documentation,
})

const broker = (row: readonly [...Row, UpdateMode, string?]): BrokerDefinition => {
  const definition = base([row[0], row[1], row[2], row[3]], row[5] ?? brokerDocumentation[row[0]] ?? null)
  const defaultText = ourDefaults[definition.name]?.[0] ?? definition.defaultText
  return { ...definition, defaultText, update: row[4] }
}

// Not in Kafka's broker table, but dynamic settings of a broker all the same.
const quotaNames = [
  'leader.replication.throttled.rate',
  'follower.replication.throttled.rate',
  'replica.alter.log.dirs.io.max.bytes.per.second',
] as const
export type QuotaName = (typeof quotaNames)[number]
const quotaRow = (name: string): readonly [...Row, UpdateMode] => [name, 'LONG', null, '[0,...]', 'cluster-wide']

const byName = <Any extends Definition>(definitions: readonly Any[]): ReadonlyMap<string, Any> =>
  new Map(definitions.map((definition) => [definition.name, definition]))

export const brokerDefinitions: ReadonlyMap<string, BrokerDefinition> = byName(
  [...brokerTable, ...ownTable].map(broker),
)
export const quotaDefinitions: ReadonlyMap<string, BrokerDefinition> = byName(quotaNames.map(quotaRow).map(broker))

export const topicDefinitions: ReadonlyMap<string, TopicDefinition> = byName(
  topicTable.map(([name, type, defaultText, valid, brokerSynonyms]) => ({
    ...base([name, type, defaultText, valid], topicDocumentation[name] ?? null),
    brokerSynonyms,
  })),
)
export const groupDefinitions: ReadonlyMap<string, Definition> = byName(groupTable.map((row) => base(row, null)))
export const clientMetricsDefinitions: ReadonlyMap<string, Definition> = byName(
  clientMetricsTable.map((row) => base(row, null)),
)

/** The broker setting that a group setting's default comes from, where there is one. */
export function groupBrokerSynonym(name: string): BrokerDefinition | undefined {
  return brokerDefinitions.get(`group.${name}`)
}
