// Several log directories: what Apache Kafka's own tools see of them, and partitions that move between them.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, suite, test } from 'node:test'
import { createTopics, withAdmin } from './clients/admin.ts'
import { java } from './clients/java.ts'
import { kafkajs, kafkaOf } from './clients/kafkajs.ts'
import { tool } from './peers/java-tools.ts'
import { Target } from './target/target.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-log-dirs-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const directories = ['a', 'b'].map((name) => join(folder, name))
const [first = '', second = ''] = directories
const target = await Target.start({
  dataDir: first,
  settings: { 'log.dirs': directories.join(','), 'log.segment.delete.delay.ms': '500' },
})

const replicaDirs = (...args: string[]): Promise<string> =>
  tool('kafka.interop.ReplicaDirs', [target.bootstrap, ...args])
const move = async (topic: string, partition: number, path: string): Promise<string> =>
  (await replicaDirs('move', topic, String(partition), path)).trim()

interface Described {
  readonly logDir: string
  readonly error: string | null
  readonly partitions: readonly { partition: string; size: number; offsetLag: number; isFuture: boolean }[]
}

async function describe(...topics: string[]): Promise<readonly Described[]> {
  const args = ['--bootstrap-server', target.bootstrap, '--describe', '--topic-list', topics.join(',')]
  const output = await tool('LogDirsCommand', args)
  const json = output.split('\n').find((line) => line.startsWith('{')) ?? ''
  return (JSON.parse(json) as { brokers: { logDirs: Described[] }[] }).brokers[0]?.logDirs ?? []
}

async function directoryOf(topic: string, partition: number): Promise<string | undefined> {
  const found = (await describe(topic)).find(({ partitions }) =>
    partitions.some((one) => one.partition === `${topic}-${partition}` && !one.isFuture),
  )
  return found?.logDir
}

async function untilIn(topic: string, partition: number, path: string): Promise<void> {
  const deadlineMs = performance.now() + 60_000
  while ((await directoryOf(topic, partition)) !== path) {
    assert.ok(performance.now() < deadlineMs, `${topic}-${partition} came to ${path}`)
    await sleep(50)
  }
}

const other = (path: string): string => (path === first ? second : first)
const recordsOf = (count: number, size = 10) =>
  Array.from({ length: count }, (_, i) => ({ key: `k${i}`, value: `v${i} ${'x'.repeat(size)}`, partition: 0 }))

async function throttle(bytesPerSecond: string): Promise<void> {
  const name = 'replica.alter.log.dirs.io.max.bytes.per.second'
  const broker = ['--bootstrap-server', target.bootstrap, '--entity-type', 'brokers', '--entity-name', '1']
  const change = bytesPerSecond === '' ? ['--delete-config', name] : ['--add-config', `${name}=${bytesPerSecond}`]
  await tool('kafka.admin.ConfigCommand', [...broker, '--alter', ...change])
}

suite('log directories', { skip: java.skip }, () => {
  test('new partitions go to the directory with the fewest', async () => {
    await createTopics(target.bootstrap, ['spread'], 6)
    const counts = (await describe('spread')).map(({ logDir, error, partitions }) => {
      assert.equal(error, null)
      return [logDir, partitions.length] as const
    })
    assert.deepEqual(
      new Map(counts),
      new Map([
        [first, 3],
        [second, 3],
      ]),
    )
  })

  test('a partition that is moved keeps its records, and kafka-log-dirs shows where it is', async () => {
    await createTopics(target.bootstrap, ['moved'], 1)
    await kafkajs.produce(target.bootstrap, 'moved', recordsOf(500), { codec: 'gzip' })
    const before = await kafkajs.consume(target.bootstrap, ['moved'], 500)
    const from = (await directoryOf('moved', 0)) ?? ''
    assert.equal(await move('moved', 0, other(from)), 'moved-0 moves')
    await untilIn('moved', 0, other(from))
    assert.deepEqual(await kafkajs.consume(target.bootstrap, ['moved'], 500), before)
    const deadlineMs = performance.now() + 90_000
    while (readdirSync(from).some((name) => name.startsWith('moved-'))) {
      assert.ok(performance.now() < deadlineMs, 'the folder that it was moved from goes')
      await sleep(100)
    }
    await target.restart()
    assert.equal(await directoryOf('moved', 0), other(from))
    assert.deepEqual(await kafkajs.consume(target.bootstrap, ['moved'], 500), before)
  })

  test('errors of a move are those of Apache Kafka', async () => {
    const from = (await directoryOf('moved', 0)) ?? ''
    assert.equal(await move('moved', 0, from), 'moved-0 moves')
    assert.equal(await move('moved', 0, join(folder, 'nowhere')), 'moved-0 LogDirNotFoundException')
    assert.equal(await move('absent', 0, from), 'absent-0 UnknownTopicOrPartitionException')
    const long = 'x'.repeat(230)
    assert.equal(await move(long, 0, from), `${long}-0 InvalidTopicException`)
  })

  test('a partition that is not there yet is made in the directory that was asked for', async () => {
    for (const [topic, path] of [
      ['wanted-a', first],
      ['wanted-b', second],
    ] as const) {
      assert.equal(await move(topic, 0, path), `${topic}-0 UnknownTopicOrPartitionException`)
      await createTopics(target.bootstrap, [topic], 1)
      assert.equal(await directoryOf(topic, 0), path)
    }
  })

  test('a throttled move shows its lag, outlives kill -9, and is given up by moving back', async () => {
    await createTopics(target.bootstrap, ['slow'], 1)
    for (let i = 0; i < 8; i += 1) await kafkajs.produce(target.bootstrap, 'slow', recordsOf(500, 1_000))
    const from = (await directoryOf('slow', 0)) ?? ''
    const future = async () => {
      const found = (await describe('slow')).find(({ logDir }) => logDir === other(from))
      return found?.partitions.find(({ isFuture }) => isFuture)
    }
    const futureFolder = (): string | undefined =>
      readdirSync(other(from)).find((name) => /^slow-0\.[0-9a-f]{32}-future$/.test(name))
    await throttle('50000')
    await move('slow', 0, other(from))
    const copying = await future()
    assert.ok(copying !== undefined && copying.offsetLag > 0 && copying.offsetLag <= 4_000, JSON.stringify(copying))
    assert.match(await replicaDirs('where', 'slow', '0'), new RegExp(`futureReplicaLogDir=${other(from)}`))
    const name = futureFolder()
    assert.ok(name !== undefined)
    await target.kill()
    await target.startAgain()
    assert.ok((await future()) !== undefined, 'it goes on')
    assert.equal(futureFolder(), name)
    assert.equal(await move('slow', 0, from), 'slow-0 moves')
    assert.equal(await future(), undefined)
    assert.equal(await directoryOf('slow', 0), from)
    await move('slow', 0, other(from))
    await throttle('')
    await untilIn('slow', 0, other(from))
    assert.equal((await kafkajs.consume(target.bootstrap, ['slow'], 4_000)).length, 4_000)
  })

  test('under load nothing is lost, nothing is there twice, and order is kept', async () => {
    await createTopics(target.bootstrap, ['loaded'], 1)
    const producer = kafkaOf(target.bootstrap).producer({ idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    const consumer = kafkaOf(target.bootstrap).consumer({ groupId: 'loaded-reader', maxWaitTimeInMs: 100 })
    await consumer.connect()
    await consumer.subscribe({ topics: ['loaded'], fromBeginning: true })
    const read: [string, string][] = []
    await consumer.run({
      eachMessage: ({ message }) => {
        read.push([message.offset, message.value?.toString() ?? ''])
        return Promise.resolve()
      },
    })
    const load = { sent: 0, isOn: true }
    const produce = async (): Promise<void> => {
      while (load.isOn) {
        const messages = Array.from({ length: 50 }, () => ({
          value: `${load.sent++} ${'x'.repeat(1_000)}`,
          partition: 0,
        }))
        await producer.send({ topic: 'loaded', acks: -1, messages })
      }
    }
    const producing = produce()
    while (load.sent < 3_000) await sleep(10)
    for (let moves = 0; moves < 4; moves += 1) {
      const from = (await directoryOf('loaded', 0)) ?? ''
      assert.equal(await move('loaded', 0, other(from)), 'loaded-0 moves')
      await untilIn('loaded', 0, other(from))
    }
    load.isOn = false
    await producing
    await producer.disconnect()
    const deadlineMs = performance.now() + 30_000
    while (read.length < load.sent && performance.now() < deadlineMs) await sleep(20)
    await consumer.disconnect()
    assert.deepEqual(
      read.map(([offset, value]) => [offset, value.split(' ')[0]]),
      Array.from({ length: load.sent }, (_, i) => [String(i), String(i)]),
    )
    const [offsets] = await withAdmin(target.bootstrap, (admin) => admin.fetchTopicOffsets('loaded'))
    assert.deepEqual([offsets?.low, offsets?.high], ['0', String(load.sent)])
  })

  test('DumpLogSegments reads every moved segment, and finds its indexes right', async () => {
    const path = (await directoryOf('loaded', 0)) ?? ''
    await target.stop()
    const files = (suffix: string): string =>
      readdirSync(join(path, 'loaded-0'))
        .filter((name) => name.endsWith(suffix))
        .map((name) => join(path, 'loaded-0', name))
        .join(',')
    const records = await tool('DumpLogSegments', ['--deep-iteration', '--files', files('.log')])
    assert.doesNotMatch(records, /isvalid: false|is followed by/)
    assert.ok((records.match(/^\| offset: /gm)?.length ?? 0) >= 3_000)
    const indexes = ['--deep-iteration', '--verify-index-only', '--files', `${files('.index')},${files('.timeindex')}`]
    assert.doesNotMatch(await tool('DumpLogSegments', indexes), /Mismatches|Found timestamp mismatch|Index offset/)
    await target.startAgain()
  })
})
