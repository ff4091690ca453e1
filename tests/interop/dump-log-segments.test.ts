// What we write, read by Apache Kafka's own tool; what Apache Kafka wrote, opened by our storage package.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { asLeaderEpoch } from '@millrace/kernel'
import { buildBatch, buildMarkerBatch } from '@millrace/protocol'
import { diskFileSystem, listPartitionFolders, type PartitionLog } from '@millrace/storage'
import type { FaultyFileSystem } from '@millrace/testkit/storage'
import { batchOf, changesOfScenario, checkRecovered, LogWorld, readAll, runUntilEnd } from '@millrace/testkit/storage'
import { javaTools, tool } from './peers/java-tools.ts'
import { startApacheKafka } from './target/apache-kafka.ts'

const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

function fill(world: LogWorld, log: PartitionLog): void {
  for (let i = 0; i < 300; i += 1) {
    const compression = codecs[i % codecs.length] ?? 'none'
    const idempotent = { compression, producerId: 7, producerEpoch: 0, baseSequence: 2 * i }
    assert.ok(world.append(log, batchOf([`first ${i}`, 'x'.repeat(i)], idempotent)).ok)
    if (i % 10 === 9) transaction(world, log, (i - 9) / 10)
  }
}

function transaction(world: LogWorld, log: PartitionLog, count: number): void {
  const producer = { producerId: 9, producerEpoch: 1 }
  const records = batchOf(['in a transaction'], { ...producer, transactional: true, baseSequence: count })
  assert.ok(world.append(log, records).ok)
  const marker = { ...producer, committed: count % 2 === 0, coordinatorEpoch: 3, timestampMs: world.clock.wallMs() }
  assert.ok(world.append(log, buildMarkerBatch(marker), 'coordinator').ok)
}

const segmentFiles =
  (folder: string) =>
  (suffix: string): string =>
    readdirSync(folder)
      .filter((name) => name.endsWith(suffix))
      .map((name) => join(folder, name))
      .join(',')

const dump = (args: readonly string[]): Promise<string> => tool('DumpLogSegments', args)

suite('DumpLogSegments', { skip: javaTools.skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-dump-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  test('reads every segment, index, snapshot and list of aborted transactions that we wrote', async () => {
    const directory = join(folder, 'ours')
    const world = new LogWorld({ fileSystem: diskFileSystem(), directories: [directory] })
    fill(world, world.open({ segmentBytes: 40_000, indexIntervalBytes: 1_000 }))
    await world.manager.close()
    const log = join(directory, 'orders-0')
    const files = segmentFiles(log)
    const records = await dump(['--deep-iteration', '--print-data-log', '--files', files('.log')])
    assert.equal(records.match(/^baseOffset: /gm)?.length, 360)
    assert.equal(records.match(/^\| offset: /gm)?.length, 660)
    assert.equal(records.match(/isvalid: true/g)?.length, 360)
    assert.match(records, /endTxnMarker: ABORT/)
    // The tool says it of the start of each file; within a file nothing may be missing.
    assert.doesNotMatch(records, /\n {2}(?!-1 )\d+ is followed by/)
    const indexes = await dump([
      '--deep-iteration',
      '--verify-index-only',
      '--files',
      `${files('.index')},${files('.timeindex')}`,
    ])
    assert.doesNotMatch(indexes, /Mismatches|Found timestamp mismatch|Index offset/)
    const snapshots = await dump(['--files', files('.snapshot')])
    assert.match(snapshots, /producerId: 7 producerEpoch: 0 .* firstSequence: 598 lastSequence: 599/)
    assert.equal((await dump(['--files', files('.txnindex')])).match(/^version: 0 producerId: 9/gm)?.length, 15)
  })

  test('reads what compaction leaves: gaps, empty batches, delete horizons', async () => {
    const directory = join(folder, 'compacted')
    const world = new LogWorld({ fileSystem: diskFileSystem(), directories: [directory] })
    const log = world.open({ cleanupPolicy: ['compact'], segmentBytes: 5_000, minCleanableDirtyRatio: 0.01 })
    for (let i = 0; i < 200; i += 1) {
      const key = new TextEncoder().encode(`key ${i % 20}`)
      const records = [{ key, value: i % 7 === 0 ? null : key, timestampMs: world.clock.wallMs() }]
      const compression = codecs[i % codecs.length] ?? 'none'
      const batch = buildBatch({
        compression,
        records,
        producerId: i < 100 ? 7 : 8,
        producerEpoch: 0,
        baseSequence: i % 100,
      })
      assert.ok(world.append(log, batch).ok)
    }
    log.setHighWatermark(log.logEndOffset)
    await world.clock.advance('1m')
    await world.manager.close()
    const files = segmentFiles(join(directory, 'orders-0'))
    const dumped = await dump([
      '--deep-iteration',
      '--print-data-log',
      '--skip-record-metadata',
      '--files',
      files('.log'),
    ])
    const batches = dumped.match(/^baseOffset: /gm)?.length ?? 0
    assert.ok(batches > 20 && batches < 150, `${batches} batches are left`)
    assert.equal(dumped.match(/isvalid: true/g)?.length, batches)
    assert.match(dumped, /deleteHorizonMs: OptionalLong\[/)
    assert.match(dumped, /count: 0 /)
    const indexes = await dump([
      '--deep-iteration',
      '--verify-index-only',
      '--files',
      `${files('.index')},${files('.timeindex')}`,
    ])
    assert.doesNotMatch(indexes, /Mismatches|Found timestamp mismatch|Index offset/)
  })

  test('reads what a recovery makes of logs that lost their power', async () => {
    const changes = await changesOfScenario()
    const logs: string[] = []
    const indexes: string[] = []
    for (let sample = 1; sample <= 12; sample += 1) {
      const run = await runUntilEnd(Math.floor((sample * changes) / 13), 'some')
      const world = await checkRecovered(run)
      await world.manager.close()
      for (const path of copyOut(run.files, '/data', join(folder, `recovered-${sample}`))) {
        // The fifth partition was deleted, or nobody has opened it again.
        if (path.includes('/orders-4')) continue
        if (path.endsWith('.log')) logs.push(path)
        if (/\.(index|timeindex)$/.test(path)) indexes.push(path)
      }
    }
    const records = await dump(['--deep-iteration', '--print-data-log', '--files', logs.join(',')])
    const batches = records.match(/^baseOffset: /gm)?.length ?? 0
    assert.ok(batches > 100, `${batches} batches of ${logs.length} segments`)
    assert.equal(records.match(/isvalid: true/g)?.length, batches)
    const read = await dump(['--deep-iteration', '--verify-index-only', '--files', indexes.join(',')])
    assert.doesNotMatch(read, /Mismatches|Found timestamp mismatch|Index offset/)
  })
})

/** Writes a folder of the faulty file system to the disk; gives the paths of its files there. */
function copyOut(files: FaultyFileSystem, from: string, to: string): string[] {
  mkdirSync(to, { recursive: true })
  return (files.list(from) ?? []).flatMap(({ name, isDirectory }) => {
    if (isDirectory) return copyOut(files, `${from}/${name}`, join(to, name))
    writeFileSync(join(to, name), files.readFile(`${from}/${name}`) ?? '')
    return [join(to, name)]
  })
}

suite('a log that Apache Kafka wrote', { skip: javaTools.skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-theirs-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  test('is opened as it stands, with each compression, transactions and the state of its producers', async () => {
    const directory = join(folder, 'data')
    const settings = { 'log.segment.bytes': '1048576' }
    const kafka = await startApacheKafka({ dataDir: directory, port: 0, settings })
    const server = ['--bootstrap-server', `127.0.0.1:${kafka.port}`]
    for (const codec of codecs) await produce(server, codec)
    await kafka.program.end('SIGTERM')

    const fileSystem = diskFileSystem()
    const folders = listPartitionFolders(fileSystem, directory).filter(({ topic }) => topic.startsWith('theirs-'))
    assert.deepEqual(folders.map(({ topic }) => topic).toSorted(), codecs.map((codec) => `theirs-${codec}`).toSorted())
    const world = new LogWorld({ fileSystem, directories: [directory], clusterId: 'MkU3OEVBNTcwNTJENDM2Qk' })
    for (const { topic, partition, topicId } of folders) {
      assert.ok(topicId !== undefined)
      const log = world.openAs({ topic, partition, topicId })
      await checkTheirs(log)
      const next = log.logEndOffset
      const outcome = world.append(log, batchOf(['ours']), 'client', log.latestEpoch + 1)
      assert.deepEqual(outcome.ok && outcome.baseOffset, next)
    }
    await world.manager.close()
  })
})

async function produce(server: readonly string[], codec: string): Promise<void> {
  const topic = `theirs-${codec}`
  await tool('TopicCommand', [
    ...server,
    '--create',
    '--topic',
    topic,
    '--partitions',
    '1',
    '--replication-factor',
    '1',
  ])
  const load = ['--topic', topic, '--num-records', '3000', '--record-size', '500', '--throughput', '-1']
  const properties = [...server.slice(1).map((at) => `bootstrap.servers=${at}`), `compression.type=${codec}`]
  const transactional = ['--transactional-id', `txn-${codec}`, '--transaction-duration-ms', '50']
  await tool('ProducerPerformance', [...load, '--producer-props', ...properties])
  await tool('ProducerPerformance', [...load, ...transactional, '--producer-props', ...properties])
}

async function checkTheirs(log: PartitionLog): Promise<void> {
  assert.equal(log.offline, false)
  const read = await readAll(log)
  const markers = Number(log.logEndOffset) - 6_000
  assert.ok(markers > 0, 'transactions ended in the log')
  assert.deepEqual([read.length, read.at(-1)?.[0]], [6_000 + markers, Number(log.logEndOffset) - 1])
  assert.equal(log.producers().length, 2)
  assert.ok(log.latestEpoch >= asLeaderEpoch(0))
  const first = await log.findByTimestamp(0, log.logEndOffset)
  assert.equal(first?.offset, 0)
  assert.ok(((await log.findMaxTimestamp(log.logEndOffset))?.timestampMs ?? 0) > 0)
}
