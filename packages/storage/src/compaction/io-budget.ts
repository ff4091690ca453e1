import type { Clock } from '@millrace/kernel'
import type { Activity } from './activity.ts'

// How far ahead of its rate it may get before somebody waits: so that there is a timer now and then, not one per read.
const aheadMsMax = 50

/** What all compaction threads together may read and write per second: `log.cleaner.io.max.bytes.per.second`. */
export class IoBudget {
  readonly #clock: Clock
  readonly #activity: Activity
  #bytesPerSecond: number
  /** When what was spent so far is paid for. */
  #paidAtMs = 0
  readonly #waiting = new Set<() => void>()
  readonly #listeners = new Set<() => void>()

  constructor(clock: Clock, activity: Activity, bytesPerSecond: number) {
    this.#clock = clock
    this.#activity = activity
    this.#bytesPerSecond = bytesPerSecond
  }

  /** Whether there is a limit at all; Kafka's default is the largest double. */
  get limited(): boolean {
    return this.#bytesPerSecond < Number.MAX_SAFE_INTEGER
  }

  /** Told when the rate was changed; returns how to stop that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Also ends the waits that the old rate asked for. */
  setRate(bytesPerSecond: number): void {
    if (bytesPerSecond === this.#bytesPerSecond) return
    this.#bytesPerSecond = bytesPerSecond
    this.#paidAtMs = this.#clock.monotonicMs()
    for (const wake of this.#waiting) wake()
    for (const listener of this.#listeners) listener()
  }

  /** Counts bytes that were moved; a promise is to be waited for, and also resolves when `stop` is given. */
  spend(bytes: number, stop: AbortSignal): Promise<void> | undefined {
    if (!this.limited || stop.aborted) return undefined
    const nowMs = this.#clock.monotonicMs()
    this.#paidAtMs = Math.max(this.#paidAtMs, nowMs) + (bytes / this.#bytesPerSecond) * 1_000
    const delayMs = this.#paidAtMs - nowMs
    return delayMs < aheadMsMax ? undefined : this.#wait(delayMs, stop)
  }

  #wait(delayMs: number, stop: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        if (!this.#waiting.delete(wake)) return
        timer.cancel()
        stop.removeEventListener('abort', wake)
        this.#activity.begin()
        resolve()
      }
      const timer = this.#clock.setTimer(delayMs, () => {
        wake()
        return this.#activity.whenQuiet()
      })
      this.#waiting.add(wake)
      stop.addEventListener('abort', wake)
      this.#activity.end()
    })
  }
}
