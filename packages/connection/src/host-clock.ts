import type { Clock } from '@millrace/kernel'
import { hostClock } from '@millrace/kernel'

/** Node fires longer ones at once. */
const longestTimeoutMs = 2 ** 31 - 1

/** The machine's own time; what a timer throws becomes an uncaught error, as if it had been set directly. */
export const systemClock: Clock = hostClock(
  {
    wallMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    after: (delayMs, work) => {
      let timer = setTimeout(fire, Math.min(delayMs, longestTimeoutMs))
      let leftMs = delayMs - longestTimeoutMs
      function fire(): void {
        if (leftMs <= 0) return work()
        timer = setTimeout(fire, Math.min(leftMs, longestTimeoutMs))
        leftMs -= longestTimeoutMs
      }
      return () => clearTimeout(timer)
    },
  },
  (error) =>
    queueMicrotask(() => {
      throw error
    }),
)
