import type { Clock } from '@millrace/kernel'
import { hostClock } from '@millrace/kernel'

/** The machine's own time; what a timer throws becomes an uncaught error, as if it had been set directly. */
export const systemClock: Clock = hostClock(
  {
    wallMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    after: (delayMs, work) => {
      const timer = setTimeout(work, delayMs)
      return () => clearTimeout(timer)
    },
  },
  (error) =>
    queueMicrotask(() => {
      throw error
    }),
)
