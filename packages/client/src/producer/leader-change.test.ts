import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { MovingLeader } from '@millrace/testkit/moving-leader'
import { until } from '@millrace/testkit/until'
import type { ProducerOptions } from './producer-api.ts'
import { Producer } from './producer.ts'

// Longer than any test waits: who pauses after a refusal is found out.
const patient = { retryBackoffMs: 600_000, retryBackoffMaxMs: 600_000 }

function producing(t: TestContext, world: MovingLeader, options: Partial<ProducerOptions> = {}): Producer {
  const { bootstrapServers } = world
  const producer = new Producer({ bootstrapServers, lingerMs: 0, deliveryTimeoutMs: 1_200_000, ...patient, ...options })
  t.after(() => producer.close({ timeoutMs: 0 }))
  return producer
}

test('a refusal that names the new leader is followed at once, in order, without metadata', async (t) => {
  const world = await MovingLeader.start(t)
  // The new leader's address is in the refusal alone.
  world.known = [1]
  const producer = producing(t, world)
  const { topic } = world
  await producer.send({ topic, value: 'first' })
  world.takeAsked()
  world.lead(2)
  const sent = await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      // Several requests, of which some are with the old leader together.
      for (let turn = 0; turn < i; turn += 1) await Promise.resolve()
      return producer.send({ topic, value: String(i) })
    }),
  )
  assert.deepEqual(
    sent.map(({ offset }) => offset),
    Array.from({ length: 20 }, (_, i) => i + 1),
  )
  const asked = world.takeAsked()
  assert.equal(asked['Metadata 1'], undefined)
  assert.ok((asked['Produce 1'] ?? 0) > 0 && (asked['Produce 2'] ?? 0) > 0, JSON.stringify(asked))
})

test('five requests that a former leader refuses cost no metadata, and go to the next in their order', async (t) => {
  const world = await MovingLeader.start(t)
  const producer = producing(t, world, { batchSize: 1 })
  const { topic } = world
  await producer.send({ topic, value: 'first' })
  world.takeAsked()
  world.lead(2)
  const sends = Array.from({ length: 5 }, (_, i) => producer.send({ topic, value: String(i) }))
  const offsets = (await Promise.all(sends)).map(({ offset }) => offset)
  assert.deepEqual(offsets, [1, 2, 3, 4, 5])
  assert.deepEqual(world.takeAsked(), { 'Produce 1': 5, 'Produce 2': 5 })
})

const nine = (host: string, port: number) => ({
  currentLeader: { leaderId: 9, leaderEpoch: 6 },
  nodeEndpoints: [{ nodeId: 9, host, port, rack: null }],
})

test('without a leader, or with one that can not be, metadata is asked for after a pause', async (t) => {
  const lies: Readonly<Record<string, (world: MovingLeader) => ReturnType<MovingLeader['says']>>> = {
    'no leader': () => undefined,
    'an epoch that is known': (world) => ({ ...world.truth(0), currentLeader: { leaderId: 2, leaderEpoch: 5 } }),
    'an epoch that is past': (world) => ({ ...world.truth(0), currentLeader: { leaderId: 2, leaderEpoch: 4 } }),
    'a leader that is nowhere': (world) => ({ ...world.truth(0), currentLeader: { leaderId: 9, leaderEpoch: 6 } }),
    'a leader without a host': () => nine('', 9092),
    'a leader without a port': () => nine('127.0.0.1', 0),
    'a leader at a port that is none': () => nine('127.0.0.1', -1),
    'a leader at a port beyond all': () => nine('127.0.0.1', 65_536),
  }
  for (const [what, says] of Object.entries(lies)) {
    const world = await MovingLeader.start(t)
    world.says = () => says(world)
    const producer = producing(t, world, { retryBackoffMs: 20, retryBackoffMaxMs: 20 })
    const { topic } = world
    await producer.send({ topic, value: 'first' })
    world.takeAsked()
    world.lead(2)
    const { offset } = await producer.send({ topic, value: 'second' })
    assert.deepEqual([offset, world.takeAsked()], [1, { 'Produce 1': 1, 'Metadata 1': 1, 'Produce 2': 1 }], what)
  }
})

test('brokers that name one another for ever are asked only after pauses', async (t) => {
  const world = await MovingLeader.start(t)
  const producer = producing(t, world)
  const { topic } = world
  await producer.send({ topic, value: 'first' })
  world.pingPong()
  world.takeAsked()
  const sending = producer.send({ topic, value: 'second' })
  const failed = assert.rejects(sending, { name: 'ClientClosedError' })
  await until('both refused', () => world.asked.includes('Produce 1') && world.asked.includes('Produce 2'))
  // Whatever it would do without a pause, it would do in this time many times over.
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  const asked = world.takeAsked()
  assert.deepEqual([asked['Produce 1'], asked['Produce 2']], [1, 1])
  await producer.close({ timeoutMs: 0 })
  await failed
})
