import type { HostTime } from '@millrace/kernel'

/** The machine's own time, for a clock that is moved or one that isn't. */
export const hostTime: HostTime = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, work) {
    const timer = setTimeout(work, delayMs)
    return () => clearTimeout(timer)
  },
}

/** For errors that nobody else is told of: they end the test. */
export const rethrow = (error: unknown): never => {
  throw error
}
