import type { FetchedRecord } from './fetched-record.ts'
import type { PartitionState } from './partition-state.ts'
import type { Partitions } from './partitions.ts'
import type { Reader, ReadingContext } from './reader.ts'
import { Turns } from './turns.ts'

/** What the program gets of a record as it was fetched; undefined leaves the record out. Throws where it can't be shown. */
export type Present<Shown> = (record: FetchedRecord) => Shown | undefined

type Result<Shown> = IteratorResult<Shown, undefined>

interface Waiter<Shown> {
  resolve(result: Result<Shown> | Promise<Result<Shown>>): void
  reject(error: unknown): void
}

const ended: Result<never> = { done: true, value: undefined }

/** `for await` over the records: one at a time; each is done when the next is asked for. */
export class RecordLoop<Shown> implements Reader, AsyncIterableIterator<Shown, undefined> {
  readonly #partitions: Partitions
  readonly #context: ReadingContext
  readonly #present: Present<Shown>
  readonly #turns = new Turns()
  /** The partition that records come out of now. */
  #turn: PartitionState | undefined
  #inHand: PartitionState | undefined
  #waiter: Waiter<Shown> | undefined
  #turning = false
  #asked = 0
  #seenAsked = 0
  #seenAtMs: number
  /** Whether another loop was begun while this one had a record in hand. */
  #overtaken = false

  constructor(partitions: Partitions, context: ReadingContext, present: Present<Shown>) {
    this.#partitions = partitions
    this.#context = context
    this.#present = present
    this.#seenAtMs = context.nowMs()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<Result<Shown>> {
    this.#asked += 1
    this.#settleInHand()
    return this.#turns.over ? this.#nextAfterTurn() : this.#next()
  }

  async #nextAfterTurn(): Promise<Result<Shown>> {
    this.#turning = true
    await this.#turns.next()
    this.#turning = false
    return this.#next()
  }

  #next(): Promise<Result<Shown>> {
    const turn = this.#turn
    if (turn === undefined) return this.#nextOfAny()
    try {
      return this.#takeFrom(turn) ?? this.#nextOfAny()
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Whether nobody is in the loop: it wasn't entered yet, or was left. */
  get idle(): boolean {
    return !this.waits && this.#inHand === undefined
  }

  /** Whether who is in the loop waits for the next record. */
  get waits(): boolean {
    return this.#waiter !== undefined || this.#turning
  }

  /** Another loop goes on behind the record in hand; who is still in this one is told when it asks for more. */
  giveWayTo(other: RecordLoop<Shown>): void {
    other.#inHand = this.#inHand
    this.#inHand = undefined
    this.#turn = undefined
    this.#overtaken = true
  }

  /** The loop was left: what it had in hand isn't done, and the loop may come back for the next. */
  async return(): Promise<Result<Shown>> {
    // A stream may leave while it waits for the next.
    const waiter = this.#waiter
    this.#waiter = undefined
    this.#letGo()
    if (!this.#context.closed()) await this.#context.settle()
    waiter?.resolve(ended)
    return ended
  }

  serve(): void {
    const waiter = this.#waiter
    if (waiter === undefined) return
    try {
      const taken = this.#take() ?? (this.#context.atEnd() ? this.return() : undefined)
      if (taken === undefined) return
      this.#waiter = undefined
      waiter.resolve(taken)
    } catch (error) {
      this.fail(error)
    }
  }

  fail(error: unknown): boolean {
    // What is buffered doesn't come out before whoever reads has been told.
    this.#turn = undefined
    const waiter = this.#waiter
    this.#waiter = undefined
    waiter?.reject(error)
    return waiter !== undefined
  }

  // Whoever closes the consumer may be who has the record in hand: it isn't waited for.
  end(): undefined {
    this.#turn = undefined
    this.#letGo()
    this.#waiter?.resolve(ended)
    this.#waiter = undefined
    return undefined
  }

  busyForMs(nowMs: number): number {
    if (this.#waiter === undefined && this.#asked === this.#seenAsked) return nowMs - this.#seenAtMs
    this.#seenAsked = this.#asked
    this.#seenAtMs = nowMs
    return 0
  }

  #nextOfAny(): Promise<Result<Shown>> {
    if (this.#overtaken) return Promise.reject(new TypeError('a consumer has one loop: another one was begun'))
    const failure = this.#context.takeFailure()
    if (failure !== undefined) return Promise.reject(failure.error)
    if (this.#context.closed()) return Promise.resolve(ended)
    if (this.#waiter !== undefined) return Promise.reject(new TypeError('a consumer has one loop: another one waits'))
    this.#context.start()
    this.#context.cameBack()
    try {
      const taken = this.#take()
      if (taken !== undefined) return taken
    } catch (error) {
      return Promise.reject(error)
    }
    if (this.#context.atEnd()) return this.return()
    return new Promise((resolve, reject) => (this.#waiter = { resolve, reject }))
  }

  #settleInHand(): void {
    const state = this.#inHand
    this.#inHand = undefined
    if (state?.inHand === true) state.done()
  }

  #letGo(): void {
    this.#inHand?.letGo()
    this.#inHand = undefined
  }

  #take(): Promise<Result<Shown>> | undefined {
    for (const state of this.#partitions) {
      const taken = state.hasBuffered && state.flowing ? this.#takeFrom(state) : undefined
      if (taken !== undefined) return taken
    }
    return undefined
  }

  #takeFrom(state: PartitionState): Promise<Result<Shown>> | undefined {
    const before = state.bufferedBytes
    this.#turn = state
    try {
      for (let record = state.next(); record !== undefined; record = state.next()) {
        const shown = this.#show(state, record)
        this.#turns.took(record)
        this.#context.taken(record)
        state.take()
        if (shown === undefined) state.done()
        else {
          this.#inHand = state
          return Promise.resolve({ done: false, value: shown })
        }
      }
      this.#turn = undefined
      if (state.waits) this.#context.serveLater(state)
      return undefined
    } finally {
      if (state.bufferedBytes !== before) this.#chunkDone(state)
    }
  }

  #show(state: PartitionState, record: FetchedRecord): Shown | undefined {
    try {
      return this.#present(record)
    } catch (error) {
      // It comes again, unless somebody seeks past it.
      state.putBack(record)
      throw error
    }
  }

  // Partitions take turns, a chunk each.
  #chunkDone(state: PartitionState): void {
    this.#turn = undefined
    this.#partitions.moveToBack(state)
    this.#context.roomMade()
  }
}
