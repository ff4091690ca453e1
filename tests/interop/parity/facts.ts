// An answer without what differs from run to run: ids, times, places and wordings give way to a word for what was there.
// What is nothing (0, false, null, empty) isn't written, so that the files stay small.
import { zeroUuid } from '@millrace/protocol'
import type { Json } from './case.ts'
import type { Known, Value } from './placeholders.ts'
import { isList, unmarked } from './placeholders.ts'
import { batchFacts } from './records.ts'

export interface Exchange {
  readonly api: string
  readonly version: number
  readonly known: Known
  // What the request said, for ids that were the client's own.
  readonly asked: string
  // Kept for a person to compare; tests go by whether there is one.
  readonly wordings: boolean
}

type Rule = (value: Value, exchange: Exchange) => Json | undefined

const word =
  (name: string): Rule =>
  (value) =>
    value === null || value === '' || value === -1 || value === 0 ? value : name

// What was the client's own stays as it is; what the broker made up is remembered.
const made =
  (kind: string, none: Value): Rule =>
  (value, { asked, known, version }) => {
    if (value === none) return undefined
    if (isAsked(value, asked) && value !== known.latest(kind, version)) return undefined
    known.learn(kind, version, value as Json)
    return `<${kind}>`
  }

// Of some it says little, and often nothing where this broker does.
const sparing: ReadonlySet<string> = new Set(['Produce', 'DescribeConfigs', 'FindCoordinator', 'DescribeProducers'])
const isAsked = (value: Value, asked: string): boolean =>
  typeof value === 'string' ? asked.includes(JSON.stringify(value)) : asked.includes(`:${JSON.stringify(value)},`)

// -1, or the smallest number, where it isn't given: not written. So 0 must be.
const unset: Rule = (value) => (value === -1 || value === -0x80000000 ? null : value === 0 ? '0' : undefined)

const wording: Rule = (value, { wordings, api }) => {
  if (wordings) return undefined
  return sparing.has(api) || (value !== null && value !== '') ? '<text>' : undefined
}

const topicId: Rule = (value, { asked, known, version }) => {
  if (value === zeroUuid) return null
  if (typeof value !== 'string') return undefined
  const topic = known.topicOf(value)
  if (topic !== undefined) return `<id of ${unmarked(topic, version)}>`
  return asked.includes(value) ? undefined : '<id>'
}

// What is not there yet is not offered, features neither; and only settings that act are explained.
const offered: ReadonlySet<Value> = new Set([
  0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21, 22, 23, 32, 33, 34, 35, 37, 42, 44, 47, 60, 61, 74, 75,
])
const notCompared: ReadonlySet<string> = new Set([
  'supportedFeatures',
  'finalizedFeatures',
  'finalizedFeaturesEpoch',
  'documentation',
])

const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['topicId', topicId],
  ['clusterId', word('<cluster>')],
  ['host', word('<host>')],
  ['port', word('<port>')],
  ['errorMessage', wording],
  ['batchIndexErrorMessage', wording],
  ['logDir', word('<directory>')],
  ['totalBytes', word('<bytes>')],
  ['usableBytes', word('<bytes>')],
  ['logAppendTimeMs', (value) => (value === -1 ? null : '<time>')],
  ['lastTimestamp', word('<time>')],
  ['preferredReadReplica', unset],
  ['ongoingTxnProducerId', unset],
  ['ongoingTxnProducerEpoch', unset],
  ['committedLeaderEpoch', unset],
  ['topicAuthorizedOperations', unset],
  ['clusterAuthorizedOperations', unset],
  ['authorizedOperations', unset],
  ['sessionId', made('session', 0)],
  ['memberId', made('member', '')],
  ['leader', made('member', '')],
  ['producerId', made('producer', -1)],
])

export function factsOf(value: Value, exchange: Exchange, field = ''): Json {
  const ruled = rules.get(field)?.(value, exchange)
  if (ruled !== undefined) return ruled
  if (typeof value === 'string') return unmarked(value, exchange.version)
  if (value === null || typeof value !== 'object') return value
  if (value instanceof Uint8Array)
    return field === 'records' ? batchFacts(value) : Buffer.from(value).toString('latin1')
  if (isList(value)) return listed(value, exchange)
  const facts = Object.entries(value)
    .filter(([name]) => !notCompared.has(name))
    .map(([name, inner]) => [name, factsOf(inner, exchange, name)] as const)
  return Object.fromEntries(facts.filter(([, fact]) => !isNothing(fact)))
}

function isNothing(fact: Json): boolean {
  if (fact === null || typeof fact !== 'object') return fact === null || fact === 0 || fact === false || fact === ''
  // A leader or epoch that isn't given.
  return isList(fact) ? fact.length === 0 : Object.values(fact).every((inner) => inner === -1)
}

// Kafka's own order is often that of a hash table.
function listed(values: readonly Value[], exchange: Exchange): Json {
  const facts = values.filter((value) => !isLeftOut(value, exchange)).map((value) => factsOf(value, exchange))
  return facts.some((fact) => typeof fact === 'object')
    ? facts.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    : facts
}

const defaultConfig = 5

// The brokers' own topics may be there or not.
function isLeftOut(value: Value, { api, asked }: Exchange): boolean {
  if (value === null || typeof value !== 'object') return false
  if ('apiKey' in value) return !offered.has(value['apiKey'])
  // Apache Kafka's formatting sets it for the whole cluster, where eligible leader replicas need it.
  if ('configSource' in value && value['name'] === 'min.insync.replicas') return true
  // DescribeConfigs has the defaults.
  if ('configSource' in value && value['configSource'] === defaultConfig && api === 'CreateTopics') return true
  const name = 'resourceName' in value ? value['resourceName'] : 'name' in value ? value['name'] : null
  return typeof name === 'string' && name.startsWith('__') && !asked.includes(name)
}
