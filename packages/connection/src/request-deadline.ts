import type { Clock, Timer } from '@millrace/kernel'

/** When a request's time is up: later where its broker says that it will not look at it for a while. */
export class RequestDeadline {
  readonly #clock: Clock
  readonly #onTime: () => void
  #atMs: number
  #timer: Timer | undefined

  constructor(clock: Clock, timeoutMs: number, onTime: () => void) {
    this.#clock = clock
    this.#onTime = onTime
    this.#atMs = clock.monotonicMs() + timeoutMs
    this.#timer = clock.setTimer(timeoutMs, onTime)
  }

  extend(byMs: number): void {
    if (this.#timer === undefined) return
    this.#timer.cancel()
    this.#atMs += byMs
    this.#timer = this.#clock.setTimer(Math.max(0, this.#atMs - this.#clock.monotonicMs()), this.#onTime)
  }

  cancel(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}
