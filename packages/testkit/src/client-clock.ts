import type { TestContext } from 'node:test'
import { systemClock } from '@millrace/connection'
import { type MovableClock, movableClock, type TimerWork } from '@millrace/kernel'

/**
 * The clock of all clients of this process, until the test ends: it runs as it always does, and the test may put it
 * ahead. So a time-out can be as long as the slowest machine needs, and falls due when the test says so.
 */
export function clientClock(t: Pick<TestContext, 'mock'>): MovableClock {
  const host = { ...systemClock }
  const clock = movableClock(
    {
      wallMs: () => host.wallMs(),
      monotonicMs: () => host.monotonicMs(),
      after: (delayMs, work) => {
        const timer = host.setTimer(delayMs, work)
        return () => timer.cancel()
      },
    },
    (error) =>
      queueMicrotask(() => {
        throw error
      }),
  )
  t.mock.method(systemClock, 'wallMs', () => clock.wallMs())
  t.mock.method(systemClock, 'monotonicMs', () => clock.monotonicMs())
  t.mock.method(systemClock, 'setTimer', (delayMs: number, work: TimerWork) => clock.setTimer(delayMs, work))
  return clock
}
