import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { after } from 'node:test'
import { javaTools, startTool, tool } from '../peers/java-tools.ts'
import {
  Member,
  uniqueName,
  type Client,
  type Headers,
  type MemberOptions,
  type NewRecord,
  type ReadRecord,
} from './client.ts'

// The console producer's own mark-up; nothing that a test writes contains these.
const nullMarker = '~NULL~'
const readerProperties = {
  'parse.key': 'true',
  'parse.headers': 'true',
  'headers.delimiter': '\t',
  'headers.separator': ',',
  'headers.key.separator': ':',
  'key.separator': '\t',
  'null.marker': nullMarker,
}

function lineOf({ key, value, headers }: NewRecord): string {
  const marked = (headers ?? []).map(([name, text]) => `${name}:${text}`).join(',')
  return `${marked === '' ? nullMarker : marked}\t${key ?? nullMarker}\t${value ?? nullMarker}\n`
}

const bytesOf = (word: string): string | null => (word === '-' ? null : Buffer.from(word, 'base64').toString())

function headersOf(word: string): Headers {
  if (word === '') return []
  return word.split(',').map((header) => {
    const [name = '', value = ''] = header.split(':')
    return [bytesOf(name) ?? '', bytesOf(value) ?? ''] as const
  })
}

// A line of RecordFormatter.java.
function recordOf(line: string): ReadRecord {
  const [topic = '', partition, offset, timestamp, key = '-', value = '-', headers = ''] = line.split(' ')
  return {
    topic,
    partition: Number(partition),
    offset: Number(offset),
    key: bytesOf(key),
    value: bytesOf(value),
    headers: headersOf(headers),
    timestampMs: Number(timestamp),
  }
}

interface VerifiableEvent {
  readonly name: string
  readonly partitions?: readonly { readonly topic: string; readonly partition: number }[]
  readonly topic?: string
  readonly partition?: number
  readonly offset?: number
  readonly key?: string | null
  readonly value?: string | null
}

function follow(member: Member, event: VerifiableEvent): void {
  const partitions = (event.partitions ?? []).map(({ topic, partition }) => `${topic}-${partition}`)
  if (event.name === 'partitions_assigned') member.gets(partitions)
  if (event.name === 'partitions_revoked' || event.name === 'partitions_lost') member.loses(partitions)
  if (event.name !== 'record_data') return
  member.received({
    topic: event.topic ?? '',
    partition: event.partition ?? -1,
    offset: event.offset ?? -1,
    key: event.key ?? null,
    value: event.value ?? null,
    headers: [],
    timestampMs: -1,
  })
}

// The tools take further settings from a file only.
const configFolder = mkdtempSync(joinPath(tmpdir(), 'millrace-java-'))
after(() => rmSync(configFolder, { recursive: true }))

function memberConfig({ fetchWaitMs = 500, rack }: Pick<MemberOptions, 'fetchWaitMs' | 'rack'>): string {
  const path = joinPath(configFolder, `member-${fetchWaitMs}-${rack ?? ''}.properties`)
  const place = rack === undefined ? '' : `client.rack=${rack}\n`
  writeFileSync(path, `session.timeout.ms=10000\nheartbeat.interval.ms=500\nfetch.max.wait.ms=${fetchWaitMs}\n${place}`)
  return path
}

const assignor = (name: string): string => `org.apache.kafka.clients.consumer.${name}Assignor`

/** Reads the topics from their start on: the first so many records, or as many as come. */
export async function consumeAll(
  bootstrap: string,
  topics: readonly string[],
  options: { readonly count: number; readonly isolation?: 'read_uncommitted' | 'read_committed' },
): Promise<ReadRecord[]> {
  const until = ['--from-beginning', '--max-messages', String(options.count), '--timeout-ms', '20000']
  const isolation = ['--isolation-level', options.isolation ?? 'read_uncommitted']
  const how = ['--group', uniqueName('java-reader'), '--formatter', 'RecordFormatter', ...until, ...isolation]
  const where = ['--bootstrap-server', bootstrap, '--include', topics.join('|')]
  const lines = await tool('consumer.ConsoleConsumer', [...where, ...how])
  return lines.trimEnd().split('\n').map(recordOf)
}

export const java: Client = {
  name: 'Java console tools',
  skip: javaTools.skip,
  cannotSet: ['timestamps', 'partitions'],

  async produce(bootstrap, topic, records, options = {}) {
    const properties = Object.entries(readerProperties).flatMap(([name, value]) => [
      '--reader-property',
      `${name}=${value}`,
    ])
    const idempotent = ['--command-property', `enable.idempotence=${options.idempotent ?? false}`]
    const how = ['--compression-codec', options.codec ?? 'none', '--request-required-acks', 'all', ...idempotent]
    const lines = records.map(lineOf).join('')
    await tool('ConsoleProducer', ['--bootstrap-server', bootstrap, '--topic', topic, ...how, ...properties], lines)
  },

  consume: (bootstrap, topics, count) => consumeAll(bootstrap, topics, { count }),

  // oxlint-disable-next-line typescript/require-await -- the interface is asynchronous
  async join(bootstrap, options) {
    const instance = options.instanceId === undefined ? [] : ['--group-instance-id', options.instanceId]
    const strategy = assignor(options.cooperative === true ? 'CooperativeSticky' : 'Range')
    const where = ['--bootstrap-server', bootstrap, '--topic', options.topic, '--group-id', options.group]
    const how = [
      '--verbose',
      '--reset-policy',
      'earliest',
      '--assignment-strategy',
      strategy,
      '--command-config',
      memberConfig(options),
    ]
    const call = startTool('VerifiableConsumer', [...where, ...how, ...instance])
    const member = new Member()
    call.stdout.eachLine((line) => {
      if (line.startsWith('{')) follow(member, JSON.parse(line) as VerifiableEvent)
    })
    member.leave = async () => {
      await call.stop()
    }
    return member
  },
}
