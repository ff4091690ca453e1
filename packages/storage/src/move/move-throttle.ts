import type { Clock } from '@millrace/kernel'

const secondMs = 1_000

/** Bounds how many bytes all moves copy in a second: `replica.alter.log.dirs.io.max.bytes.per.second`. */
export class MoveThrottle {
  readonly #clock: Clock
  readonly #bytesPerSecond: () => number
  /** What may be copied now; below zero after a batch that was larger. */
  #leftBytes = 0
  #countedAtMs: number

  constructor(clock: Clock, bytesPerSecond: () => number) {
    this.#clock = clock
    this.#bytesPerSecond = bytesPerSecond
    this.#countedAtMs = clock.monotonicMs()
  }

  /** How much to copy at once so that a second's worth isn't one long copy. */
  get chunkBytes(): number {
    return Math.min(largestChunkBytes, Math.max(smallestChunkBytes, this.#bytesPerSecond() / 4))
  }

  copied(bytes: number): void {
    this.#count()
    this.#leftBytes -= bytes
  }

  /** Milliseconds until more may be copied, a second at most: the rate may be another one by then. */
  get waitMs(): number {
    this.#count()
    const rate = this.#bytesPerSecond()
    if (rate === Infinity || this.#leftBytes >= 0) return rate > 0 ? 0 : secondMs
    return rate > 0 ? Math.min(secondMs, Math.ceil((-this.#leftBytes / rate) * secondMs)) : secondMs
  }

  #count(): void {
    const rate = this.#bytesPerSecond()
    const nowMs = this.#clock.monotonicMs()
    const earnedBytes = ((nowMs - this.#countedAtMs) / secondMs) * rate
    this.#countedAtMs = nowMs
    this.#leftBytes = rate === Infinity ? 0 : Math.min(rate, this.#leftBytes + earnedBytes)
  }
}

const smallestChunkBytes = 16 * 1024
const largestChunkBytes = 1024 * 1024
