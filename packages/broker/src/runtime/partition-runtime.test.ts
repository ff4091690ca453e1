import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asBrokerEpoch, asBrokerId, asLeaderEpoch, asPartitionEpoch, asRevision, silentLogger } from '@millrace/kernel'
import type { MetadataImage, PartitionImage, TopicImage } from '@millrace/machines'
import { emptyImage } from '@millrace/machines'
import type { LogManager } from '@millrace/storage'
import { memoryFileSystem } from '@millrace/storage'
import { batchOf, LogWorld, SeveralDisks } from '@millrace/testkit/storage'
import { BrokerSettings } from '../config/settings.ts'
import type { Partition } from './partition.ts'
import { PartitionRuntime } from './partition-runtime.ts'

const self = asBrokerId(0)
const epoch = asBrokerEpoch(7)

function topicOf(name: string, count: number, id = name.padEnd(22, 'A')): TopicImage {
  const partition = (index: number): PartitionImage => ({
    topic: name,
    topicId: id,
    partition: index,
    replicas: [self],
    leader: self,
    leaderEpoch: asLeaderEpoch(0),
    isr: [self],
    isrEpochs: [epoch],
    partitionEpoch: asPartitionEpoch(0),
    modRevision: asRevision(1),
  })
  const partitions = Array.from({ length: count }, (_, index) => partition(index))
  return { name, id, partitions, createRevision: asRevision(1), modRevision: asRevision(1) }
}

const imageOf = (...topics: TopicImage[]): MetadataImage => ({
  ...emptyImage,
  topicsByName: new Map(topics.map((topic) => [topic.name, topic])),
  topicsById: new Map(topics.map((topic) => [topic.id, topic])),
})

/** Where a test says so, the names in a folder become durable when it lets them. */
class HeldSyncs extends SeveralDisks {
  isHolding = false
  readonly held: (() => void)[] = []

  override async syncDirectoryLater(path: string): Promise<void> {
    if (this.isHolding) await new Promise<void>((resolve) => void this.held.push(resolve))
    await super.syncDirectoryLater(path)
  }
}

/** A runtime whose logs each take a millisecond to open, and to delete; turns end when the test says so. */
class SlowlyOpened {
  readonly disk = new HeldSyncs(memoryFileSystem())
  readonly world = new LogWorld({ fileSystem: this.disk })
  readonly elected: string[] = []
  readonly runtime: PartitionRuntime
  #turns: (() => void)[] = []

  constructor() {
    const { world, elected } = this
    const open: LogManager['open'] = (...args) => {
      world.stall(1)
      return world.manager.open(...args)
    }
    const remove: LogManager['delete'] = (...args) => {
      world.stall(1)
      return world.manager.delete(...args)
    }
    this.runtime = new PartitionRuntime({
      brokerId: self,
      brokerEpoch: () => epoch,
      logs: Object.assign(Object.create(world.manager) as LogManager, {
        open,
        delete: remove,
      }),
      settings: new BrokerSettings(),
      clock: world.clock,
      log: silentLogger,
      endOfTurn: () => new Promise((resolve) => void this.#turns.push(resolve)),
      onElected: ({ name }) => elected.push(name),
      onResigned: () => {},
    })
    this.runtime.update(emptyImage)
  }

  /** How long what ran in the turn took, in milliseconds. */
  async turn(): Promise<number> {
    const startMs = this.world.clock.monotonicMs()
    for (const next of this.#turns.splice(0)) next()
    for (let i = 0; i < 10; i += 1) await Promise.resolve()
    return this.world.clock.monotonicMs() - startMs
  }

  /** The longest turn, in milliseconds, of those it takes until `isDone`. */
  async turnsUntil(isDone: () => boolean): Promise<number> {
    let worstMs = 0
    for (let i = 0; i < 1_000 && !isDone(); i += 1) worstMs = Math.max(worstMs, await this.turn())
    assert.ok(isDone())
    return worstMs
  }

  /** The longest turn of those it takes until this resolves. */
  async turnsWhile(work: Promise<unknown>): Promise<number> {
    let isDone = false
    void work.finally(() => (isDone = true))
    return this.turnsUntil(() => isDone)
  }

  /** Folders of partitions: those with their names, and those that are being deleted. */
  folders(): { readonly there: number; readonly deleted: number } {
    const names = (this.disk.list('/data') ?? []).filter(({ isDirectory }) => isDirectory).map(({ name }) => name)
    const deleted = names.filter((name) => name.endsWith('-delete')).length
    return { there: names.length - deleted, deleted }
  }

  found(image: MetadataImage, topic: string, index: number): string {
    const found: Partition | string = this.runtime.leader(image, topic, index)
    return typeof found === 'string' ? found : found.name
  }
}

test('what a few milliseconds can open is open at once', () => {
  const slow = new SlowlyOpened()
  const image = imageOf(topicOf('small', 3))
  slow.runtime.update(image)
  assert.deepEqual(slow.elected, ['small-0', 'small-1', 'small-2'])
  assert.equal(slow.found(image, 'small', 2), 'small-2')
})

test('many new partitions are opened in slices; until then clients are told to come again', async () => {
  const slow = new SlowlyOpened()
  const image = imageOf(topicOf('large', 100))
  slow.runtime.update(image)
  const atOnce = slow.elected.length
  assert.ok(atOnce >= 1 && atOnce < 10, `${atOnce} at once`)
  assert.deepEqual(
    [slow.found(image, 'large', 0), slow.found(image, 'large', 99)],
    ['large-0', 'NOT_LEADER_OR_FOLLOWER'],
  )
  let worstMs = 0
  for (let i = 0; i < 100 && slow.elected.length < 100; i += 1) worstMs = Math.max(worstMs, await slow.turn())
  assert.equal(slow.elected.length, 100)
  assert.ok(worstMs < 8, `${worstMs} ms in one turn`)
  assert.equal(slow.found(image, 'large', 99), 'large-99')
})

test('who asks for a topic gets its partitions before the others', async () => {
  const slow = new SlowlyOpened()
  const [large, small] = [topicOf('large', 100), topicOf('small', 8)]
  slow.runtime.update(imageOf(large))
  slow.runtime.update(imageOf(large, small))
  const opened = slow.runtime.opened([small.id], Infinity)
  for (let i = 0; i < 3; i += 1) assert.ok((await slow.turn()) < 8)
  await opened
  assert.equal(slow.elected.filter((name) => name.startsWith('small')).length, 8)
  assert.ok(slow.elected.length < 40)
})

test('who asks waits no longer than it says, and the rest is opened all the same', async () => {
  const slow = new SlowlyOpened()
  const large = topicOf('large', 100)
  slow.runtime.update(imageOf(large))
  const opened = slow.runtime.opened([large.id], slow.world.clock.monotonicMs() + 20)
  for (let i = 0; i < 5; i += 1) await slow.turn()
  await opened
  assert.ok(slow.elected.length < 50, `${slow.elected.length} are open`)
  for (let i = 0; i < 100 && slow.elected.length < 100; i += 1) await slow.turn()
  assert.equal(slow.elected.length, 100)
})

test('a topic that is deleted while its partitions are opened is opened no further', async () => {
  const slow = new SlowlyOpened()
  const large = topicOf('large', 100)
  slow.runtime.update(imageOf(large))
  await slow.turn()
  const before = slow.elected.length
  slow.runtime.update(imageOf(topicOf('other', 1)))
  await slow.runtime.opened([large.id], Infinity)
  for (let i = 0; i < 10; i += 1) await slow.turn()
  assert.deepEqual(slow.elected.slice(before), ['other-0'])
  assert.deepEqual(
    [...slow.world.manager.logs()].map(({ topic }) => topic),
    ['other'],
  )
})

test('a broker that stops opens nothing more', async () => {
  const slow = new SlowlyOpened()
  slow.runtime.update(imageOf(topicOf('large', 100)))
  await slow.runtime.close()
  const before = slow.elected.length
  for (let i = 0; i < 5; i += 1) await slow.turn()
  assert.equal(slow.elected.length, before)
})

test('thousands of new topics of one partition each are opened in slices too, and so for who waits for them', async () => {
  const slow = new SlowlyOpened()
  const topics = Array.from({ length: 100 }, (_, index) => topicOf(`small${index}`, 1))
  slow.runtime.update(imageOf(...topics))
  const atOnce = slow.elected.length
  assert.ok(atOnce >= 1 && atOnce < 10, `${atOnce} at once`)
  const opened = slow.runtime.opened(
    topics.map(({ id }) => id),
    Infinity,
  )
  const worstMs = await slow.turnsWhile(opened)
  assert.ok(worstMs < 8, `${worstMs} ms in one turn`)
  assert.equal(slow.elected.length, 100)
})

test('many partitions that leave are deleted in slices; clients are told at once that they are gone', async () => {
  for (const topics of [[topicOf('large', 100)], Array.from({ length: 100 }, (_, index) => topicOf(`t${index}`, 1))]) {
    const slow = new SlowlyOpened()
    const image = imageOf(...topics)
    slow.runtime.update(image)
    await slow.turnsUntil(() => slow.elected.length === 100)
    slow.runtime.update(imageOf())
    const { deleted } = slow.folders()
    assert.ok(deleted >= 1 && deleted < 10, `${deleted} at once`)
    assert.deepEqual([...slow.runtime.all()], [])
    const worstMs = await slow.turnsUntil(() => slow.folders().deleted === 100)
    assert.ok(worstMs < 8, `${worstMs} ms in one turn`)
    assert.deepEqual([[...slow.world.manager.logs()], slow.folders().there], [[], 0])
  }
})

test('a topic that is made again while its earlier one is being deleted gets logs of its own', async () => {
  const slow = new SlowlyOpened()
  const [earlier, later, last] = ['1', '2', '3'].map((id) => topicOf('large', 100, id.padEnd(22, 'A')))
  assert.ok(earlier !== undefined && later !== undefined && last !== undefined)
  slow.runtime.update(imageOf(earlier))
  await slow.turnsUntil(() => slow.elected.length === 100)
  for (const log of slow.world.manager.logs()) slow.world.append(log, batchOf(['of the earlier topic']))
  slow.runtime.update(imageOf())
  slow.runtime.update(imageOf(later))
  const worstMs = await slow.turnsWhile(slow.runtime.opened([later.id], Infinity))
  assert.ok(worstMs < 8, `${worstMs} ms in one turn`)
  const logs = [...slow.world.manager.logs()]
  assert.deepEqual(
    new Set(logs.map(({ topicId, logEndOffset }) => `${topicId} ${logEndOffset}`)),
    new Set([`${later.id} 0`]),
  )
  assert.deepEqual([logs.length, slow.folders()], [100, { there: 100, deleted: 100 }])
  slow.runtime.update(imageOf(last))
  await slow.turnsUntil(() => slow.elected.length === 300)
  assert.deepEqual(slow.folders(), { there: 100, deleted: 200 })
  assert.ok([...slow.world.manager.logs()].every(({ topicId }) => topicId === last.id))
})

test('who deletes waits until no power cut brings the partitions back, or as long as it says', async () => {
  const slow = new SlowlyOpened()
  const topics = [topicOf('large', 100), topicOf('small', 2)]
  slow.runtime.update(imageOf(...topics))
  await slow.turnsUntil(() => slow.elected.length === 102)
  slow.disk.isHolding = true
  slow.runtime.update(imageOf())
  const done: string[] = []
  const wait = async (topic: string, untilMs: number): Promise<void> => {
    await slow.runtime.deleted([topic], untilMs)
    done.push(topic)
  }
  const nowMs = slow.world.clock.monotonicMs()
  const [large, small] = [wait('large', nowMs + 500), wait('small', nowMs + 50_000)]
  await slow.turnsUntil(() => slow.folders().deleted === 102)
  assert.deepEqual(done, [], 'they have other names, which a power cut takes back')
  await slow.turn()
  await slow.world.clock.advance(500)
  await slow.turnsWhile(large)
  assert.deepEqual(done, ['large'])
  slow.disk.isHolding = false
  for (const sync of slow.disk.held.splice(0)) sync()
  await slow.turnsWhile(small)
  assert.deepEqual(done, ['large', 'small'])
})

test('a broker that stops deletes first what waits to be deleted', async () => {
  const slow = new SlowlyOpened()
  slow.runtime.update(imageOf(topicOf('large', 100)))
  await slow.turnsUntil(() => slow.elected.length === 100)
  slow.runtime.update(imageOf())
  const worstMs = await slow.turnsWhile(slow.runtime.close())
  assert.ok(worstMs < 8, `${worstMs} ms in one turn`)
  assert.deepEqual(slow.folders(), { there: 0, deleted: 100 })
})
