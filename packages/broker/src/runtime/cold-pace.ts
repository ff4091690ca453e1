import type { Clock } from '@millrace/kernel'

/** What a fetch may always read from files: a few hundred microseconds of work for the broker and its reader. */
const pieceBytes = 256 * 1024
/** Readers behind get this much between them also where a turn of the event loop takes long: they must catch up. */
const bytesPerMs = 256 * 1024
const answerBytesMax = 4 * 1024 * 1024
/** For so long after a Produce request there are producers. */
const producingMs = 1_000

/**
 * How much consumers that are behind read at a time. While somebody produces, a fetch reads a small piece of what lies in
 * files, and the next one comes when its reader has dealt with that: so reading, sending and taking in are one after the
 * other and leave a core to others. Answers of 5 MiB keep all of a small machine's cores busy for milliseconds, in the
 * broker and in its reader, and made a producer's p99 nine times as long (benchmarks/log.md). Nothing ever waits.
 */
export class ColdPace {
  readonly #clock: Clock
  #producedAtMs = -Infinity
  #tookAtMs = -Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Somebody produces. */
  produced(): void {
    this.#producedAtMs = this.#clock.monotonicMs()
  }

  /** The bytes that a fetch may read from files now; Infinity while nobody produces. */
  take(): number {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#producedAtMs > producingMs) return Infinity
    const sinceMs = nowMs - this.#tookAtMs
    this.#tookAtMs = nowMs
    return Math.max(pieceBytes, Math.min(sinceMs * bytesPerMs, answerBytesMax))
  }
}
