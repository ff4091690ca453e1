// Apache Kafka opens what we wrote: our folders in the place of its own, under topics of the same names.
import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { asOffset } from '@millrace/kernel'
import { buildBatch, buildMarkerBatch, decodeBatches } from '@millrace/protocol'
import { diskFileSystem, type LogConfig, type PartitionLog } from '@millrace/storage'
import { concat, LogWorld, readAt } from '@millrace/testkit/storage'
import { withAdmin } from './clients/admin.ts'
import { codecs } from './clients/client.ts'
import { consumeAll } from './clients/java.ts'
import { kafkajs } from './clients/kafkajs.ts'
import { javaTools, tool } from './peers/java-tools.ts'
import { startApacheKafka } from './target/apache-kafka.ts'

interface Topic {
  readonly name: string
  readonly partitions: number
  readonly config: Partial<LogConfig>
  /** Its settings at Apache Kafka; retention is off for all. */
  readonly settings?: Readonly<Record<string, string>>
  readonly fill: (world: LogWorld, log: PartitionLog) => Promise<void>
}

// Producers that wrote nothing for a day are forgotten: the records have the time of today, and the world's clock another.
const small = { segmentBytes: 20_000, indexIntervalBytes: 500, messageTimestampAfterMaxMs: Infinity }
const nowMs = Date.now()

const encoder = new TextEncoder()

function put(world: LogWorld, log: PartitionLog, key: string, value: string | null, fields = {}): void {
  const record = { key: encoder.encode(key), value: value === null ? null : encoder.encode(value) }
  const records = [{ ...record, timestampMs: nowMs }]
  const outcome = world.append(log, buildBatch({ ...fields, records }))
  assert.ok(outcome.ok, outcome.ok ? '' : outcome.message)
}

const topics: readonly Topic[] = [
  {
    name: 'ours-codecs',
    partitions: 2,
    config: small,
    fill: async (world, log) => {
      for (let i = 0; i < 250; i += 1) {
        put(world, log, `k${i}`, `value ${i} ${'x'.repeat(i)}`, { compression: codecs[i % codecs.length] })
      }
    },
  },
  {
    name: 'ours-compacted',
    partitions: 1,
    config: { ...small, segmentBytes: 5_000, cleanupPolicy: ['compact'], minCleanableDirtyRatio: 0.01 },
    settings: { 'cleanup.policy': 'compact' },
    fill: async (world, log) => {
      for (let i = 0; i < 400; i += 1) {
        put(world, log, `k${i % 30}`, i % 11 === 0 ? null : `value ${i}`, { compression: codecs[i % codecs.length] })
      }
      log.setHighWatermark(log.logEndOffset)
      await world.clock.advance('1m')
    },
  },
  {
    name: 'ours-transactions',
    partitions: 1,
    config: small,
    fill: async (world, log) => {
      for (let i = 0; i < 40; i += 1) {
        put(world, log, `k${i}`, `value ${i}`, { producerId: 7, producerEpoch: 2, baseSequence: i })
        const producer = { producerId: 9, producerEpoch: 1 }
        const value = i % 2 === 0 ? 'committed' : 'aborted'
        put(world, log, `t${i}`, value, { ...producer, transactional: true, baseSequence: i })
        const marker = { ...producer, committed: i % 2 === 0, coordinatorEpoch: 0, timestampMs: nowMs }
        assert.ok(world.append(log, buildMarkerBatch(marker), 'coordinator').ok)
      }
    },
  },
  {
    name: 'ours-front-deleted',
    partitions: 1,
    config: small,
    fill: async (world, log) => {
      for (let i = 0; i < 600; i += 1) put(world, log, `k${i}`, `value ${i} ${'x'.repeat(50)}`)
      log.setHighWatermark(log.logEndOffset)
      await log.advanceLogStart(asOffset(400))
      await world.manager.runRetention()
      await world.clock.advance('2m')
    },
  },
]

/** `topic-partition@offset value` of all that a reader of committed records finds. */
async function writeOurs(directory: string): Promise<{ readonly lines: string[]; readonly ends: Map<string, number> }> {
  const settings = { tailCacheBytes: 1 }
  const world = new LogWorld({ fileSystem: diskFileSystem(), directories: [directory], settings })
  const lines: string[] = []
  const ends = new Map<string, number>()
  for (const { name, partitions, config, fill } of topics) {
    for (let partition = 0; partition < partitions; partition += 1) {
      const log = world.open(config, name, partition)
      await fill(world, log)
      log.setHighWatermark(log.logEndOffset)
      for (const line of await committedRecords(log)) lines.push(`${name}-${partition}@${line}`)
      ends.set(`${name}-${partition}`, Number(log.logEndOffset))
    }
  }
  await world.manager.close()
  return { lines, ends }
}

async function committedRecords(log: PartitionLog): Promise<string[]> {
  const lines: string[] = []
  for (let at = Number(log.logStartOffset); at < log.logEndOffset;) {
    const batches = decodeBatches(concat(await readAt(log, at, 1_000_000)))
    const last = batches.at(-1)
    if (last === undefined) break
    for (const { isControlBatch, records } of batches) {
      if (isControlBatch) continue
      const found = records
        .filter(({ offset }) => offset >= at)
        .map(({ offset, value }) => ({ offset, value: text(value) }))
      lines.push(...found.filter(({ value }) => value !== 'aborted').map(({ offset, value }) => `${offset} ${value}`))
    }
    at = last.lastOffset + 1
  }
  return lines
}

const decoder = new TextDecoder()
const text = (value: Uint8Array | null): string => (value === null ? 'null' : decoder.decode(value))

async function checkRecords(bootstrap: string, lines: readonly string[]): Promise<void> {
  const names = topics.map(({ name }) => name)
  const read = await consumeAll(bootstrap, names, { count: lines.length, isolation: 'read_committed' })
  const found = read.map(({ topic, partition, offset, value }) => `${topic}-${partition}@${offset} ${value ?? 'null'}`)
  assert.deepEqual(found.toSorted(), lines.toSorted())
}

/** It took them from the snapshot at our log's end: a clean stop is a promise that nothing need be read. */
async function checkProducers(bootstrap: string): Promise<void> {
  const what = ['describe-producers', '--topic', 'ours-transactions', '--partition', '0']
  const table = await tool('TransactionsCommand', ['--bootstrap-server', bootstrap, ...what])
  assert.match(table, /^7\s+2\s+-1\s+39\s/m)
  assert.match(table, /^9\s+1\s+0\s+39\s/m)
}

async function checkGoesOn(bootstrap: string, ends: ReadonlyMap<string, number>): Promise<void> {
  for (const { name, partitions } of topics) {
    for (let partition = 0; partition < partitions; partition += 1) {
      await kafkajs.produce(bootstrap, name, [{ key: 'next', value: 'theirs', partition }])
    }
    const offsets = await withAdmin(bootstrap, (admin) => admin.fetchTopicOffsets(name))
    for (const { partition, high } of offsets) assert.equal(Number(high), (ends.get(`${name}-${partition}`) ?? 0) + 1)
  }
}

/** Puts our folders where Apache Kafka's lie; whose topic each is stays as it says. */
function replaceFolders(ours: string, theirs: string): void {
  for (const { name, partitions } of topics) {
    for (let partition = 0; partition < partitions; partition += 1) {
      const folder = join(theirs, `${name}-${partition}`)
      assert.ok(existsSync(join(folder, 'partition.metadata')))
      for (const file of readdirSync(folder)) if (file !== 'partition.metadata') rmSync(join(folder, file))
      const filter = (path: string): boolean => !path.endsWith('partition.metadata')
      cpSync(join(ours, `${name}-${partition}`), folder, { recursive: true, filter })
    }
  }
  // Where DeleteRecords set a log's start isn't in its folder.
  const starts = 'log-start-offset-checkpoint'
  assert.match(readFileSync(join(ours, starts), 'utf8'), /^ours-front-deleted 0 400$/m)
  cpSync(join(ours, starts), join(theirs, starts))
}

suite('Apache Kafka opens what we wrote', { skip: javaTools.skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-ours-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  test('its console consumer reads every record, and it goes on where we ended', async () => {
    const dataDir = join(folder, 'theirs')
    const settings = { 'auto.create.topics.enable': 'false' }
    let kafka = await startApacheKafka({ dataDir, port: 0, settings })
    await withAdmin(`127.0.0.1:${kafka.port}`, (admin) =>
      admin.createTopics({
        waitForLeaders: true,
        topics: topics.map(({ name, partitions, settings: own = {} }) => ({
          topic: name,
          numPartitions: partitions,
          replicationFactor: 1,
          configEntries: Object.entries({ 'retention.ms': '-1', ...own }).map(([key, value]) => ({ name: key, value })),
        })),
      }),
    )
    await kafka.program.end('SIGTERM')
    const ours = join(folder, 'ours')
    const { lines, ends } = await writeOurs(ours)
    replaceFolders(ours, dataDir)

    kafka = await startApacheKafka({ dataDir, port: 0, settings })
    const bootstrap = `127.0.0.1:${kafka.port}`
    await checkRecords(bootstrap, lines)
    await checkProducers(bootstrap)
    await checkGoesOn(bootstrap, ends)
    await kafka.program.end('SIGTERM')
  })
})
