import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asOffset } from '@millrace/kernel'
import { batchOf, LogWorld, SeveralDisks } from '@millrace/testkit/storage'
import { memoryFileSystem } from '../io/memory.ts'

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

/** Writes down what is asked of the disk; folders are synced when the test says so. */
class WatchedDisk extends SeveralDisks {
  readonly removedInTurn: string[] = []
  readonly removedLater: string[] = []
  syncedInTurn = 0
  holdsSyncs = false
  readonly syncs: (() => void)[] = []

  constructor() {
    super(memoryFileSystem())
  }

  override remove(path: string): boolean {
    this.removedInTurn.push(path)
    return super.remove(path)
  }

  override async removeLater(path: string): Promise<boolean> {
    this.removedLater.push(path)
    return super.removeLater(path)
  }

  override syncDirectory(path: string): void {
    if (path === '/data') this.syncedInTurn += 1
    super.syncDirectory(path)
  }

  override async syncDirectoryLater(path: string): Promise<void> {
    if (path === '/data' && this.holdsSyncs) await new Promise<void>((resolve) => void this.syncs.push(resolve))
  }
}

test('files of deleted segments are removed off the event loop', async () => {
  const disk = new WatchedDisk()
  const world = new LogWorld({ fileSystem: disk })
  const log = world.open({ segmentBytes: 100, retentionBytes: 0 })
  for (let i = 0; i < 5; i += 1) assert.ok(world.append(log, batchOf(['0123456789'])).ok)
  log.setHighWatermark(log.logEndOffset)
  await world.manager.runRetention()
  disk.removedInTurn.length = 0
  await world.clock.advance(60_000)
  await turn()
  assert.ok(disk.removedLater.filter((path) => path.endsWith('.log.deleted')).length >= 4)
  assert.deepEqual(
    disk.removedInTurn.filter((path) => path.endsWith('.deleted')),
    [],
  )
})

test('a log is not durable while the name of its folder is not, though somebody else asked for that before', async () => {
  const disk = new WatchedDisk()
  const world = new LogWorld({ fileSystem: disk })
  disk.holdsSyncs = true
  const durable: string[] = []
  const flush = (topic: string): Promise<void> => {
    const log = world.open({}, topic)
    assert.ok(world.append(log, batchOf(['a'])).ok)
    return log.flush().then(() => void durable.push(topic))
  }
  const first = flush('first')
  for (let i = 0; i < 5; i += 1) await turn()
  const second = flush('second')
  for (let i = 0; i < 5; i += 1) await turn()
  assert.deepEqual([durable, disk.syncs.length], [[], 1])
  disk.syncs.shift()?.()
  await first
  for (let i = 0; i < 5; i += 1) await turn()
  assert.deepEqual([durable, disk.syncs.length], [['first'], 1], 'it was made after that sync began')
  disk.syncs.shift()?.()
  await second
  assert.deepEqual(durable, ['first', 'second'])
})

test('partitions that are deleted together are made durable by one sync off the event loop, and may come again at once', async () => {
  const disk = new WatchedDisk()
  const world = new LogWorld({ fileSystem: disk })
  const topics = Array.from({ length: 20 }, (_, index) => `topic${index}`)
  for (const topic of topics) world.append(world.open({}, topic), batchOf([topic]))
  disk.holdsSyncs = true
  const before = disk.syncedInTurn
  let gone = 0
  const deletions = topics.map(async (topic) => {
    await world.manager.delete(topic, 0)
    gone += 1
  })
  assert.equal(disk.syncedInTurn, before)
  assert.equal(world.open({}, 'topic7').logEndOffset, asOffset(0))
  await turn()
  assert.deepEqual([disk.syncs.length, gone], [1, 0])
  // The first of them asked before the others were renamed.
  for (let i = 0; i < 2; i += 1) {
    disk.syncs.shift()?.()
    await turn()
  }
  await Promise.all(deletions)
  const folders = (disk.list('/data') ?? []).filter(({ isDirectory }) => isDirectory).map(({ name }) => name)
  assert.deepEqual(
    [folders.filter((name) => name.endsWith('-delete')).length, folders.includes('topic7-0')],
    [20, true],
  )
})
