import { assert } from './assert.ts'

interface Waiter {
  readonly bytes: number
  readonly granted: () => void
}

/**
 * A bound on bytes held at one time. Who can't be granted now waits in order; one grant larger than the whole budget
 * is given when nothing else is held, or it would wait for ever.
 */
export class ByteBudget {
  readonly limitBytes: number
  #heldBytes = 0
  readonly #waiters = new Set<Waiter>()

  constructor(limitBytes: number) {
    assert(limitBytes > 0, `a budget is positive, got ${limitBytes}`)
    this.limitBytes = limitBytes
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  /** What may still be granted; a fetch shrinks to it. */
  get freeBytes(): number {
    return Math.max(0, this.limitBytes - this.#heldBytes)
  }

  get waiting(): number {
    return this.#waiters.size
  }

  /** Takes `bytes` now or says that it can't. */
  tryTake(bytes: number): boolean {
    if (this.#waiters.size > 0 || !this.#fits(bytes)) return false
    this.#heldBytes += bytes
    return true
  }

  /** Calls `granted` when `bytes` are taken: in this turn or later. Returns how to give up waiting. */
  take(bytes: number, granted: () => void): () => void {
    if (this.tryTake(bytes)) {
      granted()
      return () => {}
    }
    const waiter: Waiter = { bytes, granted }
    this.#waiters.add(waiter)
    return () => {
      // The one who gives up may have been what the others stood behind.
      if (this.#waiters.delete(waiter)) this.#grantWaiting()
    }
  }

  /** Takes `bytes` before all who wait, over the limit where it must be: for what lies in memory already. */
  takeAnyway(bytes: number): void {
    this.#heldBytes += bytes
  }

  give(bytes: number): void {
    this.#heldBytes -= bytes
    assert(this.#heldBytes >= 0, `more bytes given back than were taken: ${this.#heldBytes}`)
    this.#grantWaiting()
  }

  #fits(bytes: number): boolean {
    return this.#heldBytes === 0 || this.#heldBytes + bytes <= this.limitBytes
  }

  #grantWaiting(): void {
    for (const waiter of this.#waiters) {
      if (!this.#fits(waiter.bytes)) return
      this.#waiters.delete(waiter)
      this.#heldBytes += waiter.bytes
      waiter.granted()
    }
  }
}
