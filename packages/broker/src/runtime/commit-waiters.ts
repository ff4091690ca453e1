import type { ErrorName } from '@millrace/protocol'

/** Called once: with null when everything up to the offset is committed, else with why it never will be here. */
export type CommitDone = (error: ErrorName | null) => void

export interface CommitWaiter {
  /** Whose answer was given otherwise (a timeout, a lost connection). */
  cancel(): void
}

interface Waiting {
  readonly lastOffset: number
  done: CommitDone | null
}

/** Who waits for the high watermark, in the order of offsets: waking takes from the front and scans nothing. */
export class CommitWaiters {
  #waiting: Waiting[] = []
  #first = 0

  get size(): number {
    return this.#waiting.length - this.#first
  }

  add(lastOffset: number, done: CommitDone): CommitWaiter {
    const waiting: Waiting = { lastOffset, done }
    // Appends come in order; only a repeat of an idempotent producer waits for an offset before the last one.
    let at = this.#waiting.length
    while (at > this.#first && this.#offsetAt(at - 1) > lastOffset) at -= 1
    if (at === this.#waiting.length) this.#waiting.push(waiting)
    else this.#waiting.splice(at, 0, waiting)
    return { cancel: () => void (waiting.done = null) }
  }

  /** Everything below `highWatermark` is committed. */
  wake(highWatermark: number, error: ErrorName | null): void {
    while (this.#first < this.#waiting.length && this.#offsetAt(this.#first) < highWatermark) {
      const waiting = this.#waiting[this.#first]
      this.#first += 1
      waiting?.done?.(error)
    }
    this.#compact()
  }

  fail(error: ErrorName): void {
    const all = this.#waiting.slice(this.#first)
    this.#waiting = []
    this.#first = 0
    for (const waiting of all) waiting.done?.(error)
  }

  #offsetAt(at: number): number {
    return this.#waiting[at]?.lastOffset ?? Infinity
  }

  #compact(): void {
    if (this.#first < this.#waiting.length && this.#first < 1024) return
    this.#waiting = this.#waiting.slice(this.#first)
    this.#first = 0
  }
}
