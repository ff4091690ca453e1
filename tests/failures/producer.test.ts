// A producer behind a proxy that does what networks do: what was promised is kept.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Producer, type ProducerOptions } from '@millrace/client'
import { during, type Fault, faults } from './faults.ts'
import { World } from './world.ts'

const partitions = 3
const records = 1_200
const recordsMost = 10 * records
const outstandingMost = 60

interface Sent {
  readonly partition: number
  readonly offset: number
  readonly value: string
}

async function sendUnder(
  fault: Fault,
  world: World,
  topic: string,
  options: Partial<ProducerOptions>,
): Promise<Sent[]> {
  const outstanding = new Set<Promise<unknown>>()
  let struckInFlight = 0
  const onStrike = (): void => void (struckInFlight += outstanding.size)
  const doubles = fault.losesAnswers === true && options.enableIdempotence === false
  const isShown = async (sent: number): Promise<boolean> =>
    world.proxy.disturbances > 0 && struckInFlight > 0 && (!doubles || (await world.written(topic)) > sent)
  const sending = sendAll(world, topic, outstanding, isShown, options)
  const disturbances = await during(world.proxy, fault, sending, onStrike)
  assert.ok(disturbances > 0 && struckInFlight > 0, `${disturbances} disturbances, ${struckInFlight} in flight`)
  return sending
}

// Paced, so that the faults strike in between, and anew where they have shown nothing yet.
async function sendAll(
  world: World,
  topic: string,
  outstanding: Set<Promise<unknown>>,
  isShown: (sent: number) => Promise<boolean>,
  options: Partial<ProducerOptions>,
): Promise<Sent[]> {
  await using producer = new Producer({
    bootstrapServers: world.bootstrap,
    requestTimeoutMs: 300,
    retryBackoffMaxMs: 200,
    lingerMs: 2,
    batchSize: 1_000,
    ...options,
  })
  const sent: Promise<Sent>[] = []
  for (let i = 0; i % records !== 0 || i === 0 || (i < recordsMost && !(await isShown(i))); i += 1) {
    const value = String(i)
    const one = producer
      .send({ topic, value, partition: i % partitions })
      .then(({ partition, offset }) => ({ partition, offset, value }))
    sent.push(one)
    outstanding.add(one)
    const settled = (): void => void outstanding.delete(one)
    one.then(settled, settled)
    if (outstanding.size >= outstandingMost) await Promise.race(outstanding)
    if (i % 4 === 0) await sleep(1)
  }
  return Promise.all(sent)
}

async function assertExactlyOnce(world: World, topic: string, sent: readonly Sent[]): Promise<void> {
  const contents = await world.contents(topic)
  for (let partition = 0; partition < partitions; partition += 1) {
    const wanted = Array.from({ length: sent.length / partitions }, (_, i) => String(i * partitions + partition))
    const found = contents.get(partition) ?? []
    const values = found.map(({ value }) => value)
    assert.deepEqual(values, wanted)
    // And each is where the producer was told that it is.
    const told = sent.filter((each) => each.partition === partition)
    const places = told.map(({ offset, value }) => ({ offset, value }))
    assert.deepEqual(places, found)
  }
}

// They mostly wait.
suite('an idempotent producer loses nothing, writes nothing twice and keeps the order', { concurrency: 3 }, () => {
  for (const fault of faults) {
    test(`under ${fault.name}`, async () => {
      await using world = await World.start()
      const topic = await world.topic('idempotent', partitions)
      await assertExactlyOnce(world, topic, await sendUnder(fault, world, topic, {}))
    })
  }
})

// The same faults, so that the tests above show something: where an answer is lost its records are there twice.
suite('without idempotence acks=all loses nothing, and lost answers show', { concurrency: 3 }, () => {
  for (const fault of faults) {
    test(`under ${fault.name}`, async () => {
      await using world = await World.start()
      const topic = await world.topic('plain', partitions)
      const sent = await sendUnder(fault, world, topic, { enableIdempotence: false })
      const contents = [...(await world.contents(topic)).values()].map((found) => found.map(({ value }) => value))
      const found = new Set(contents.flat())
      const lost = sent.filter(({ value }) => !found.has(value))
      assert.deepEqual([lost, found.size], [[], sent.length])
      const twice = contents.flat().length - found.size
      if (fault.losesAnswers === true) assert.ok(twice > 0, 'nothing is there twice')
    })
  }
})
