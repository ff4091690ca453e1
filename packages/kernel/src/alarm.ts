import type { Clock, Timer } from './clock.ts'

/** One timer for many things that each have their time: it rings at the earliest, and then has to be set again. */
export class Alarm {
  readonly #clock: Clock
  readonly #ring: () => void
  #timer: Timer | undefined
  #atMs = Infinity

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock
    this.#ring = ring
  }

  /** Rings then (`monotonicMs`), or earlier where it was told so before. */
  ringAt(atMs: number): void {
    if (atMs >= this.#atMs) return
    this.#timer?.cancel()
    this.#atMs = atMs
    const delayMs = Math.max(0, Math.ceil(atMs - this.#clock.monotonicMs()))
    this.#timer = this.#clock.setTimer(delayMs, () => {
      this.#atMs = Infinity
      this.#ring()
    })
  }

  /** It rings no more. */
  close(): void {
    this.#timer?.cancel()
    this.#atMs = -Infinity
  }
}
