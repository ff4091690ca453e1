import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogFields, Logger } from '@millrace/kernel'
import { asOffset, seededRandom } from '@millrace/kernel'
import type { FileHandle } from '../io/file-system.ts'
import { batchOf, FaultyFileSystem, LogWorld, readAll } from '@millrace/testkit/storage'
import type { AppendOutcome } from './partition-log.ts'

const errorOf = (outcome: AppendOutcome): string => (outcome.ok ? 'ok' : outcome.error)

interface Line {
  readonly message: string
  readonly fields: LogFields | undefined
}

function recorder(): { readonly logger: Logger; readonly lines: Line[] } {
  const lines: Line[] = []
  const line = (message: string, fields?: LogFields): void => void lines.push({ message, fields })
  const logger: Logger = {
    error: line,
    warn: line,
    info: () => {},
    debug: () => {},
    debugEnabled: false,
    child: () => logger,
  }
  return { logger, lines }
}

const faulty = (seed = 1): FaultyFileSystem => new FaultyFileSystem(seededRandom(seed))

function overwrite(files: FaultyFileSystem, path: string, position: number, bytes: readonly number[]): void {
  const file: FileHandle = files.open(path, 'existing')
  file.write([Uint8Array.from(bytes)], position)
  file.sync()
}

const log0 = '/data/orders-0/00000000000000000000.log'

test('on a full disk an append is KAFKA_STORAGE_ERROR and undone; with room again the log goes on', async () => {
  const files = faulty()
  const world = new LogWorld({ fileSystem: files })
  const log = world.open()
  assert.ok(world.append(log, batchOf(['a'])).ok)
  files.setCapacity(files.space().totalBytes === Infinity ? 700 : 0)
  assert.equal(errorOf(world.append(log, batchOf(['x'.repeat(1_000)]))), 'KAFKA_STORAGE_ERROR')
  assert.deepEqual([log.offline, Number(log.logEndOffset)], [false, 1])
  files.setCapacity(Infinity)
  assert.ok(world.append(log, batchOf(['b'])).ok)
  assert.deepEqual(await readAll(log), [
    [0, 'a'],
    [1, 'b'],
  ])
})

test('a failed write that can not be undone takes the directory offline', () => {
  const files = faulty()
  const world = new LogWorld({ fileSystem: files })
  const offline: string[] = []
  world.manager.onDirectoryOffline((path, reason) => offline.push(`${path}: ${reason}`))
  const log = world.open()
  files.failNext({ on: 'write', error: 'EIO' })
  files.failNext({ on: 'truncate', error: 'EIO again' })
  assert.equal(errorOf(world.append(log, batchOf(['a']))), 'KAFKA_STORAGE_ERROR')
  assert.equal(log.offline, true)
  assert.match(offline[0] ?? '', /^\/data: .*EIO again/)
  assert.equal(errorOf(world.append(log, batchOf(['b']))), 'KAFKA_STORAGE_ERROR')
  const read = log.read({ fromOffset: asOffset(0), untilOffset: asOffset(0), maxBytes: 1, minOneBatch: true })
  assert.ok(!(read instanceof Promise) && !read.ok && read.error === 'KAFKA_STORAGE_ERROR')
  assert.equal(world.manager.directories()[0]?.online, false)
})

test('the first sync that fails takes the directory offline, and the stop is not clean', async () => {
  const files = faulty()
  const world = new LogWorld({ fileSystem: files })
  const log = world.open()
  world.append(log, batchOf(['a']))
  files.failNext({ on: 'sync', error: 'EIO' })
  await assert.rejects(log.flush(), /EIO/)
  assert.equal(log.offline, true)
  await world.manager.close()
  assert.equal(files.stat('/data/.kafka_cleanshutdown'), undefined)
})

test('with flush.messages=1 an append is answered when it is durable, and those that wait share one sync', async () => {
  const files = faulty()
  const world = new LogWorld({ fileSystem: files })
  const log = world.open({ flushIntervalMessages: 1 })
  const answers: string[] = []
  const leaderEpoch = log.latestEpoch
  for (const value of ['a', 'b']) {
    log.append({ records: batchOf([value]), origin: 'client', leaderEpoch }, (outcome) =>
      answers.push(`${value} ${outcome.ok}`),
    )
  }
  world.endTurn()
  assert.deepEqual(answers, [])
  await log.flush()
  await Promise.resolve()
  assert.deepEqual(answers, ['a true', 'b true'])
  files.restorePower()
  const again = new LogWorld({ fileSystem: files })
  assert.deepEqual(await readAll(again.open()), [
    [0, 'a'],
    [1, 'b'],
  ])
})

test('with flush.ms what was written is durable that long after it, and not before', async () => {
  for (const [waitedMs, survive] of [
    [59_999, 0],
    [60_000, 2],
  ] as const) {
    const files = faulty()
    const world = new LogWorld({ fileSystem: files })
    const log = world.open({ flushIntervalMs: 60_000 })
    for (const value of ['a', 'b']) assert.ok(world.append(log, batchOf([value])).ok)
    await world.clock.advance(waitedMs)
    files.restorePower('none')
    assert.equal((await readAll(new LogWorld({ fileSystem: files }).open())).length, survive)
  }
})

test('a torn tail is cut at the last whole batch, and the log says where', async () => {
  const files = faulty()
  const world = new LogWorld({ fileSystem: files })
  for (const value of ['a', 'b', 'c']) world.append(world.open(), batchOf([value]))
  files.killProcess()
  const size = files.stat(log0)?.sizeBytes ?? 0
  overwrite(files, log0, size - 1, [0xff])
  const { logger, lines } = recorder()
  const again = new LogWorld({ fileSystem: files, logger })
  assert.deepEqual(await readAll(again.open()), [
    [0, 'a'],
    [1, 'b'],
  ])
  const cut = lines.find(({ message }) => message.includes('torn'))
  assert.deepEqual([cut?.fields?.['offset'], cut?.fields?.['position']], [2, (2 * size) / 3])
})

test('damage before the recovery point takes the partition offline, with a message, and nothing is cut', async () => {
  const files = faulty()
  const world = new LogWorld({ fileSystem: files })
  const log = world.open()
  for (const value of ['a', 'b', 'c']) world.append(log, batchOf([value]))
  await log.flush()
  await world.clock.advance('2m')
  files.killProcess()
  const size = files.stat(log0)?.sizeBytes
  overwrite(files, log0, 65, [0xff])
  const { logger, lines } = recorder()
  const again = new LogWorld({ fileSystem: files, logger }).open()
  assert.equal(again.offline, true)
  assert.equal(files.stat(log0)?.sizeBytes, size)
  assert.match(
    lines.map(({ message }) => message).join(),
    /00000\.log is damaged at byte 0, offset 0: expected CRC \d+, got \d+ .* before offset 3 was durable.*log repair/,
  )
})

test('after a clean stop nothing of a sealed segment is read to open the log', async () => {
  const files = faulty()
  const world = new LogWorld({ fileSystem: files })
  const config = { segmentBytes: 200 }
  for (let i = 0; i < 30; i += 1) world.append(world.open(config), batchOf([`value ${i}`]))
  await world.manager.close()
  const opened: string[] = []
  const open = files.open.bind(files)
  files.open = (path, mode) => (opened.push(path), open(path, mode))
  const again = new LogWorld({ fileSystem: files })
  assert.equal(again.open(config).logEndOffset, 30)
  const logs = opened.filter((path) => path.endsWith('.log'))
  assert.equal(logs.length, 1, logs.join())
})

for (const [suffix, damage] of [
  ['.index', [0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 1]],
  ['.timeindex', [0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 7]],
  ['.index', undefined],
  ['.timeindex', undefined],
] as const) {
  test(`a ${suffix} that is ${damage === undefined ? 'missing' : 'damaged'} is built again from the log`, async () => {
    const files = faulty()
    const world = new LogWorld({ fileSystem: files })
    const config = { segmentBytes: 2_000, indexIntervalBytes: 1 }
    for (let i = 0; i < 60; i += 1) world.append(world.open(config), batchOf([`value ${i}`]))
    await world.manager.close()
    const path = log0.replace('.log', suffix)
    if (damage === undefined) files.remove(path)
    else overwrite(files, path, 0, damage)
    const { logger, lines } = recorder()
    const log = new LogWorld({ fileSystem: files, logger }).open(config)
    const all = await readAll(log)
    assert.equal(all.length, 60)
    assert.ok((await log.findByTimestamp(0, log.logEndOffset))?.offset === 0)
    assert.ok(lines.some(({ message }) => message.includes('built from the log')))
    assert.ok((files.stat(path)?.sizeBytes ?? 0) > 0)
  })
}

for (const name of [
  'recovery-point-offset-checkpoint',
  'log-start-offset-checkpoint',
  'orders-0/leader-epoch-checkpoint',
]) {
  test(`a damaged ${name} is left out, and no record is lost`, async () => {
    const files = faulty()
    const world = new LogWorld({ fileSystem: files })
    for (let i = 0; i < 5; i += 1) world.append(world.open(), batchOf([`value ${i}`]), 'client', 3)
    await world.manager.close()
    overwrite(files, `/data/${name}`, 0, [0x78, 0x78, 0x78])
    const { logger, lines } = recorder()
    const log = new LogWorld({ fileSystem: files, logger }).open()
    assert.equal((await readAll(log)).length, 5)
    assert.equal(log.latestEpoch, 3)
    assert.ok(lines.some(({ message }) => message.includes('damaged')))
  })
}

test('a directory of another broker or cluster, or of a newer version, is refused', async () => {
  const files = faulty()
  await new LogWorld({ fileSystem: files }).manager.close()
  assert.throws(
    () => new LogWorld({ fileSystem: files, clusterId: 'another' }),
    /cluster.id test-cluster .* this broker has another/,
  )
  overwrite(files, '/data/meta.properties', 0, [...new TextEncoder().encode('version=2')])
  assert.throws(() => new LogWorld({ fileSystem: files }), /version 2 is newer/)
})

test('a directory that is in use is refused', () => {
  const files = faulty()
  const first = new LogWorld({ fileSystem: files })
  assert.throws(() => new LogWorld({ fileSystem: files }), /can't be locked/)
  assert.equal(first.open().offline, false)
})

test('a folder of another topic id is refused, and can be deleted for the new one', async () => {
  const world = new LogWorld({ settings: { initialTaskDelayMs: 1e9 } })
  world.append(world.open(), batchOf(['a']))
  await world.restart()
  const other = { topic: 'orders', partition: 0, topicId: 'BBBBBBBBBBBBBBBBBBBBBg' }
  assert.throws(() => world.openAs(other), { error: 'INCONSISTENT_TOPIC_ID' })
  await world.manager.delete('orders', 0)
  assert.equal(world.openAs(other).logEndOffset, 0)
})

test('a folder that nobody opened is set aside with all that is in it, and its name is free', async () => {
  const topic = 't'.repeat(249)
  const partition = { topic, partition: 12, topicId: 'BBBBBBBBBBBBBBBBBBBBBg' }
  const world = new LogWorld({ settings: { initialTaskDelayMs: 1e9 } })
  world.append(world.openAs(partition), batchOf(['a']))
  assert.deepEqual(world.manager.unopened(), [])
  await world.restart()
  const [folder] = world.manager.unopened()
  assert.deepEqual(folder, { topic, partition: 12, directory: '/data' })
  assert.ok(folder !== undefined)
  const path = world.manager.setAside(folder)
  assert.match(path, /^\/data\/t{213}-12\.[0-9a-f]{32}-stray$/)
  assert.ok((world.fileSystem.stat(`${path}/00000000000000000000.log`)?.sizeBytes ?? 0) > 0)
  assert.equal(world.openAs(partition).logEndOffset, 0)
  assert.throws(() => world.manager.setAside(folder), /only a folder that nobody opened/)
  await world.restart()
  assert.ok(world.fileSystem.stat(path) !== undefined, 'it stays')
})

test('folders of deleted partitions that a crash left go after the start', async () => {
  const world = new LogWorld()
  world.append(world.open({ fileDeleteDelayMs: 60_000 }), batchOf(['a']))
  await world.manager.delete('orders', 0)
  await world.restart()
  await world.clock.advance('31s')
  assert.deepEqual(
    world.fileSystem.list('/data')?.filter((entry) => entry.isDirectory),
    [],
  )
})

test('a deleted partition gets another name at once and its files go later', async () => {
  const world = new LogWorld()
  const log = world.open({ fileDeleteDelayMs: 60_000 })
  world.append(log, batchOf(['a']))
  await world.manager.delete('orders', 0)
  assert.equal(world.manager.get('orders', 0), undefined)
  assert.equal(errorOf(world.append(log, batchOf(['b']))), 'KAFKA_STORAGE_ERROR')
  const folders = () =>
    (world.fileSystem.list('/data') ?? []).filter((entry) => entry.isDirectory).map(({ name }) => name)
  assert.match(folders().join(), /^orders-0\.[0-9a-f]{32}-delete$/)
  await world.clock.advance('2m')
  assert.deepEqual(folders(), [])
})

test('a stop on a full disk is not clean, and the next start finds every record', async () => {
  const files = faulty()
  const world = new LogWorld({ fileSystem: files })
  for (const value of ['a', 'b']) world.append(world.open(), batchOf([value]))
  files.setCapacity(0)
  await world.manager.close()
  assert.equal(files.stat('/data/.kafka_cleanshutdown'), undefined)
  files.setCapacity(Infinity)
  assert.deepEqual(await readAll(new LogWorld({ fileSystem: files }).open()), [
    [0, 'a'],
    [1, 'b'],
  ])
})

test('a log that ends before its recovery point after a clean stop is not taken for whole', async () => {
  const files = faulty()
  const world = new LogWorld({ fileSystem: files })
  for (const value of ['a', 'b']) world.append(world.open(), batchOf([value]))
  await world.manager.close()
  files.open(log0, 'existing').truncate(69)
  assert.equal(new LogWorld({ fileSystem: files }).open().offline, true)
})

test('a partition that can not be opened is KAFKA_STORAGE_ERROR', () => {
  const files = faulty()
  const world = new LogWorld({ fileSystem: files })
  files.failNext({ on: 'create', error: 'EROFS' })
  assert.throws(() => world.open(), {
    error: 'KAFKA_STORAGE_ERROR',
    message: /orders-0 can't be opened in \/data: EROFS/,
  })
  assert.equal(world.open().logEndOffset, 0)
})

test('a gap that begins before the recovery point takes the partition offline, and no segment behind it goes', async () => {
  const files = faulty()
  const config = { segmentBytes: 200 }
  const world = new LogWorld({ fileSystem: files })
  const log = world.open(config)
  for (let i = 0; i < 9; i += 1) world.append(log, batchOf([`value ${i}`]))
  await log.flush()
  await world.clock.advance('2m')
  for (let i = 9; i < 14; i += 1) world.append(log, batchOf([`value ${i}`]))
  files.killProcess()
  const names = (): string[] =>
    (files.list('/data/orders-0') ?? []).map(({ name }) => name).filter((name) => name.endsWith('.log'))
  const holding = names()
    .filter((name) => Number(name.slice(0, 20)) < 9)
    .toSorted()
    .at(-1)
  files.open(`/data/orders-0/${holding}`, 'existing').truncate(0)
  const before = names()
  assert.equal(new LogWorld({ fileSystem: files }).open(config).offline, true)
  assert.deepEqual(names(), before)
})

test('a damaged partition stays as it is from one start to the next: the checkpoints keep what they said of it', async () => {
  const files = faulty()
  const config = { segmentBytes: 200 }
  const world = new LogWorld({ fileSystem: files })
  const log = world.open(config)
  for (let i = 0; i < 9; i += 1) world.append(log, batchOf([`value ${i}`]))
  await log.flush()
  log.setHighWatermark(log.logEndOffset)
  await world.clock.advance('2m')
  files.killProcess()
  const logs = (): string[] =>
    (files.list('/data/orders-0') ?? []).flatMap(({ name }) =>
      name.endsWith('.log') ? `${name} ${files.stat(`/data/orders-0/${name}`)?.sizeBytes}` : [],
    )
  overwrite(files, `/data/orders-0/${logs().toSorted().at(-1)?.slice(0, 24)}`, 65, [0xff])
  const before = logs()
  for (let start = 0; start < 3; start += 1) {
    const again = new LogWorld({ fileSystem: files })
    assert.equal(again.open(config).offline, true, `start ${start}`)
    again.open(config, 'others')
    await again.clock.advance('2m')
    await again.manager.close()
    assert.deepEqual(logs(), before)
  }
})
