// docs/client-settings.md says what the types and the code say, and what Apache Kafka says of its own settings.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { settingsOf } from './cluster/settings.ts'
import { consumerSettings } from './consumer/consumer-settings.ts'
import { producerSettings } from './producer/producer-settings.ts'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

interface Row {
  readonly setting: string
  readonly kafka: readonly string[]
  readonly type: string
  readonly default: string
  readonly note: string
}

const page = read('../../../docs/client-settings.md')

/** The rows of the table under a heading, their cells without backticks. */
function cellsUnder(heading: string): string[][] {
  const section = page.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('|'))
  return rows.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  )
}

const tableOf = (heading: string): Row[] =>
  cellsUnder(heading).map(([setting = '', kafka = '', type = '', standard = '', note = '']) => ({
    setting,
    kafka: kafka === '–' ? [] : kafka.split(', '),
    type,
    default: standard.replaceAll(',', ''),
    note,
  }))

/** The options that are declared between two lines of a source. */
function optionsIn(file: string, from: string, to: string): string[] {
  const source = read(file)
  const [start, end] = [source.indexOf(from), source.indexOf(to)]
  assert.ok(start >= 0 && end > start, `${from} ... ${to}`)
  return Array.from(source.slice(start, end).matchAll(/^ {2}readonly (\w+)\??:/gm), ([, name]) => name ?? '')
}

const bootstrapServers = 'broker'
const clients = {
  'All clients': {
    options: optionsIn('client-options.ts', 'interface ClientOptions', 'interface CallOptions'),
    decide: (given: object): object => settingsOf({ bootstrapServers, ...given }),
  },
  Producer: {
    options: optionsIn('producer/producer-api.ts', 'type ProducerOptions', 'interface CloseOptions'),
    decide: (given: object): object => producerSettings({ bootstrapServers, ...given }),
  },
  Consumer: {
    options: optionsIn('consumer/consumer-api.ts', 'type ConsumerOptions', 'interface PartitionPosition'),
    decide: (given: object): object => consumerSettings({ bootstrapServers, topics: 't', groupId: 'g', ...given }),
  },
} as const

type ClientName = keyof typeof clients
const names = Object.keys(clients) as ClientName[]

/** What Kafka's clients have: their defaults by name, and what each of them takes. */
const kafkas = new Map<string, Set<string>>()
const kafkaTypes = new Map<string, string>()
for (const line of read('../../testkit/golden/client-settings.tsv').trimEnd().split('\n').slice(1)) {
  const [, name = '', type = '', standard = ''] = line.split('\t')
  kafkas.set(name, (kafkas.get(name) ?? new Set()).add(standard))
  kafkaTypes.set(name, type)
}

for (const name of names) {
  test(`${name}: every option has its row, and every row is an option`, () => {
    const rows = tableOf(name).map(({ setting }) => setting)
    assert.deepEqual(rows.toSorted(), [...clients[name].options].toSorted())
  })

  test(`${name}: what the page calls a default is what the client takes without it`, () => {
    const { decide } = clients[name]
    for (const row of tableOf(name)) {
      const standard = literal(row.default)
      if (standard === undefined) continue
      const around = surroundings[row.setting] ?? {}
      const without = decide(around)
      assert.deepEqual(decide({ ...around, [row.setting]: standard }), without, row.setting)
      assert.notDeepEqual(decide({ ...around, [row.setting]: another(row.setting, standard) }), without, row.setting)
    }
  })

  test(`${name}: names are Kafka's in camelCase, and defaults are Kafka's where the page doesn't say otherwise`, () => {
    for (const { setting, kafka, default: standard, note } of tableOf(name)) {
      const single = kafka.length === 1 && !kafka[0]?.includes('*') ? kafka[0] : undefined
      for (const each of kafka) assert.ok(each.includes('*') || kafkas.has(each), `${setting}: ${each}`)
      if (single === undefined) continue
      if (!renamed.has(setting)) assert.equal(setting, camelCase(single))
      const theirs = kafkas.get(single) ?? new Set<string>()
      const isSame =
        standard === 'none' ? theirs.has('') || theirs.has('null') : theirs.has(standard.replaceAll("'", ''))
      assert.ok(
        isSame || note.includes('Kafka:') || differently.has(setting),
        `${setting}: Kafka has ${[...theirs].join()}`,
      )
    }
  })
}

for (const name of names) {
  test(`${name}: what a setting takes is what Kafka's takes`, () => {
    const typed = tableOf(name).filter(({ kafka }) => kafka.length === 1 && kafkaTypes.has(kafka[0] ?? ''))
    assert.ok(typed.length > 10)
    for (const { setting, kafka, type } of typed) {
      const theirs = kafkaTypes.get(kafka[0] ?? '') ?? ''
      assert.match(type, wordsFor[theirs] ?? /^$/, `${setting}: Kafka's is a ${theirs}`)
    }
  })
}

/** How the page calls what Kafka's types are here. */
const wordsFor: Readonly<Record<string, RegExp>> = {
  boolean: /^boolean$/,
  short: /^number$/,
  int: /^number$/,
  long: /^number$/,
  string: /^text/,
  list: /list$/,
  class: /function$/,
}

test('every setting of Kafka is on the page: with its option, or with what there is instead', () => {
  const listed = names.flatMap((name) => tableOf(name).flatMap(({ kafka }) => kafka))
  const missing = cellsUnder("Settings of Kafka's that aren't here").flatMap(([each = '']) => each.split(', '))
  const isListed = (name: string): boolean =>
    [...listed, ...missing].some((each) => (each.endsWith('*') ? name.startsWith(each.slice(0, -1)) : each === name))
  assert.deepEqual(
    [...kafkas.keys()].filter((name) => !isListed(name)),
    [],
  )
  const here = new Set(listed)
  assert.deepEqual(
    missing.filter((each) => !each.endsWith('*') && (here.has(each) || !kafkas.has(each))),
    [],
  )
})

/** Kafka calls them by a class, or by another word. */
const renamed = new Set(['partitioner', 'allowAutoTopicCreation'])
/** Their defaults are words for what Kafka has as a class, or for what follows from other settings. */
const differently = new Set(['bootstrapServers', 'securityProtocol', 'partitioner', 'partitionAssignmentStrategy'])
/** What has to be set for a setting to count. */
const surroundings: Readonly<Record<string, object>> = {
  compressionGzipLevel: { compressionType: 'gzip' },
  compressionLz4Level: { compressionType: 'lz4' },
  compressionZstdLevel: { compressionType: 'zstd' },
}

const others: Readonly<Record<string, unknown>> = {
  acks: 1,
  autoOffsetReset: 'earliest',
  compressionGzipLevel: 1,
  compressionType: 'zstd',
  isolationLevel: 'read_committed',
  metadataRecoveryStrategy: 'none',
  clientDnsLookup: 'resolve_canonical_bootstrap_servers_only',
  partitioner: 'round-robin',
}

function another(setting: string, standard: unknown): unknown {
  if (typeof standard === 'boolean') return !standard
  if (others[setting] !== undefined) return others[setting]
  return typeof standard === 'number' ? Math.abs(standard - 1) : `not ${String(standard)}`
}

function literal(text: string): unknown {
  if (/^-?\d+$/.test(text)) return Number(text)
  if (text === 'true' || text === 'false') return text === 'true'
  return /^'.*'$/.test(text) ? text.slice(1, -1) : undefined
}

const camelCase = (name: string): string => name.replace(/[.](\w)/g, (_, letter: string) => letter.toUpperCase())
