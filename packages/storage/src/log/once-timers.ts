import type { Clock, Timer } from '@millrace/kernel'

/** Timers that run only while there is something to do, one for each key, so that an idle broker does nothing. */
export class OnceTimers {
  readonly #clock: Clock
  readonly #timers = new Map<string, Timer>()
  #stopped = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Nothing where one of that key waits already. */
  once(key: string, delayMs: number, work: () => void | Promise<void>): void {
    if (this.#timers.has(key) || this.#stopped) return
    const run = (): void | Promise<void> => {
      this.#timers.delete(key)
      return work()
    }
    this.#timers.set(key, this.#clock.setTimer(delayMs, run))
  }

  cancelAll(): void {
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
  }

  /** From here on there are none. */
  stop(): void {
    this.#stopped = true
    this.cancelAll()
  }
}
