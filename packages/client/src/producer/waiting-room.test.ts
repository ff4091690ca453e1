import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HostTime } from '@millrace/kernel'
import { ByteBudget, movableClock } from '@millrace/kernel'
import { KafkaError } from '@millrace/protocol'
import { RecordDraft } from './record-draft.ts'
import type { Destination, Entry } from './waiting-room.ts'
import { WaitingRoom } from './waiting-room.ts'

/** A topic that is found when the test says so. */
class Topic implements Destination {
  readonly name = 'orders'
  known = false
  searches: PromiseWithResolvers<void>[] = []

  canPlace(): boolean {
    return this.known
  }

  find(): Promise<void> {
    const search = Promise.withResolvers<void>()
    this.searches.push(search)
    return search.promise
  }
}

const host: HostTime = { wallMs: () => 0, monotonicMs: () => 0, after: () => () => {} }

function world() {
  const clock = movableClock(host, (error) => assert.fail(String(error)))
  clock.freeze()
  const memory = new ByteBudget(100)
  const admitted: number[] = []
  const failed = new Map<number, string>()
  const terms = { clock, maxBlockMs: 1_000, bufferBytes: 100, retryBackoffMaxMs: 200, failure: () => undefined }
  const room = new WaitingRoom<Topic>(memory, terms, ({ index }) => void admitted.push(index))
  const completion = {
    succeed: () => {},
    fail: (index: number, error: unknown) => void failed.set(index, String(error)),
  }
  const add = (topic: Topic, index: number, sizeBytes: number): Entry<Topic> => {
    const draft = new RecordDraft()
    draft.sizeBytesMax = sizeBytes
    return room.add(topic, draft, completion, index, memory.tryTake(sizeBytes))
  }
  return { clock, memory, room, add, admitted, failed }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const notThere = new KafkaError('UNKNOWN_TOPIC_OR_PARTITION')

test('records go in the order of the calls when their topic is found, and those for which there is room', async () => {
  const { memory, add, admitted } = world()
  const topic = new Topic()
  const entries = [0, 1, 2].map((index) => add(topic, index, 40))
  topic.known = true
  topic.searches[0]!.resolve()
  await turn()
  assert.deepEqual([admitted, topic.searches.length], [[0, 1], 1])
  memory.give(40)
  assert.deepEqual(admitted, [0, 1, 2])
  assert.ok(entries.every(({ over }) => over))
})

test('when a topic is not found those that have time left wait for another search', async () => {
  const { clock, memory, add, admitted, failed } = world()
  const topic = new Topic()
  add(topic, 0, 10)
  await clock.advance(700)
  add(topic, 1, 10)
  await clock.advance(200)
  topic.searches[0]!.reject(notThere)
  await turn()
  assert.deepEqual([...failed.keys()], [0])
  assert.equal(memory.heldBytes, 10)
  topic.known = true
  topic.searches[1]!.resolve()
  await turn()
  assert.deepEqual(admitted, [1])
})

test('what will not pass fails all who wait', async () => {
  const { memory, add, failed } = world()
  const topic = new Topic()
  for (const index of [0, 1]) add(topic, index, 10)
  topic.searches[0]!.reject(new KafkaError('TOPIC_AUTHORIZATION_FAILED'))
  await turn()
  assert.deepEqual([failed.size, memory.heldBytes, topic.searches.length], [2, 0, 1])
})

test('nobody waits longer than maxBlockMs, for memory and metadata together', async () => {
  const { clock, memory, room, add, failed } = world()
  const topic = new Topic()
  add(topic, 0, 100)
  await clock.advance(600)
  add(topic, 1, 100)
  await clock.advance(400)
  assert.deepEqual([...failed.keys()], [0])
  assert.match(failed.get(0)!, /no metadata for a record of orders within 1000 ms/)
  await clock.advance(599)
  assert.equal(failed.size, 1)
  await clock.advance(1)
  assert.deepEqual([failed.size, memory.heldBytes, room.count], [2, 0, 0])
})
