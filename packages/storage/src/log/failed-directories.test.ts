import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asOffset } from '@millrace/kernel'
import { batchOf, LogWorld, readAll, SeveralDisks } from '@millrace/testkit/storage'
import { memoryFileSystem } from '../io/memory.ts'
import type { AppendOutcome } from './partition-log.ts'

const directories = ['/a', '/b']
const errorOf = (outcome: AppendOutcome): string => (outcome.ok ? 'ok' : outcome.error)

function worldOf(): { readonly world: LogWorld; readonly disks: SeveralDisks; readonly offline: string[] } {
  const disks = new SeveralDisks(memoryFileSystem())
  const world = new LogWorld({ fileSystem: disks, directories })
  const offline: string[] = []
  world.manager.onDirectoryOffline((path) => offline.push(path))
  return { world, disks, offline }
}

const online = (world: LogWorld): readonly boolean[] => world.manager.directories().map((one) => one.online)

test('a directory whose disk breaks goes offline with its partitions, and the others serve', async () => {
  const { world, disks, offline } = worldOf()
  const [lost, kept] = [world.open({}, 'lost'), world.open({}, 'kept')]
  assert.deepEqual([lost.directory, kept.directory], directories)
  for (const log of [lost, kept]) assert.ok(world.append(log, batchOf(['a'])).ok)
  disks.breakDisk('/a')
  await assert.rejects(lost.flush(), /EIO/)
  assert.deepEqual([offline, online(world), lost.offline, kept.offline], [['/a'], [false, true], true, false])
  assert.equal(errorOf(world.append(lost, batchOf(['b']))), 'KAFKA_STORAGE_ERROR')
  const read = await lost.read({ fromOffset: asOffset(0), untilOffset: asOffset(1), maxBytes: 1, minOneBatch: true })
  assert.equal(read.ok ? '' : read.error, 'KAFKA_STORAGE_ERROR')
  assert.ok(world.append(kept, batchOf(['b'])).ok)
  await world.clock.advance('10m')
  assert.equal(world.open({}, 'new').directory, '/b')
  assert.equal(await world.manager.close(), false, 'the stop was not clean everywhere')
  assert.notEqual(disks.stat('/b/.kafka_cleanshutdown'), undefined)
})

test('a directory that can not be read at the start is offline, and nothing that may lie in it is made anew', async () => {
  const { world, disks } = worldOf()
  world.append(world.open({}, 'lost'), batchOf(['a']))
  world.append(world.open({}, 'kept'), batchOf(['a']))
  await world.manager.close()
  disks.breakDisk('/a', 'EACCES')
  world.startAgain()
  assert.deepEqual(online(world), [false, true])
  assert.deepEqual(await readAll(world.open({}, 'kept')), [[0, 'a']])
  const config = world.open({}, 'kept').config
  const id = 'AAAAAAAAAAAAAAAAAAAAAg'
  assert.throws(() => world.manager.open('lost', 0, id, config, 'maybeThere'), /may lie in .* \/a: EACCES/)
  assert.equal(world.manager.open('new', 0, id, config, 'new').directory, '/b')
  assert.equal(world.manager.alterDirectory('kept', 0, '/a'), 'KAFKA_STORAGE_ERROR')
  await world.manager.close()
  disks.mendDisk('/a')
  world.startAgain()
  assert.deepEqual(await readAll(world.manager.open('lost', 0, id, config, 'maybeThere')), [[0, 'a']])
})

test('a start without any directory fails, and says why', () => {
  const disks = new SeveralDisks(memoryFileSystem())
  for (const path of directories) disks.breakDisk(path)
  assert.throws(
    () => new LogWorld({ fileSystem: disks, directories }),
    /no log directory can be used: \/a: EIO.*; \/b: EIO/,
  )
})

test('a new partition goes to the next directory where the emptiest one turns out to be broken', () => {
  const { world, disks, offline } = worldOf()
  disks.breakDisk('/a')
  assert.equal(world.open().directory, '/b')
  assert.deepEqual(offline, ['/a'])
})

test('a directory that another broker holds, or that is another one’s, is no failure to live with', () => {
  const disks = new SeveralDisks(memoryFileSystem())
  const first = new LogWorld({ fileSystem: disks, directories: ['/a'] })
  assert.throws(() => new LogWorld({ fileSystem: disks, directories }), /can't be locked/)
  void first.manager.close()
})

test('a log whose folder can not be read takes its directory offline', async () => {
  const { world, disks, offline } = worldOf()
  world.open({}, 'lost')
  await world.restart()
  world.manager.onDirectoryOffline((path) => offline.push(path))
  disks.breakDisk('/a')
  assert.throws(() => world.open({}, 'lost'), { error: 'KAFKA_STORAGE_ERROR' })
  assert.deepEqual([offline, online(world)], [['/a'], [false, true]])
})

test('a move from or to a directory that breaks ends, and the log that is left goes on', async () => {
  for (const [broken, left] of [
    ['/a', 'lost'],
    ['/b', 'kept'],
  ] as const) {
    const disks = new SeveralDisks(memoryFileSystem())
    const world = new LogWorld({ fileSystem: disks, directories, settings: { moveBytesPerSecond: 1_000 } })
    const log = world.open({ segmentBytes: 1_500 })
    for (let i = 0; i < 100; i += 1) world.append(log, batchOf([`value ${i}`]))
    assert.equal(world.manager.alterDirectory('orders', 0, '/b'), 'NONE')
    disks.breakDisk(broken)
    for (let second = 0; second < 5; second += 1) {
      await world.clock.advance('1s')
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => void setImmediate(resolve))
    }
    assert.deepEqual(
      online(world),
      directories.map((path) => path !== broken),
    )
    assert.equal(log.offline, left === 'lost')
    assert.deepEqual([...world.manager.copies()], [])
    if (left === 'kept') assert.equal((await readAll(log)).length, 100)
  }
})

test('a topic that was deleted, and made anew, while its directory was away is the new one when it comes back', async () => {
  const { world, disks } = worldOf()
  const ids = ['AAAAAAAAAAAAAAAAAAAAAg', 'AAAAAAAAAAAAAAAAAAAABA'] as const
  world.append(world.open(), batchOf(['old']))
  const { config } = world.open()
  await world.manager.close()
  disks.breakDisk('/a')
  world.startAgain()
  world.append(world.manager.open('orders', 0, ids[1], config, 'new'), batchOf(['new']))
  await world.manager.close()
  disks.mendDisk('/a')
  world.startAgain()
  const log = world.manager.open('orders', 0, ids[1], config, 'maybeThere')
  assert.deepEqual([log.directory, await readAll(log)], ['/b', [[0, 'new']]])
  const folders = (disks.list('/a') ?? []).filter(({ isDirectory }) => isDirectory)
  assert.match(folders.map(({ name }) => name).join(), /^orders-0\.[0-9a-f]{32}-stray$/)
})

test('a partition of one topic in two directories stops the start, where nothing says which went on', async () => {
  const { world, disks } = worldOf()
  world.open()
  await world.manager.close()
  disks.makeDirectory('/b/orders-0')
  const copy = disks.open('/b/orders-0/partition.metadata', 'create')
  copy.write([disks.readFile('/a/orders-0/partition.metadata') ?? new Uint8Array(0)], 0)
  assert.throws(() => world.startAgain(), /orders-0 lies in \/a and in \/b, and nothing says which/)
})
