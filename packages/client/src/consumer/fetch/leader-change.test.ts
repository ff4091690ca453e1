import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { MovingLeader } from '@millrace/testkit/moving-leader'
import { until } from '@millrace/testkit/until'
import { Consumer } from '../consumer.ts'

// Longer than any test waits: who pauses after a refusal is found out.
const patient = { retryBackoffMs: 600_000, retryBackoffMaxMs: 600_000 }

function reading(t: TestContext, world: MovingLeader, options: object = patient) {
  const { topic, bootstrapServers } = world
  const consumer = new Consumer({ bootstrapServers, topics: topic, start: 'earliest', ...options })
  t.after(() => consumer.close())
  const records = consumer[Symbol.asyncIterator]()
  return async (count: number): Promise<string[]> => {
    const values: string[] = []
    while (values.length < count) values.push(String((await records.next()).value?.value))
    return values
  }
}

test('a refusal that names the new leader is followed at once, from the same offset, without metadata', async (t) => {
  const world = await MovingLeader.start(t)
  world.known = [1]
  const next = reading(t, world)
  world.append(0, ['a', 'b'])
  assert.deepEqual(await next(2), ['a', 'b'])
  world.takeAsked()
  world.lead(2)
  world.append(0, ['c', 'd'])
  assert.deepEqual(await next(2), ['c', 'd'])
  const asked = world.takeAsked()
  assert.equal(asked['Metadata 1'], undefined)
  // What was read is compared with the log of the new leader (KIP-320).
  assert.equal(asked['OffsetForLeaderEpoch 2'], 1)
})

test('the session with the former leader goes on for its other partitions', async (t) => {
  const world = await MovingLeader.start(t, 2)
  const next = reading(t, world)
  world.append(0, ['a'])
  world.append(1, ['b'])
  assert.deepEqual((await next(2)).toSorted(), ['a', 'b'])
  const before = world.fetches.length
  world.lead(2)
  world.append(0, ['c'])
  assert.deepEqual(await next(1), ['c'])
  world.append(1, ['d'])
  assert.deepEqual(await next(1), ['d'])
  const later = world.fetches.slice(before)
  assert.ok(later.every(({ broker, sessionEpoch }) => broker === 2 || sessionEpoch > 0))
  assert.ok(later.some(({ broker, forgotten }) => broker === 1 && forgotten.includes(0)))
})

test('a leader that was elected anew is asked again at once with its new epoch', async (t) => {
  const world = await MovingLeader.start(t)
  const next = reading(t, world)
  world.append(0, ['a'])
  assert.deepEqual(await next(1), ['a'])
  world.takeAsked()
  world.lead(1)
  world.append(0, ['b'])
  assert.deepEqual(await next(1), ['b'])
  assert.equal(world.takeAsked()['Metadata 1'], undefined)
})

test('where a refusal names a leader that can not be, metadata is asked for after a pause', async (t) => {
  const world = await MovingLeader.start(t)
  const next = reading(t, world, { retryBackoffMs: 20, retryBackoffMaxMs: 20 })
  world.append(0, ['a'])
  assert.deepEqual(await next(1), ['a'])
  world.takeAsked()
  const currentLeader = { leaderId: 9, leaderEpoch: 1_000 }
  world.says = () => ({ currentLeader, nodeEndpoints: [{ nodeId: 9, host: '127.0.0.1', port: -1, rack: null }] })
  world.lead(2)
  world.append(0, ['b'])
  assert.deepEqual(await next(1), ['b'])
  assert.ok((world.takeAsked()['Metadata 1'] ?? 0) > 0)
})

test('brokers that name one another for ever are asked only after pauses', async (t) => {
  const world = await MovingLeader.start(t)
  const next = reading(t, world)
  world.append(0, ['a'])
  assert.deepEqual(await next(1), ['a'])
  world.pingPong()
  world.takeAsked()
  void next(1)
  await until('both refused', () => world.asked.includes('Fetch 1') && world.asked.includes('Fetch 2'))
  // Whatever it would do without a pause, it would do in this time many times over.
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  const refusals = world.asked.filter((what) => what.startsWith('Fetch'))
  assert.ok(refusals.length <= 3, refusals.join())
})

test('when brokers that named one another know better, reading goes on', async (t) => {
  const world = await MovingLeader.start(t)
  const next = reading(t, world, { retryBackoffMs: 20, retryBackoffMaxMs: 20 })
  world.append(0, ['a'])
  assert.deepEqual(await next(1), ['a'])
  world.pingPong()
  const later = next(1)
  await until('both refused, again and again', () => world.asked.filter((what) => what === 'Fetch 2').length > 3)
  world.lead(2)
  world.says = (partition) => world.truth(partition)
  world.append(0, ['b'])
  assert.deepEqual(await later, ['b'])
})
