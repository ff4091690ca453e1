// A data directory that Apache Kafka wrote, opened by Millrace.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '@millrace/connection'
import { committed, createTopics, withAdmin } from './clients/admin.ts'
import { codecs, untilMembers, type NewRecord, type ReadRecord } from './clients/client.ts'
import { confluent } from './clients/confluent.ts'
import { kafkajs } from './clients/kafkajs.ts'
import { fetchBatches, type Found as StormRecord } from '../storm/reader.ts'
import { javaTools } from './peers/java-tools.ts'
import { startApacheKafka } from './target/apache-kafka.ts'
import { Target } from './target/target.ts'

const topics = codecs.map((codec) => `theirs-${codec}`)
const group = 'their-group'
const records: NewRecord[] = Array.from({ length: 200 }, (_, i) => ({
  key: `k${i}`,
  value: `value ${i}`,
  headers: [['n', String(i)]],
  partition: i % 3,
}))

const compactedTopic = 'theirs-compacted'
const toolGroup = 'their-tool-group'

interface Found {
  readonly read: ReadRecord[]
  readonly compacted: unknown
  readonly toolOffsets: number[]
  readonly metadata: unknown
  readonly retention: unknown
  readonly offsets: number[]
}

const order = (a: ReadRecord, b: ReadRecord): number =>
  a.topic.localeCompare(b.topic) || a.partition - b.partition || a.offset - b.offset

async function look(bootstrap: string): Promise<Found> {
  const read = (await kafkajs.consume(bootstrap, topics, topics.length * records.length)).toSorted(order)
  return withAdmin(bootstrap, async (admin) => {
    const { topics: described } = await admin.fetchTopicMetadata({ topics })
    const configs = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: 'theirs-none', configNames: ['retention.ms'] }],
    })
    const metadata = described.map(({ name, partitions }) => `${name}: ${partitions.length}`).toSorted()
    const retention = configs.resources[0]?.configEntries[0]?.configValue
    const compacted = await readCompacted(bootstrap)
    const toolOffsets = await committed(bootstrap, toolGroup, compactedTopic)
    return {
      read,
      compacted,
      toolOffsets,
      metadata,
      retention,
      offsets: await committed(bootstrap, group, 'theirs-none'),
    }
  })
}

/** What is left of the compacted topic, to its end. */
async function readCompacted(bootstrap: string): Promise<readonly StormRecord[]> {
  const [host = '', port] = bootstrap.split(':')
  const connection = await Connection.connect({ host, port: Number(port) })
  const all: StormRecord[] = []
  for (let at = 0; ;) {
    const { found, next } = await fetchBatches(connection, compactedTopic, at, 1024 * 1024)
    if (next === at) break
    all.push(...found)
    at = next
  }
  connection.close()
  return all
}

/** Writes values of a few keys and commits offsets until Apache Kafka's cleaner was at work on both. */
async function untilCompacted(bootstrap: string, dataDir: string): Promise<void> {
  const soon = { 'segment.ms': '200', 'min.cleanable.dirty.ratio': '0.01' }
  const entries = (own: object) => Object.entries({ ...soon, ...own }).map(([name, value]) => ({ name, value }))
  await withAdmin(bootstrap, async (admin) => {
    const configEntries = entries({ 'cleanup.policy': 'compact' })
    const topic = { topic: compactedTopic, numPartitions: 1, replicationFactor: 1, configEntries }
    await admin.createTopics({ topics: [topic], waitForLeaders: true })
    const resources = [{ type: 2, name: '__consumer_offsets', configEntries: entries({ 'cleanup.policy': 'compact' }) }]
    await admin.alterConfigs({ validateOnly: false, resources })
  })
  const deadlineMs = performance.now() + 60_000
  for (let round = 1; ; round += 1) {
    const values = Array.from({ length: 20 }, (_, i) => ({
      key: `k${i % 5}`,
      value: `round ${round} ${i}`,
      partition: 0,
    }))
    await kafkajs.produce(bootstrap, compactedTopic, values, { idempotent: true })
    const partitions = [{ partition: 0, offset: String(round) }]
    await withAdmin(bootstrap, (admin) => admin.setOffsets({ groupId: toolGroup, topic: compactedTopic, partitions }))
    const cleaned = readCleaned(dataDir)
    if (cleaned.includes(`${compactedTopic} 0 `) && cleaned.includes('__consumer_offsets ')) return
    assert.ok(performance.now() < deadlineMs, `the cleaner was not at work: ${cleaned}`)
    await sleep(250)
  }
}

const readCleaned = (dataDir: string): string => {
  const path = join(dataDir, 'cleaner-offset-checkpoint')
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

async function written(dataDir: string): Promise<Found> {
  const settings = { 'group.initial.rebalance.delay.ms': '0', 'log.cleaner.backoff.ms': '100' }
  const apache = await startApacheKafka({ dataDir, port: 0, settings })
  const bootstrap = `127.0.0.1:${apache.port}`
  await createTopics(bootstrap, topics, 3)
  await withAdmin(bootstrap, async (admin) => {
    const configEntries = [{ name: 'retention.ms', value: '777000000' }]
    await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: 'theirs-none', configEntries }] })
  })
  // Idempotent, because kafkajs sends all again when one of the new partitions has no leader yet.
  for (const codec of codecs) await kafkajs.produce(bootstrap, `theirs-${codec}`, records, { codec, idempotent: true })
  const member = await confluent.join(bootstrap, { group, topic: 'theirs-none' })
  await untilMembers([member], () => member.records.length === records.length, 'everything read')
  await member.leave()
  await untilCompacted(bootstrap, dataDir)
  const found = await look(bootstrap)
  await apache.program.end('SIGTERM')
  return found
}

suite('a data directory of Apache Kafka', { skip: javaTools.skip || confluent.skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-adopt-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  test('is served with its topics, settings, records and group offsets, and takes new records', async () => {
    const dataDir = join(folder, 'data')
    const before = await written(dataDir)
    const target = await Target.start({ dataDir })
    assert.deepEqual(await look(target.bootstrap), before)
    await kafkajs.produce(target.bootstrap, 'theirs-lz4', [{ key: 'new', value: 'ours', partition: 2 }])
    const read = await kafkajs.consume(target.bootstrap, ['theirs-lz4'], records.length + 1)
    const last = read
      .filter((record) => record.partition === 2)
      .toSorted(order)
      .at(-1)
    assert.deepEqual([last?.value, last?.offset], ['ours', records.filter((record) => record.partition === 2).length])
  })
})
