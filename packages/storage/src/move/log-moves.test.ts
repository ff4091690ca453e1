import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asLeaderEpoch, asOffset, seededRandom } from '@millrace/kernel'
import { buildMarkerBatch } from '@millrace/protocol'
import { batchOf, FaultyFileSystem, LogWorld, readAll, worldStartMs } from '@millrace/testkit/storage'
import type { LogWorldOptions } from '@millrace/testkit/storage'
import type { FileSystem } from '../io/file-system.ts'
import type { AppendOutcome, PartitionLog } from '../log/partition-log.ts'

const directories = ['/a', '/b']
const config = { segmentBytes: 1_500, indexIntervalBytes: 200 }

const worldOf = (options: LogWorldOptions = {}): LogWorld => new LogWorld({ directories, ...options })

function fill(world: LogWorld, log: PartitionLog, count: number, from = 0, epoch = 0): void {
  for (let i = from; i < from + count; i += 1) {
    assert.ok(world.append(log, batchOf([`value ${i}`]), 'client', epoch).ok)
  }
  log.setHighWatermark(log.logEndOffset)
}

const values = (count: number, from = 0): [number, string][] =>
  Array.from({ length: count }, (_, i) => [from + i, `value ${from + i}`])

/** Turns of the event loop until `done`, at most so many. */
async function until(done: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2_000 && !done(); turn += 1) await new Promise((resolve) => void setImmediate(resolve))
  assert.ok(done(), 'what was waited for has come')
}

async function seconds(world: LogWorld, count: number): Promise<void> {
  for (let second = 0; second < count; second += 1) {
    await world.clock.advance('1s')
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => void setImmediate(resolve))
  }
}

const folders = (files: FileSystem, directory: string): string[] =>
  (files.list(directory) ?? []).filter(({ isDirectory }) => isDirectory).map(({ name }) => name)

async function moveTo(world: LogWorld, log: PartitionLog, path: string): Promise<void> {
  assert.equal(world.manager.alterDirectory(log.topic, log.partition, path), 'NONE')
  await until(() => log.directory === path)
}

test('a moved log has everything at its offsets, and so has the next start', async () => {
  const world = worldOf()
  const log = world.open(config)
  log.startEpoch(asLeaderEpoch(3))
  fill(world, log, 100, 0, 3)
  assert.equal(log.directory, '/a')
  await moveTo(world, log, '/b')
  assert.deepEqual(await readAll(log), values(100))
  assert.deepEqual(folders(world.fileSystem, '/b'), ['orders-0'])
  assert.match(folders(world.fileSystem, '/a').join(), /^orders-0\.[0-9a-f]{32}-delete$/)
  assert.equal(world.fileSystem.stat('/b/orders-0/.moved-from'), undefined)
  fill(world, log, 20, 100, 3)
  await world.restart()
  const again = world.open(config)
  assert.deepEqual([again.directory, again.latestEpoch], ['/b', 3])
  assert.deepEqual(await readAll(again), values(120))
  await world.manager.close()
})

test('the folder that a log was moved from goes after file.delete.delay.ms', async () => {
  const world = worldOf()
  const log = world.open({ ...config, fileDeleteDelayMs: 5_000 })
  fill(world, log, 10)
  await moveTo(world, log, '/b')
  await world.clock.advance('4s')
  assert.equal(folders(world.fileSystem, '/a').length, 1)
  await seconds(world, 2)
  assert.deepEqual(folders(world.fileSystem, '/a'), [])
})

test('what is appended while a log moves is in it, in order, and its readers go on', async () => {
  const world = worldOf({ settings: { tailCacheBytes: 1 } })
  const log = world.open(config)
  fill(world, log, 200)
  let written = 0
  log.onWritten(() => (written += 1))
  assert.equal(world.manager.alterDirectory('orders', 0, '/b'), 'NONE')
  const reads: Promise<[number, string][]>[] = []
  let count = 200
  await until(() => {
    fill(world, log, 1, count)
    count += 1
    reads.push(readAll(log))
    return log.directory === '/b'
  })
  const before = count
  fill(world, log, 10, before)
  assert.deepEqual(await readAll(log), values(before + 10))
  for (const found of await Promise.all(reads)) assert.deepEqual(found, values(found.length))
  assert.equal(written, before - 200 + 10, 'listeners are told of each turn, before and after the move')
})

test('appends that wait in the turn of the swap are answered, in order', async () => {
  const world = worldOf()
  const log = world.open(config)
  fill(world, log, 5)
  world.manager.alterDirectory('orders', 0, '/b')
  const answers: number[] = []
  const append = (value: string): boolean =>
    log.append({ records: batchOf([value]), origin: 'client', leaderEpoch: asLeaderEpoch(0) }, (outcome) => {
      assert.ok(outcome.ok)
      answers.push(outcome.baseOffset)
    })
  append('value 5')
  await until(() => log.directory === '/b')
  append('value 6')
  world.endTurn()
  assert.deepEqual(answers, [5, 6])
  assert.deepEqual(await readAll(log), values(7))
})

test('producers, their open transactions and the aborted ones go with the log', async () => {
  const world = worldOf({ settings: { tailCacheBytes: 1 } })
  const log = world.open(config)
  const begin = (producerId: number): AppendOutcome =>
    world.append(log, batchOf(['a'], { producerId, producerEpoch: 0, baseSequence: 0, transactional: true }), 'client')
  const abort = (producerId: number): void => {
    const marker = { producerId, producerEpoch: 0, committed: false, coordinatorEpoch: 0, timestampMs: worldStartMs }
    assert.ok(world.append(log, buildMarkerBatch(marker), 'coordinator').ok)
  }
  for (let producerId = 0; producerId < 40; producerId += 1) {
    begin(producerId)
    abort(producerId)
  }
  begin(100)
  log.setHighWatermark(log.logEndOffset)
  const aborted = log.abortedTransactions(asOffset(0), log.logEndOffset)
  assert.equal(aborted.length, 40)
  const before = { producers: log.producers(), aborted, lastStableOffset: log.lastStableOffset }
  const now = (of: PartitionLog): typeof before => ({
    producers: of.producers(),
    aborted: of.abortedTransactions(asOffset(0), of.logEndOffset),
    lastStableOffset: of.lastStableOffset,
  })
  await moveTo(world, log, '/b')
  assert.deepEqual(now(log), before)
  const repeated = begin(100)
  assert.ok(repeated.ok && repeated.duplicate)
  await world.restart()
  assert.deepEqual(now(world.open(config)), before)
})

test('the directory that a partition lies in gives a move up, another one starts it anew there', async () => {
  const world = new LogWorld({ directories: ['/a', '/b', '/c'], settings: { moveBytesPerSecond: 1_000 } })
  const log = world.open(config)
  fill(world, log, 300)
  world.manager.alterDirectory('orders', 0, '/b')
  await until(() => [...world.manager.copies()].length === 1)
  assert.match(folders(world.fileSystem, '/b').join(), /^orders-0\.[0-9a-f]{32}-future$/)
  assert.equal(world.manager.alterDirectory('orders', 0, '/a'), 'NONE')
  assert.match(folders(world.fileSystem, '/b').join(), /^orders-0\.[0-9a-f]{32}-delete$/)
  assert.deepEqual([[...world.manager.copies()], log.directory], [[], '/a'])
  world.manager.alterDirectory('orders', 0, '/b')
  world.manager.alterDirectory('orders', 0, '/c')
  assert.deepEqual(
    [...world.manager.copies()].map(({ directory }) => directory),
    ['/c'],
  )
  world.manager.reconfigure({ moveBytesPerSecond: Infinity })
  await seconds(world, 2)
  await until(() => log.directory === '/c')
  assert.deepEqual(await readAll(log), values(300))
})

test('no more partitions move at a time than may', async () => {
  for (const [movesMax, moving] of [
    [null, 2],
    [1, 1],
  ] as const) {
    const world = worldOf({ settings: { moveBytesPerSecond: 100_000, movesMax } })
    for (const topic of ['orders', 'payments', 'refunds']) {
      const log = world.open({ segmentBytes: 10_000_000 }, topic)
      for (let i = 0; i < 200; i += 1) world.append(log, batchOf(['x'.repeat(10_000)]))
      world.manager.alterDirectory(topic, 0, log.directory === '/a' ? '/b' : '/a')
    }
    await seconds(world, 5)
    const begun = [...world.manager.copies()].filter(({ sizeBytes }) => sizeBytes > 0)
    assert.equal(begun.length, moving)
    await world.manager.close()
  }
})

test('moves copy no more in a second than they may', async () => {
  const world = worldOf({ settings: { moveBytesPerSecond: 100_000 } })
  const log = world.open({ segmentBytes: 10_000_000 })
  for (let i = 0; i < 300; i += 1) world.append(log, batchOf(['x'.repeat(10_000)]))
  world.manager.alterDirectory('orders', 0, '/b')
  const copied: number[] = []
  for (let second = 0; second < 10; second += 1) {
    await seconds(world, 1)
    copied.push([...world.manager.copies()][0]?.sizeBytes ?? -1)
  }
  for (const [i, bytes] of copied.entries()) {
    assert.ok(bytes >= i * 80_000 && bytes <= (i + 2) * 110_000, `${bytes} bytes after ${i + 1} seconds`)
  }
  await world.manager.close()
})

test('a half-moved log goes on where it was after a restart, also where records were cut meanwhile', async () => {
  const world = worldOf({ settings: { moveBytesPerSecond: 20_000 } })
  const log = world.open({ ...config, segmentBytes: 50_000 })
  fill(world, log, 20_000)
  world.manager.alterDirectory('orders', 0, '/b')
  await seconds(world, 5)
  const [copy] = world.manager.copies()
  assert.ok(copy !== undefined && copy.sizeBytes > 10_000 && copy.offsetLag > 10_000, JSON.stringify(copy))
  await log.truncateTo(asOffset(19_000))
  const [future] = folders(world.fileSystem, '/b')
  await world.restart()
  const again = world.open({ ...config, segmentBytes: 50_000 })
  const [resumed] = world.manager.copies()
  assert.ok(resumed !== undefined && resumed.sizeBytes >= copy.sizeBytes, 'what was copied is not copied again')
  assert.deepEqual(folders(world.fileSystem, '/b'), [future])
  world.manager.reconfigure({ moveBytesPerSecond: Infinity })
  await seconds(world, 2)
  await until(() => again.directory === '/b')
  assert.deepEqual(await readAll(again), values(19_000))
})

test('a log that is cut shorter than what was copied of it is moved as it is then', async () => {
  const world = worldOf({ settings: { moveBytesPerSecond: 100_000 } })
  const log = world.open(config)
  fill(world, log, 20_000)
  world.manager.alterDirectory('orders', 0, '/b')
  await seconds(world, 3)
  const copied = 20_000 - ([...world.manager.copies()][0]?.offsetLag ?? 0)
  assert.ok(copied > 100, `${copied} offsets were copied`)
  await log.truncateTo(asOffset(50))
  for (let i = 50; i < 400; i += 1) world.append(log, batchOf([`other ${i}`]), 'client', 1)
  world.manager.reconfigure({ moveBytesPerSecond: Infinity })
  await seconds(world, 2)
  await until(() => log.directory === '/b')
  const other = Array.from({ length: 350 }, (_, i) => [50 + i, `other ${50 + i}`])
  assert.deepEqual(await readAll(log), [...values(50), ...other])
})

test('records deleted while a log moves, and segments that fall below its start, do not come back with it', async () => {
  const world = worldOf({ settings: { moveBytesPerSecond: 20_000 } })
  const log = world.open(config)
  fill(world, log, 2_000)
  world.manager.alterDirectory('orders', 0, '/b')
  await seconds(world, 1)
  await log.advanceLogStart(asOffset(1_500))
  await world.manager.runRetention()
  await seconds(world, 1)
  world.manager.reconfigure({ moveBytesPerSecond: Infinity })
  await seconds(world, 2)
  await until(() => log.directory === '/b')
  assert.equal(log.logStartOffset, 1_500)
  await world.restart()
  const again = world.open(config)
  assert.deepEqual([again.directory, Number(again.logStartOffset)], ['/b', 1_500])
  assert.deepEqual(await readAll(again), values(500, 1_500))
})

test('a cordoned directory takes no new partition and none that moves, and keeps what it has', async () => {
  const world = worldOf()
  const log = world.open(config)
  fill(world, log, 10)
  world.manager.reconfigure({ cordonedDirectories: ['/b'] })
  assert.equal(world.open(config, 'payments').directory, '/a', 'though /b has fewer')
  assert.equal(world.manager.alterDirectory('orders', 0, '/b'), 'INVALID_REPLICA_ASSIGNMENT')
  assert.deepEqual(
    world.manager.directories().map(({ path, cordoned }) => [path, cordoned]),
    [
      ['/a', false],
      ['/b', true],
    ],
  )
  world.manager.reconfigure({ cordonedDirectories: ['/a', '/b'] })
  assert.equal(world.open(config, 'late').directory, '/a', 'the first one, where none is left')
  world.manager.reconfigure({ cordonedDirectories: ['/a'] })
  fill(world, log, 10, 10)
  await moveTo(world, log, '/b')
  assert.deepEqual(await readAll(log), values(20))
})

test('errors are those of Kafka: unknown directory, one that is offline, a partition that is not there', async () => {
  const files = new FaultyFileSystem(seededRandom(1))
  const world = new LogWorld({ fileSystem: files, directories: ['/a', '/b', '/c'] })
  const { manager } = world
  assert.equal(manager.alterDirectory('orders', 0, '/x'), 'LOG_DIR_NOT_FOUND')
  assert.equal(manager.alterDirectory('x'.repeat(230), 0, '/b'), 'INVALID_TOPIC_EXCEPTION')
  assert.equal(manager.alterDirectory('orders', 0, '/b'), 'REPLICA_NOT_AVAILABLE')
  const log = world.open()
  assert.equal(log.directory, '/b', 'the directory that was asked for is remembered')
  assert.equal(manager.alterDirectory('orders', 0, '/b'), 'NONE')
  const failing = world.open({}, 'failing')
  assert.equal(failing.directory, '/a')
  world.append(failing, batchOf(['a']))
  files.failNext({ on: 'sync', error: 'EIO' })
  await assert.rejects(failing.flush(), /EIO/)
  assert.equal(manager.alterDirectory('orders', 0, '/a'), 'KAFKA_STORAGE_ERROR')
  assert.equal(manager.alterDirectory('failing', 0, '/b'), 'KAFKA_STORAGE_ERROR')
  assert.equal(manager.alterDirectory('orders', 0, '/c'), 'KAFKA_STORAGE_ERROR', 'no copy while a directory is away')
})

test('a move waits while its directory is full, and the log goes on', async () => {
  const files = new FaultyFileSystem(seededRandom(1))
  const world = worldOf({ fileSystem: files })
  const log = world.open()
  fill(world, log, 50)
  const before = await readAll(log)
  files.setCapacity(5_500)
  world.manager.alterDirectory('orders', 0, '/b')
  await seconds(world, 3)
  assert.deepEqual([log.directory, log.offline, await readAll(log)], ['/a', false, before])
  files.setCapacity(Infinity)
  await seconds(world, 2)
  await until(() => log.directory === '/b')
  assert.deepEqual(await readAll(log), before)
})

test('a topic that is deleted while its partition moves leaves nothing', async () => {
  const world = worldOf({ settings: { moveBytesPerSecond: 1_000 } })
  const log = world.open({ ...config, fileDeleteDelayMs: 0 })
  fill(world, log, 300)
  world.manager.alterDirectory('orders', 0, '/b')
  await world.manager.delete('orders', 0)
  await world.clock.advance('1m')
  assert.deepEqual([...folders(world.fileSystem, '/a'), ...folders(world.fileSystem, '/b')], [])
  assert.deepEqual([...world.manager.copies()], [])
})
