import type { Clock, Timer } from '@millrace/kernel'
import type { FetchInterest, FetchListener } from './fetch-interest.ts'
import type { FetchPartition } from './fetch-partition.ts'
import type { FetchedPartition, FetchOptions, FetchWorld } from './fetch-read.ts'
import { failedPartition, FetchRead } from './fetch-read.ts'

export interface FetchResult {
  /** Those that there is something to say of; in a session that isn't all of them. */
  readonly asked: readonly FetchPartition[]
  /** The answer to each. */
  readonly partitions: readonly FetchedPartition[]
  /** To be called once the response is with the kernel, or will never be. */
  readonly release: () => void
}

export interface FetchOutcome {
  readonly done: (result: FetchResult) => void
  readonly failed: (error: unknown) => void
}

/**
 * One Fetch: reads what is there, and where that is too little waits until enough was appended, leadership moved or the
 * deadline came, and reads again: the partitions that moved, and those that had something.
 */
export class DelayedFetch implements FetchListener {
  readonly #world: FetchWorld
  readonly #clock: Clock
  readonly #interest: FetchInterest
  readonly #options: FetchOptions
  readonly #outcome: FetchOutcome
  #deadlineMs: number
  #timer: Timer | undefined
  /** What the last read found, and what became readable since. */
  #foundBytes = 0
  #newBytes = 0
  #isLost = false
  #isWaiting = false
  #isCancelled = false
  /** Enough came since: whatever the next read finds is the answer. */
  #enoughCame = false

  constructor(world: FetchWorld, clock: Clock, interest: FetchInterest, options: FetchOptions, outcome: FetchOutcome) {
    this.#world = world
    this.#clock = clock
    this.#interest = interest
    this.#options = options
    this.#outcome = outcome
    this.#deadlineMs = clock.monotonicMs() + options.maxWaitMs
  }

  start(): void {
    this.#interest.listen(this)
    this.#read()
  }

  /** The connection is gone: nobody reads the answer. */
  cancel(): void {
    this.#isCancelled = true
    if (!this.#isWaiting) return
    this.#stopWaiting()
    const asked = [...this.#interest.all]
    const partitions = asked.map(({ partition }) => failedPartition(partition, 'NETWORK_EXCEPTION'))
    this.#done({ asked, partitions, release: () => {} })
  }

  moved(newBytes: number, isLost: boolean): void {
    this.#newBytes += newBytes
    this.#isLost ||= isLost
    if (this.#isWaiting) this.#readIfEnough()
  }

  #readIfEnough(): void {
    this.#enoughCame = this.#foundBytes + this.#newBytes >= this.#options.minBytes
    if (this.#enoughCame || this.#isLost) this.#read()
  }

  #read(): void {
    this.#stopWaiting()
    this.#newBytes = 0
    this.#isLost = false
    const read = new FetchRead(this.#world, this.#options, this.#interest)
    try {
      const reading = read.run()
      if (reading === undefined) this.#decide(read)
      else reading.then(() => this.#decide(read)).catch((error: unknown) => this.#fail(read, error))
    } catch (error) {
      this.#fail(read, error)
    }
  }

  #decide(read: FetchRead): void {
    const leftMs = this.#deadlineMs - this.#clock.monotonicMs()
    const isEnough = read.sizeBytes >= this.#options.minBytes || (this.#enoughCame && read.sizeBytes > 0)
    if (isEnough || read.mustAnswer || leftMs <= 0 || this.#isCancelled) {
      this.#done({ asked: read.answered, partitions: read.results, release: () => read.release() })
      return
    }
    read.release()
    this.#wait(read.sizeBytes, leftMs)
  }

  #wait(foundBytes: number, leftMs: number): void {
    this.#isWaiting = true
    this.#foundBytes = foundBytes
    this.#timer = this.#clock.setTimer(leftMs, () => {
      this.#deadlineMs = -Infinity
      this.#read()
    })
    // Something may have come while files were read.
    this.#readIfEnough()
  }

  #stopWaiting(): void {
    this.#isWaiting = false
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #done(result: FetchResult): void {
    this.#interest.unlisten(this)
    this.#outcome.done(result)
  }

  #fail(read: FetchRead, error: unknown): void {
    read.release()
    read.putBack()
    this.#interest.unlisten(this)
    this.#outcome.failed(error)
  }
}
