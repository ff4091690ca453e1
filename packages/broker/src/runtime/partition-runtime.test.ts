import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asBrokerEpoch, asBrokerId, asLeaderEpoch, asPartitionEpoch, asRevision, silentLogger } from '@millrace/kernel'
import type { MetadataImage, PartitionImage, TopicImage } from '@millrace/machines'
import { emptyImage } from '@millrace/machines'
import type { LogManager } from '@millrace/storage'
import { LogWorld } from '@millrace/testkit/storage'
import { BrokerSettings } from '../config/settings.ts'
import type { Partition } from './partition.ts'
import { PartitionRuntime } from './partition-runtime.ts'

const self = asBrokerId(0)
const epoch = asBrokerEpoch(7)

function topicOf(name: string, count: number): TopicImage {
  const id = name.padEnd(22, 'A')
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

/** A runtime whose logs each take a millisecond to open; turns end when the test says so. */
class SlowlyOpened {
  readonly world = new LogWorld()
  readonly elected: string[] = []
  readonly runtime: PartitionRuntime
  #turns: (() => void)[] = []

  constructor() {
    const { world, elected } = this
    const open: LogManager['open'] = (...args) => {
      world.stall(1)
      return world.manager.open(...args)
    }
    this.runtime = new PartitionRuntime({
      brokerId: self,
      brokerEpoch: () => epoch,
      logs: Object.assign(Object.create(world.manager) as LogManager, {
        open,
        delete: world.manager.delete.bind(world.manager),
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
