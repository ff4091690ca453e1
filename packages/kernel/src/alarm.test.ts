import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Alarm } from './alarm.ts'
import type { HostTime } from './clock.ts'
import { type MovableClock, movableClock } from './movable-clock.ts'

const standing: HostTime = { wallMs: () => 0, monotonicMs: () => 0, after: () => () => {} }

/** The times at which it rang, from the start on. */
async function ringsOf(set: (alarm: Alarm, clock: MovableClock) => Promise<void>): Promise<number[]> {
  const clock = movableClock(standing, (error) => assert.fail(String(error)))
  const rings: number[] = []
  await set(new Alarm(clock, () => void rings.push(clock.monotonicMs())), clock)
  return rings
}

test('it rings once, at the earliest of the times', async () => {
  const rings = await ringsOf(async (alarm, clock) => {
    for (const atMs of [50, 20, 80, 20]) alarm.ringAt(atMs)
    await clock.advance(100)
  })
  assert.deepEqual(rings, [20])
})

test('it can be set again when it has rung, and for what is past at once', async () => {
  const rings = await ringsOf(async (alarm, clock) => {
    alarm.ringAt(10)
    await clock.advance(10)
    alarm.ringAt(5)
    await clock.advance(0)
    alarm.ringAt(30)
    await clock.advance(100)
  })
  assert.deepEqual(rings, [10, 10, 30])
})

test('once closed it rings no more', async () => {
  const rings = await ringsOf(async (alarm, clock) => {
    alarm.ringAt(10)
    alarm.close()
    alarm.ringAt(5)
    await clock.advance(100)
  })
  assert.deepEqual(rings, [])
})
