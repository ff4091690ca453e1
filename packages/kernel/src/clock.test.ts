import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HostTime } from './clock.ts'
import { hostClock } from './clock.ts'

function recordingHost(): HostTime & { readonly delays: number[]; fire(): void } {
  const delays: number[] = []
  let pending: (() => void) | undefined
  return {
    delays,
    wallMs: () => 0,
    monotonicMs: () => 0,
    after: (delayMs, work) => {
      delays.push(delayMs)
      pending = work
      return () => (pending = undefined)
    },
    fire: () => pending?.(),
  }
}

const fail = (error: unknown): never => {
  throw error
}

test('a timer longer than the host can count is set in parts, and can be cancelled in any of them', () => {
  const host = recordingHost()
  let fired = 0
  const timer = hostClock(host, fail).setTimer(2 ** 32, () => void (fired += 1))
  host.fire()
  host.fire()
  assert.deepEqual([host.delays, fired], [[2 ** 31 - 1, 2 ** 31 - 1, 2], 0])
  timer.cancel()
  host.fire()
  assert.equal(fired, 0)
})

test('a deadline that has passed fires with the next turn', () => {
  const host = recordingHost()
  hostClock(host, fail).setTimer(-5, () => {})
  assert.deepEqual(host.delays, [0])
})

test('what the work of a timer throws is told', async () => {
  const host = recordingHost()
  const told: unknown[] = []
  hostClock(host, (error) => told.push(error)).setTimer(1, () => Promise.reject(new Error('broken')))
  host.fire()
  await new Promise((resolve) => setImmediate(resolve))
  assert.match(String(told[0]), /broken/)
})
