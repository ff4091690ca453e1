// The broker is gone for a while, and comes back.
import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Consumer, type ConsumerOptions } from '@millrace/client'
import { World } from './world.ts'

const outages = 3
const outageMs = 2_500
const limitMs = 1_000

let world: World
before(async () => {
  world = await World.start()
})
after(() => world[Symbol.asyncDispose]())

// One in the midst of a long pause between two attempts, and one at its beginning: three hit the worst of it.
async function secondsAfterReturn(topic: string, options: Partial<ConsumerOptions>): Promise<number[]> {
  await using consumer = new Consumer({ bootstrapServers: world.bootstrap, ...options })
  const records = consumer[Symbol.asyncIterator]()
  await world.write(topic, ['first'])
  await records.next()
  const tookMs: number[] = []
  for (let i = 0; i < outages; i += 1) {
    const next = records.next()
    world.proxy.refuse()
    world.proxy.reset()
    await sleep(outageMs + i * 300)
    await world.write(topic, [String(i)])
    const startMs = performance.now()
    world.proxy.heal()
    assert.equal(String((await next).value?.value), String(i))
    tookMs.push(performance.now() - startMs)
  }
  return tookMs
}

function assertSoon(t: TestContext, tookMs: readonly number[]): void {
  t.diagnostic(`after ${tookMs.map(Math.round).join(', ')} ms`)
  // A machine that is busy may hold one of them up.
  const soon = tookMs.filter((each) => each <= limitMs)
  assert.ok(soon.length >= outages - 1, `after ${tookMs.map(Math.round).join(', ')} ms`)
}

test('a consumer goes on within a second of the broker’s return', async (t) => {
  const topic = await world.topic('return-own', 1)
  assertSoon(t, await secondsAfterReturn(topic, { assignment: [{ topic, partition: 0, start: 'earliest' }] }))
})

test('a member of a group goes on within a second of the broker’s return', async (t) => {
  const topic = await world.topic('return-group', 1)
  assertSoon(t, await secondsAfterReturn(topic, { groupId: 'return', topics: [topic], autoOffsetReset: 'earliest' }))
})
