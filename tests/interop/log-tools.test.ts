// `millrace log` on directories that Apache Kafka wrote, and Apache Kafka on what `millrace log repair` left of them.
import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { after, suite, test } from 'node:test'
import { run } from '../../packages/millrace/src/program.ts'
import kafkajs from 'kafkajs'
import { listPartitionFolders, readMetaProperties, unsyncedFileSystem } from '@millrace/storage'
import { LogWorld, readAll } from '@millrace/testkit/storage'
import { javaTools, tool } from './peers/java-tools.ts'
import { startApacheKafka } from './target/apache-kafka.ts'

const root = fs.mkdtempSync(join(tmpdir(), 'millrace-log-tools-'))
after(() => fs.rmSync(root, { recursive: true, force: true }))

interface Ran {
  readonly code: number
  readonly out: string
  readonly talk: string
}

async function millrace(...args: readonly string[]): Promise<Ran> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const [out, talk] = [stdout.toArray(), stderr.toArray()]
  const streams = { stdoutIsTerminal: false, stderrIsTerminal: false, stdinIsTerminal: false }
  const code = await run(args, { stdin, stdout, stderr, signal: new AbortController().signal, env: {}, ...streams })
  stdout.end()
  stderr.end()
  const text = (chunks: unknown[]): string => Buffer.concat(chunks as Buffer[]).toString()
  return { code, out: text(await out), talk: text(await talk) }
}

const rowsOf = ({ out }: Ran): Record<string, unknown>[] =>
  out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

const settings = {
  'log.segment.bytes': '1048576',
  'log.index.interval.bytes': '2048',
  'log.cleaner.backoff.ms': '100',
  'group.initial.rebalance.delay.ms': '0',
  'controlled.shutdown.enable': 'false',
}

async function createTopic(server: readonly string[], topic: string, configs: readonly string[]): Promise<void> {
  const create = ['--create', '--topic', topic, '--partitions', '1', '--replication-factor', '1']
  await tool('TopicCommand', [...server, ...create, ...configs.flatMap((config) => ['--config', config])])
}

async function produce(server: readonly string[], topic: string): Promise<void> {
  const load = ['--topic', topic, '--num-records', '6000', '--record-size', '500', '--throughput', '-1']
  const properties = [`bootstrap.servers=${server[1]}`, 'compression.type=lz4', 'batch.size=8000']
  await tool('ProducerPerformance', [...load, '--producer-props', ...properties])
  const transactional = ['--transactional-id', `txn-${topic}`, '--transaction-duration-ms', '50']
  await tool('ProducerPerformance', [...load, ...transactional, '--producer-props', ...properties])
}

/** Keyed records in transactions, of which every third is aborted. Returns how many were committed. */
async function transact(port: number, topic: string): Promise<number> {
  const kafka = new kafkajs.Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: kafkajs.logLevel.NOTHING })
  const options = { transactionalId: `keys-${topic}`, maxInFlightRequests: 1, idempotent: true }
  const producer = kafka.producer(options)
  await producer.connect()
  let committed = 0
  for (let round = 0; round < 9; round += 1) {
    const transaction = await producer.transaction()
    const messages = Array.from({ length: 600 }, (_, i) => ({ key: `key ${i % 50}`, value: 'x'.repeat(400 + round) }))
    await transaction.send({ topic, messages })
    if (round % 3 === 0) await transaction.abort()
    else await transaction.commit()
    committed += round % 3 === 0 ? 0 : messages.length
  }
  await producer.disconnect()
  return committed
}

async function consume(server: readonly string[], topic: string, group: string): Promise<number> {
  const options = ['--topic', topic, '--group', group, '--from-beginning', '--timeout-ms', '5000']
  const committed = ['--isolation-level', 'read_committed']
  const out = await tool('consumer.ConsoleConsumer', [...server, ...options, ...committed])
  return out.split('\n').length - 1
}

/** Segments of a partition, oldest first. */
const logsOf = (folder: string): string[] =>
  fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .toSorted()
    .map((name) => join(folder, name))

const bytesOf = (folder: string): number => logsOf(folder).reduce((sum, path) => sum + fs.statSync(path).size, 0)

function flip(path: string, at: number): void {
  const file = fs.openSync(path, 'r+')
  const byte = Buffer.alloc(1)
  fs.readSync(file, byte, 0, 1, at)
  fs.writeSync(file, Buffer.from([byte[0]! ^ 0xff]), 0, 1, at)
  fs.closeSync(file)
}

suite('a directory of Apache Kafka', { skip: javaTools.skip }, () => {
  const dataDir = join(root, 'data')
  const orders = join(dataDir, 'orders-0')
  /** Records of orders that a reader of committed data gets. */
  let committed = 0

  /** A copy of the directory is opened by our storage package, which reads as many records as their tool does. */
  async function opensAsOurs(records: number): Promise<void> {
    const directory = join(root, 'ours')
    fs.cpSync(dataDir, directory, { recursive: true })
    const fileSystem = unsyncedFileSystem()
    const found = listPartitionFolders(fileSystem, directory).find(({ topic }) => topic === 'orders')
    assert.ok(found?.topicId !== undefined)
    const clusterId = readMetaProperties(fileSystem, directory)?.clusterId ?? ''
    const world = new LogWorld({ fileSystem, directories: [directory], clusterId })
    const log = world.openAs({ topic: 'orders', partition: 0, topicId: found.topicId })
    assert.equal(log.offline, false)
    assert.equal((await readAll(log)).length, records)
    await world.manager.close()
  }

  test('is whole after a clean stop, and beside the running broker', async () => {
    const kafka = await startApacheKafka({ dataDir, port: 0, settings })
    const server = ['--bootstrap-server', `127.0.0.1:${kafka.port}`]
    await createTopic(server, 'orders', [])
    await createTopic(server, 'compacted', ['cleanup.policy=compact', 'min.cleanable.dirty.ratio=0.01'])
    await produce(server, 'orders')
    committed = 12_000 + (await transact(kafka.port, 'orders'))
    await transact(kafka.port, 'compacted')
    assert.equal(await consume(server, 'orders', 'readers'), committed)
    const beside = await millrace('log', 'check', dataDir)
    assert.equal(beside.code, 0, beside.out + beside.talk)
    assert.match(beside.talk, /only what it has finished writing is looked at/)
    const crashed = join(root, 'crashed')
    fs.cpSync(dataDir, crashed, { recursive: true })
    fs.rmSync(join(crashed, '.lock'))
    await kafka.program.end('SIGTERM')
    const clean = await millrace('log', 'check', dataDir, '--records')
    assert.equal(clean.code, 0, clean.out + clean.talk)
    assert.ok(bytesOf(join(dataDir, 'compacted-0')) < 1_500_000, 'something was compacted')
    // As after a crash: the index of a segment that is written to is full of zeroes, and so on. Nothing of it is damage.
    const left = await millrace('log', 'check', crashed)
    assert.ok(left.code === 0 || left.code === 3, left.out + left.talk)
  })

  test('is dumped as its own tool dumps it', async () => {
    for (const path of logsOf(orders)) {
      const theirs = await tool('DumpLogSegments', ['--deep-iteration', '--print-data-log', '--files', path])
      const rows = rowsOf(await millrace('log', 'dump', path, '--records', '-o', 'ndjson'))
      assert.equal(rows.filter((row) => row['type'] === 'batch').length, theirs.match(/^baseOffset: /gm)?.length)
      assert.equal(rows.filter((row) => row['type'] === 'record').length, theirs.match(/^\| offset: /gm)?.length)
      const crcs = [...theirs.matchAll(/^baseOffset: .* crc: (\d+)/gm)].map(([, crc]) => Number(crc))
      assert.deepEqual(
        rows.flatMap((row) => (row['type'] === 'batch' ? row['crc'] : [])),
        crcs,
      )
    }
    const offsets = fs.readdirSync(dataDir).filter((name) => name.startsWith('__consumer_offsets-'))
    const dumped = await millrace(
      'log',
      'dump',
      '-r',
      '-o',
      'ndjson',
      ...offsets.flatMap((name) => logsOf(join(dataDir, name))),
    )
    const commits = rowsOf(dumped).filter((row) => JSON.stringify(row['decoded'] ?? '').includes('"group":"readers"'))
    assert.ok(commits.length > 0, 'the commits of a group are decoded')
    const metadata = await millrace(
      'log',
      'dump',
      '-r',
      '-o',
      'ndjson',
      ...logsOf(join(dataDir, '__cluster_metadata-0')),
    )
    assert.match(metadata.out, /"record":"TopicRecord"/)
    assert.match(metadata.out, /"record":"LeaderChangeMessage"/)
  })

  test('is repaired so that its own tool finds no fault, and its broker serves what is left', async () => {
    const [first = '', second = ''] = logsOf(orders)
    flip(first, 40_000)
    fs.truncateSync(second.replace('.log', '.index'), 5)
    const last = logsOf(orders).at(-1) ?? ''
    fs.appendFileSync(last, new Uint8Array(777))
    const broken = await millrace('log', 'check', dataDir)
    assert.equal(broken.code, 4, broken.out)
    const repaired = await millrace('log', 'repair', dataDir, '--yes')
    assert.equal(repaired.code, 0, repaired.out + repaired.talk)
    const lost = /offsets (\d+) to (\d+) are lost/.exec(repaired.out)
    assert.ok(lost !== null)
    const lostCount = Number(lost[2]) - Number(lost[1]) + 1
    const files = logsOf(orders)
    const dumped = await tool('DumpLogSegments', ['--deep-iteration', '--print-data-log', '--files', files.join(',')])
    assert.equal(dumped.match(/isvalid: false/g), null)
    const indexes = files.flatMap((path) => [path.replace('.log', '.index'), path.replace('.log', '.timeindex')])
    await opensAsOurs(dumped.match(/^\| offset: /gm)?.length ?? 0)
    const verified = await tool('DumpLogSegments', [
      '--deep-iteration',
      '--verify-index-only',
      '--files',
      indexes.join(','),
    ])
    assert.doesNotMatch(verified, /Mismatches|Found timestamp mismatch|Index offset/)
    const kafka = await startApacheKafka({ dataDir, port: 0, settings })
    const server = ['--bootstrap-server', `127.0.0.1:${kafka.port}`]
    assert.equal(await consume(server, 'orders', 'others'), committed - lostCount)
    await kafka.program.end('SIGTERM')
    const served = await millrace('log', 'check', dataDir)
    assert.equal(served.code, 0, served.out)
  })
})
