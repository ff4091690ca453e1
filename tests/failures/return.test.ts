// The broker is gone for a while, and comes back.
import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Consumer, Producer, type ConsumerOptions, type ConsumerRecord } from '@millrace/client'
import { HeldUp } from '@millrace/testkit/held-up'
import { World } from './world.ts'

const outages = 3
const outageMs = 2_500
const limitMs = 1_000

let world: World
before(async () => {
  world = await World.start()
})
after(() => world[Symbol.asyncDispose]())

type Loop = AsyncIterator<ConsumerRecord, undefined>

async function readUntil(loop: Loop, value: string): Promise<void> {
  let result = await loop.next()
  while (String(result.value?.value) !== value) result = await loop.next()
}

/** How long each consumer took, after each outage, to come to what had been written before the broker's return. */
async function returnsOf(consumers: readonly Consumer[], topic: string): Promise<number[]> {
  await using producer = new Producer({ bootstrapServers: world.direct })
  const write = (value: string): Promise<unknown> =>
    producer.send(consumers.map((_, partition) => ({ topic, partition, value })))
  const loops = consumers.map((consumer): Loop => consumer[Symbol.asyncIterator]())
  const all = (value: string): Promise<void>[] => loops.map((loop) => readUntil(loop, value))
  const started = all('started')
  while (consumers.some((consumer) => consumer.assignment().length !== 1)) await sleep(5)
  await write('started')
  await Promise.all(started)
  const tookMs: number[] = []
  for (let i = 0; i < outages; i += 1) {
    const going = all(String(i))
    world.proxy.refuse()
    world.proxy.reset()
    // One in the midst of a long pause between two attempts, and one at its beginning: three hit the worst of it.
    await sleep(outageMs + i * 300)
    await write(String(i))
    // The broker is in this process too.
    using heldUp = new HeldUp()
    const startMs = performance.now()
    world.proxy.heal()
    const took = async (each: Promise<void>): Promise<number> => {
      await each
      return performance.now() - startMs - heldUp.ms
    }
    tookMs.push(...(await Promise.all(going.map(took))))
  }
  return tookMs
}

async function assertSoon(t: TestContext, topic: string, options: readonly Partial<ConsumerOptions>[]): Promise<void> {
  await using consumers = new AsyncDisposableStack()
  const bootstrapServers = world.bootstrap
  const all = options.map((each) => consumers.use(new Consumer({ bootstrapServers, ...each })))
  const tookMs = (await returnsOf(all, topic)).map(Math.round)
  t.diagnostic(`after ${tookMs.join(', ')} ms`)
  assert.ok(Math.max(...tookMs) <= limitMs, `after ${tookMs.join(', ')} ms`)
}

test('a consumer goes on within a second of the broker’s return', async (t) => {
  const topic = await world.topic('return-own', 1)
  await assertSoon(t, topic, [{ assignment: [{ topic, partition: 0, start: 'earliest' }] }])
})

test('every member of a group goes on within a second of the broker’s return', async (t) => {
  const topic = await world.topic('return-group', 6)
  const member = { groupId: 'return', topics: [topic], autoOffsetReset: 'earliest' } as const
  await assertSoon(
    t,
    topic,
    Array.from({ length: 6 }, () => member),
  )
})
