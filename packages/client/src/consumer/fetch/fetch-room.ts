import type { ConsumerContext } from '../consumer-context.ts'
import type { Wanted } from './fetch-session.ts'

/** Less than this isn't worth a fetch: it waits until the loop has taken more. */
const worthFetchingBytes = 16 * 1024
/** Where a partition is left out because it has enough, the others wait no longer than this for more of theirs. */
const shortWaitMs = 10
/** With so much to read, the next fetch waits until it brings as much as it can, but no longer than this. */
const plentyBytes = 4 * 1024 * 1024
const togetherMs = 10

/** How much may be fetched now, and how long a fetch may wait with the broker. */
export class FetchRoom {
  readonly #context: ConsumerContext
  #reservedBytes = 0
  /** How many brokers share the room there is. */
  brokers = 1
  #shortWaitMs = shortWaitMs
  #takenBefore = -1
  readonly #onTaken = new Set<() => void>()

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

  /**
   * How long a fetch of so many bytes had better wait, with so much to read that it may; 0 where it goes now. One that goes
   * as soon as one partition has room brings little, and many of them cost more than few: each is a request, and an answer
   * in memory of a size of its own. `sinceMs` is when the one before was answered.
   */
  putOffMs(wanted: readonly Wanted[], sizeBytes: number, sinceMs: number): number {
    const { settings, cluster } = this.#context
    // More can be on its way while as much is read.
    const isMuch = sizeBytes >= Math.floor(settings.fetchMaxBytes / 2 / this.brokers)
    if (isMuch || wanted.some(({ state }) => state.hurries)) return 0
    const isAll = sizeBytes >= wanted.length * settings.partitionFetchBytes && !this.#someHaveEnough()
    if (isAll || this.#readableBytes() < plentyBytes) return 0
    return Math.max(0, sinceMs + togetherMs - cluster.settings.clock.monotonicMs())
  }

  /** Resolves when something was taken or the consumer is closed, and when that took too long. */
  async whenTaken(timeoutMs: number): Promise<void> {
    const { cluster, stop } = this.#context
    const { promise, resolve } = Promise.withResolvers<void>()
    const go = (): void => resolve()
    const timer = cluster.settings.clock.setTimer(timeoutMs, go)
    stop.addEventListener('abort', go)
    this.#onTaken.add(go)
    await promise
    this.#onTaken.delete(go)
    stop.removeEventListener('abort', go)
    timer.cancel()
  }

  /** Something was taken, or may be worth fetching. */
  taken(): void {
    for (const go of this.#onTaken) go()
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
