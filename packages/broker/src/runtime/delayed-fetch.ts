import type { Clock, Timer } from '@millrace/kernel'
import type { FetchedPartition, FetchOptions, FetchWorld } from './fetch-read.ts'
import { failedPartition, FetchRead } from './fetch-read.ts'
import type { FetchPartition } from './fetch-session.ts'
import type { DataWaiter, Partition } from './partition.ts'

export interface FetchResult {
  readonly partitions: readonly FetchedPartition[]
  /** To be called once the response is with the kernel, or will never be. */
  readonly release: () => void
}

export interface FetchOutcome {
  readonly done: (result: FetchResult) => void
  readonly failed: (error: unknown) => void
}

/**
 * One Fetch: reads what is there, and where that is too little waits in its partitions' lists until enough was
 * appended, leadership moved or the deadline came, and reads again.
 */
export class DelayedFetch implements DataWaiter {
  readonly #world: FetchWorld
  readonly #clock: Clock
  readonly #asked: readonly FetchPartition[]
  readonly #options: FetchOptions
  readonly #outcome: FetchOutcome
  #deadlineMs: number
  #timer: Timer | undefined
  #waitingOn: readonly Partition[] = []
  /** What the last read found, and the partitions' counters of readable bytes at that time. */
  #foundBytes = 0
  #readableBytes = 0
  #isWaiting = false
  /** Enough came since: whatever the next read finds is the answer. */
  #enoughCame = false

  constructor(
    world: FetchWorld,
    clock: Clock,
    asked: readonly FetchPartition[],
    options: FetchOptions,
    outcome: FetchOutcome,
  ) {
    this.#world = world
    this.#clock = clock
    this.#asked = asked
    this.#options = options
    this.#outcome = outcome
    this.#deadlineMs = clock.monotonicMs() + options.maxWaitMs
  }

  start(): void {
    this.#read()
  }

  /** The connection is gone: nobody reads the answer. */
  cancel(): void {
    if (!this.#isWaiting) return
    this.#stopWaiting()
    const partitions = this.#asked.map(({ partition }) => failedPartition(partition, 'NETWORK_EXCEPTION'))
    this.#outcome.done({ partitions, release: () => {} })
  }

  partitionMoved(): void {
    if (!this.#isWaiting) return
    this.#enoughCame = this.#hasEnough()
    if (this.#enoughCame || this.#waitingOn.some((partition) => partition.leaderError(-1) !== null)) this.#read()
  }

  #hasEnough(): boolean {
    let newBytes = -this.#readableBytes
    for (const partition of this.#waitingOn) newBytes += partition.readableBytes
    return this.#foundBytes + newBytes >= this.#options.minBytes
  }

  #read(): void {
    this.#stopWaiting()
    const read = new FetchRead(this.#world, this.#options)
    try {
      const reading = read.run(this.#asked)
      if (reading === undefined) this.#decide(read)
      else reading.then(() => this.#decide(read)).catch((error: unknown) => this.#fail(read, error))
    } catch (error) {
      this.#fail(read, error)
    }
  }

  #decide(read: FetchRead): void {
    const leftMs = this.#deadlineMs - this.#clock.monotonicMs()
    const isEnough = read.sizeBytes >= this.#options.minBytes || (this.#enoughCame && read.sizeBytes > 0)
    if (isEnough || read.mustAnswer || leftMs <= 0) {
      this.#outcome.done({ partitions: read.results, release: () => read.release() })
      return
    }
    read.release()
    this.#wait(read, leftMs)
  }

  #wait(read: FetchRead, leftMs: number): void {
    this.#isWaiting = true
    this.#waitingOn = read.readable
    this.#foundBytes = read.sizeBytes
    this.#readableBytes = read.readableBytes
    for (const partition of this.#waitingOn) partition.addDataWaiter(this)
    this.#timer = this.#clock.setTimer(leftMs, () => {
      this.#deadlineMs = -Infinity
      this.#read()
    })
    // What came while files were read isn't told again.
    if (read.wasAsynchronous) this.partitionMoved()
  }

  #stopWaiting(): void {
    this.#isWaiting = false
    for (const partition of this.#waitingOn) partition.removeDataWaiter(this)
    this.#waitingOn = []
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #fail(read: FetchRead, error: unknown): void {
    read.release()
    this.#outcome.failed(error)
  }
}
