import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HostTime } from './clock.ts'
import { durationMs, movableClock } from './movable-clock.ts'

// A host whose time stands still unless the test moves it, and whose own timers never fire.
function stillHost(): HostTime & { nowMs: number } {
  const host = {
    nowMs: 1_000,
    wallMs: () => host.nowMs,
    monotonicMs: () => host.nowMs,
    after: () => () => {},
  }
  return host
}

const fail = (error: unknown): never => {
  throw error
}

test('advance fires timers in the order of time, also those that work sets on the way', async () => {
  const clock = movableClock(stillHost(), fail)
  const fired: string[] = []
  clock.setTimer(300, () => void fired.push(`c at ${clock.monotonicMs()}`))
  clock.setTimer(100, () => {
    fired.push(`a at ${clock.monotonicMs()}`)
    clock.setTimer(100, () => void fired.push(`b at ${clock.monotonicMs()}`))
  })
  await clock.advance(300)
  assert.deepEqual(fired, ['a at 1100', 'b at 1200', 'c at 1300'])
})

test('the wall clock shows whole milliseconds, also to a timer that fires on the way', async () => {
  const host = { ...stillHost(), monotonicMs: () => 1_000.4 }
  const clock = movableClock(host, fail)
  const shown: number[] = []
  clock.setTimer(100.3, () => void shown.push(clock.wallMs()))
  await clock.advance(300)
  clock.freeze()
  host.monotonicMs = () => 1_200.9
  clock.unfreeze()
  assert.deepEqual([...shown, clock.wallMs()], [1_100, 1_100])
})

test('advance resolves when the work of its timers is done', async () => {
  const clock = movableClock(stillHost(), fail)
  let done = false
  clock.setTimer(1, async () => {
    await new Promise((resolve) => setImmediate(resolve))
    done = true
  })
  await clock.advance('1s')
  assert.equal(done, true)
})

test('keepSessions moves time but not the time of sessions', async () => {
  const clock = movableClock(stillHost(), fail)
  const fired: string[] = []
  clock.setTimer(1_000, () => void fired.push('retention'))
  clock.sessions.setTimer(1_000, () => void fired.push('session'))
  await clock.advance('7d', { keepSessions: true })
  assert.deepEqual(fired, ['retention'])
  assert.equal(clock.sessions.monotonicMs(), 1_000)
  await clock.advance(1_000)
  assert.deepEqual(fired, ['retention', 'session'])
})

test('a frozen clock stands still until it is advanced, and goes on from there', async () => {
  const host = stillHost()
  const clock = movableClock(host, fail)
  clock.freeze()
  host.nowMs += 500
  assert.equal(clock.wallMs(), 1_000)
  await clock.advance(50)
  assert.equal(clock.wallMs(), 1_050)
  clock.unfreeze()
  host.nowMs += 10
  assert.equal(clock.wallMs(), 1_060)
})

test('a timer that was cancelled does not fire', async () => {
  const clock = movableClock(stillHost(), fail)
  clock.setTimer(10, () => assert.fail('cancelled')).cancel()
  await clock.advance(100)
})

test('a duration is milliseconds or text with a unit, and anything else is refused with what was expected', () => {
  assert.equal(durationMs('7d'), 604_800_000)
  assert.equal(durationMs('1.5s'), 1_500)
  assert.equal(durationMs(20), 20)
  assert.throws(() => durationMs('soon'), /got 'soon', expected a number and ms, s, m, h or d/)
})
