import { delay } from '../../cluster/abort.ts'
import type { ConsumerContext } from '../consumer-context.ts'

/** Less than this isn't worth a fetch: it waits until the loop has taken more. */
const worthFetchingBytes = 16 * 1024
/** Where a partition is left out because it has enough, the others wait no longer than this for more of theirs. */
const shortWaitMs = 10
/** With so much to read, the next fetch waits for a moment, so that more than one partition has room for more. */
const plentyBytes = 8 * 1024 * 1024
const togetherMs = 2

/** How much may be fetched now, and how long a fetch may wait with the broker. */
export class FetchRoom {
  readonly #context: ConsumerContext
  #reservedBytes = 0
  /** How many brokers share the room there is. */
  brokers = 1
  #shortWaitMs = shortWaitMs
  #takenBefore = -1

  constructor(context: ConsumerContext) {
    this.#context = context
  }

  get worthBytes(): number {
    return Math.min(worthFetchingBytes, this.#context.settings.fetchMaxBytes)
  }

  /** Whether a partition is left out while nobody takes anything, so that fetches wait long. */
  get isSlow(): boolean {
    return this.#shortWaitMs > shortWaitMs
  }

  freeBytes(): number {
    const { cluster, settings, partitions } = this.#context
    const heldBytes = (): number => partitions.bufferedBytes + cluster.fetchMemory.spentBytes
    const freeBytes = (): number => settings.fetchMaxBytes - this.#reservedBytes - heldBytes()
    if (freeBytes() >= this.worthBytes) return freeBytes()
    // What waits in paused partitions must not stand in the way of the others: it is fetched again when they go on.
    for (const state of partitions) if (state.paused) state.dropBuffered()
    return freeBytes()
  }

  /** No more than so many partitions can bring, or a broker that waits for records would hold the room of all. */
  shareOf(partitions: number): number {
    const { fetchMaxBytes, partitionFetchBytes } = this.#context.settings
    const share = Math.max(this.worthBytes, Math.floor(fetchMaxBytes / this.brokers))
    return Math.min(share, Math.max(this.worthBytes, partitions * partitionFetchBytes))
  }

  /** Keeps room for what a fetch may bring, until it is given back. */
  take(sizeBytes: number): void {
    this.#reservedBytes += sizeBytes
  }

  give(sizeBytes: number): void {
    this.#reservedBytes -= sizeBytes
  }

  /** Resolves after a moment where there is plenty to read, else at once; rejects when the consumer is closed. */
  async waitForMore(): Promise<void> {
    const { cluster, stop } = this.#context
    if (this.#readableBytes() >= plentyBytes) await delay(cluster.settings.clock, togetherMs, stop)
  }

  // What the reader has before it, should it never have to wait for a function that is at work.
  #readableBytes(): number {
    let bytes = 0
    for (const state of this.#context.partitions) if (state.flowing && !state.inHand) bytes += state.bufferedBytes
    return bytes
  }

  /** How long the next fetch may wait: short waits get longer while nothing is taken, for then no room is made. */
  nextWaitMs(): number {
    const { settings, counts } = this.#context
    if (!this.#someHaveEnough()) {
      this.#shortWaitMs = shortWaitMs
      return settings.fetchMaxWaitMs
    }
    const isStill = counts.records === this.#takenBefore
    this.#takenBefore = counts.records
    this.#shortWaitMs = isStill ? this.#shortWaitMs * 2 : shortWaitMs
    return Math.min(this.#shortWaitMs, settings.fetchMaxWaitMs)
  }

  #someHaveEnough(): boolean {
    const { partitions, settings } = this.#context
    for (const state of partitions) {
      if (state.flowing && state.bufferedBytes >= settings.partitionFetchBytes) return true
    }
    return false
  }
}
