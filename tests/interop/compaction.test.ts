// Our compaction beside Apache Kafka's cleaner on copies of the same log.
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import type { Random } from '@millrace/kernel'
import { seededRandom } from '@millrace/kernel'
import { batches, buildBatch, buildMarkerBatch, codecs, readBatchHeader, readRecords } from '@millrace/protocol'
import { diskFileSystem, type PartitionLog } from '@millrace/storage'
import { LogWorld, worldStartMs } from '@millrace/testkit/storage'
import { apacheKafka } from './peers/apache-kafka.ts'
import { javaTools, tool } from './peers/java-tools.ts'
import { run } from './process.ts'

const day = 86_400_000
const segmentBytes = 6_000
const encoder = new TextEncoder()

interface Producer {
  readonly producerId: number
  sequence: number
  /** Batches of its open transaction. */
  open: number
}

function worldIn(directory: string, dedupeBytes: number, cleanerEnable: boolean): LogWorld {
  const cleanerDedupeBufferBytes = dedupeBytes
  const settings = {
    initialTaskDelayMs: 1e12,
    tailCacheBytes: 1,
    cleanerBackoffMs: 1_000,
    cleanerEnable,
    cleanerDedupeBufferBytes,
  }
  return new LogWorld({ fileSystem: diskFileSystem(), directories: [directory], settings })
}

const compacted = {
  cleanupPolicy: ['compact'],
  segmentBytes,
  indexIntervalBytes: 500,
  minCleanableDirtyRatio: 0.0001,
  deleteRetentionMs: day,
} as const

/** Keys that come again, tombstones, idempotent producers, transactions that are committed, aborted and left open. */
function fill(world: LogWorld, log: PartitionLog, random: Random): void {
  const producers: Producer[] = [1, 2, 3, 4].map((producerId) => ({ producerId, sequence: 0, open: 0 }))
  for (let i = 0; i < 900; i += 1) {
    const producer = producers[random.below(7)]
    if (producer === undefined) append(world, log, random, {})
    else if (producer.open > 0 && random.below(3) === 0) endTransaction(world, log, producer, random.below(2) === 0)
    else appendOf(world, log, random, producer)
  }
  for (const producer of producers) if (producer.open > 0) endTransaction(world, log, producer, true)
  for (let i = 0; i < 40; i += 1) append(world, log, random, {})
  log.setHighWatermark(log.logEndOffset)
}

function appendOf(world: LogWorld, log: PartitionLog, random: Random, producer: Producer): void {
  const transactional = producer.producerId > 1
  const fields = { producerId: producer.producerId, producerEpoch: 0, baseSequence: producer.sequence, transactional }
  producer.sequence += append(world, log, random, fields)
  if (transactional) producer.open += 1
}

function append(world: LogWorld, log: PartitionLog, random: Random, fields: object): number {
  const records = Array.from({ length: 1 + random.below(5) }, (_, i) => ({
    key: encoder.encode(`key ${random.below(80)}`),
    value: random.below(8) === 0 ? null : encoder.encode(`value ${'x'.repeat(random.below(80))}`),
    headers: random.below(4) === 0 ? [{ key: 'of', value: encoder.encode('header') }] : [],
    timestampMs: worldStartMs + random.below(1_000) + i,
  }))
  const compression = codecs[random.below(codecs.length)] ?? 'none'
  assert.ok(world.append(log, buildBatch({ ...fields, compression, records })).ok)
  return records.length
}

function endTransaction(world: LogWorld, log: PartitionLog, producer: Producer, committed: boolean): void {
  const fields = { producerId: producer.producerId, producerEpoch: 0, coordinatorEpoch: 1, timestampMs: worldStartMs }
  assert.ok(world.append(log, buildMarkerBatch({ ...fields, committed }), 'coordinator').ok)
  producer.open = 0
}

async function cleanWithKafka(folder: string, dedupeBytes: number, nowMs: number): Promise<void> {
  const { classPath } = await apacheKafka.get()
  const args = [segmentBytes, dedupeBytes, day, nowMs, folder].map(String)
  await run('java', ['-Xmx256m', '-cp', classPath, 'KafkaCleaner', ...args])
}

/** Returns when it was, as the batches have it. */
async function cleanWithOurs(directory: string, dedupeBytes: number, afterMs: number): Promise<number> {
  rmSync(join(directory, 'cleaner-offset-checkpoint'), { force: true })
  const world = worldIn(directory, dedupeBytes, true)
  await world.clock.advance(afterMs)
  const log = world.open(compacted)
  log.setHighWatermark(log.logEndOffset)
  await world.clock.advance(1_000)
  const nowMs = world.clock.wallMs()
  await world.manager.close()
  return nowMs
}

function batchesIn(folder: string) {
  const files = readdirSync(folder).filter((name) => name.endsWith('.log'))
  return files.toSorted().flatMap((name) => {
    const bytes = new Uint8Array(readFileSync(join(folder, name)))
    return [...batches(bytes)].map((at) => {
      const {
        position: _at,
        sizeBytes: _size,
        crc: _crc,
        baseTimestampMs: _base,
        ...header
      } = readBatchHeader(bytes, at)
      // A record's time is told as a sum: what it is added to may be another.
      const records = [...readRecords(bytes, {}, at)].map(({ timestampDelta: _delta, ...record }) => record)
      return { ...header, records }
    })
  })
}

/** All batches with records are the same; of the empty ones we keep some more, each segment's last. */
function compare(ours: string, theirs: string): { records: number; empty: number } {
  const [mine, other] = [batchesIn(ours), batchesIn(theirs)]
  const filled = (all: typeof mine) => all.filter(({ recordCount }) => recordCount > 0)
  const empty = (all: typeof mine) => all.filter(({ recordCount }) => recordCount === 0)
  assert.deepEqual(filled(mine), filled(other))
  const known = new Set(empty(mine).map((batch) => JSON.stringify(batch)))
  assert.deepEqual(
    empty(other).filter((batch) => !known.has(JSON.stringify(batch))),
    [],
  )
  return { records: filled(mine).reduce((sum, { recordCount }) => sum + recordCount, 0), empty: empty(other).length }
}

suite('compaction beside Apache Kafka', { skip: javaTools.skip }, () => {
  const root = mkdtempSync(join(tmpdir(), 'millrace-compaction-'))
  after(() => rmSync(root, { recursive: true, force: true }))

  for (const [what, dedupeBytes, seed] of [
    ['in one pass', 1_000_000, 1],
    ['in as many passes as little memory takes', 24 * 30, 2],
  ] as const) {
    test(`leaves the same records, markers, horizons and empty batches ${what}, now and when tombstones go`, async () => {
      const [original, ours, theirs] = ['original', 'ours', 'theirs'].map((name) => join(root, String(seed), name))
      assert.ok(original !== undefined && ours !== undefined && theirs !== undefined)
      const world = worldIn(original, dedupeBytes, false)
      fill(world, world.open(compacted), seededRandom(seed))
      await world.manager.close()
      for (const copy of [ours, theirs]) cpSync(original, copy, { recursive: true })
      const folder = 'orders-0'
      const written = batchesIn(join(original, folder)).reduce((sum, { recordCount }) => sum + recordCount, 0)

      await cleanWithKafka(join(theirs, folder), dedupeBytes, await cleanWithOurs(ours, dedupeBytes, 0))
      const first = compare(join(ours, folder), join(theirs, folder))
      assert.ok(first.records < written / 2 && first.records > 80, `${first.records} of ${written} records are left`)
      await checkWithTool(join(ours, folder))

      await cleanWithKafka(join(theirs, folder), dedupeBytes, await cleanWithOurs(ours, dedupeBytes, 2 * day))
      const second = compare(join(ours, folder), join(theirs, folder))
      assert.ok(second.records < first.records, `${second.records} of ${first.records} records are left`)
      await checkWithTool(join(ours, folder))
    })
  }
})

/** Kafka's own tool finds every batch whole and every index right. */
async function checkWithTool(folder: string): Promise<void> {
  const files = (...suffixes: string[]): string =>
    readdirSync(folder)
      .filter((name) => suffixes.some((suffix) => name.endsWith(suffix)))
      .map((name) => join(folder, name))
      .join(',')
  const dumped = await tool('DumpLogSegments', ['--deep-iteration', '--print-data-log', '--files', files('.log')])
  const found = dumped.match(/^baseOffset: /gm)?.length ?? 0
  assert.ok(found > 20)
  assert.equal(dumped.match(/isvalid: true/g)?.length, found)
  const indexes = ['--deep-iteration', '--verify-index-only', '--files', files('.index', '.timeindex')]
  assert.doesNotMatch(await tool('DumpLogSegments', indexes), /Mismatches|Found timestamp mismatch|Index offset/)
  if (files('.txnindex') !== '') await tool('DumpLogSegments', ['--files', files('.txnindex')])
}
