import type { FetchedRecord } from './fetched-record.ts'
import type { PartitionState } from './partition-state.ts'
import type { Partitions } from './partitions.ts'
import type { Reader, ReadingContext } from './reader.ts'
import type { Present } from './record-loop.ts'
import { Turns } from './turns.ts'

/** Records of one partition, in order, and whether they still are ours. */
export interface TakenBatch<Shown> {
  readonly state: PartitionState
  readonly records: readonly Shown[]
  /** Aborted when the partition goes to somebody else, or the consumer is closed. */
  readonly signal: AbortSignal
}

export interface BatchRunOptions {
  /** Partitions that are worked on at one time. */
  readonly partitionsConcurrently: number
  readonly recordsMax: number
}

interface Work<Shown> {
  readonly state: PartitionState
  /** Where its records begin. */
  readonly from: number
  readonly moves: number
  readonly records: Shown[]
  readonly sinceMs: number
  readonly stop: AbortController
}

/** Gives batches to a function: a partition's one after the other, several partitions at a time. */
export class BatchRun<Shown> implements Reader {
  readonly #partitions: Partitions
  readonly #context: ReadingContext
  readonly #options: BatchRunOptions
  readonly #present: Present<Shown>
  readonly #handle: (batch: TakenBatch<Shown>) => Promise<void>
  readonly #working = new Map<PartitionState, Work<Shown>>()
  readonly #ended = Promise.withResolvers<void>()
  readonly #turns = new Turns()
  #over = false
  #failure: { readonly error: unknown } | undefined

  constructor(
    partitions: Partitions,
    context: ReadingContext,
    options: BatchRunOptions,
    present: Present<Shown>,
    handle: (batch: TakenBatch<Shown>) => Promise<void>,
  ) {
    this.#partitions = partitions
    this.#context = context
    this.#options = options
    this.#present = present
    this.#handle = handle
  }

  /** Resolves at the end of what there is to read or when the consumer is closed; rejects with what failed. */
  async run(): Promise<void> {
    this.#context.start()
    const failure = this.#context.takeFailure()
    if (failure !== undefined) throw failure.error
    this.serve()
    await this.#ended.promise
    if (!this.#context.closed()) await this.#context.settle()
    if (this.#failure !== undefined) throw this.#failure.error
  }

  serve(): void {
    if (this.#over) return
    this.#context.cameBack()
    try {
      for (const state of this.#partitions) {
        if (this.#working.size >= this.#options.partitionsConcurrently) return
        if (!this.#working.has(state) && state.hasBuffered && state.flowing) this.#begin(state)
      }
    } catch (error) {
      this.fail(error)
    }
    if (this.#working.size === 0 && this.#context.atEnd()) this.#finish()
  }

  fail(error: unknown): boolean {
    this.#failure ??= { error }
    this.#finish()
    return true
  }

  end(): Promise<void> {
    for (const { stop } of this.#working.values()) stop.abort(new Error('the consumer is closed'))
    this.#finish()
    return this.#ended.promise
  }

  /** The partition goes to somebody else: what works on it may cut it short. */
  revoked(state: PartitionState): void {
    this.#working.get(state)?.stop.abort(new Error(`${state.key} goes to another member of the group`))
  }

  busyForMs(nowMs: number): number {
    let longestMs = 0
    for (const { sinceMs } of this.#working.values()) longestMs = Math.max(longestMs, nowMs - sinceMs)
    return longestMs
  }

  // Who still works goes on to its end; nothing new is begun.
  #finish(): void {
    this.#over = true
    if (this.#working.size === 0) this.#ended.resolve()
  }

  #begin(state: PartitionState): void {
    const { position: from, moves } = state
    const work = { state, from, moves, records: [], sinceMs: this.#context.nowMs(), stop: new AbortController() }
    const isWhole = this.#gather(work)
    if (isWhole && work.records.length === 0) return
    state.take()
    this.#working.set(state, work)
    void this.#work(work, isWhole)
  }

  // Takes what goes into the batch, as far as this turn of the event loop may; true where that is all of it.
  #gather({ state, records }: Work<Shown>): boolean {
    const before = state.bufferedBytes
    let isWhole = false
    try {
      while (!isWhole && !this.#turns.over) {
        const record = state.next()
        if (record !== undefined) this.#add(state, record, records)
        // A batch ends where a chunk does, so that it stays within what is fetched of a partition at once.
        const isChunk = state.bufferedBytes !== before && records.length > 1
        isWhole = record === undefined || isChunk || records.length >= this.#options.recordsMax
      }
    } catch (error) {
      // What came before a record that can't be read is worked on first.
      if (records.length === 0) throw error
      isWhole = true
    }
    if (records.length === 0 && state.waits) this.#context.serveLater(state)
    if (state.bufferedBytes !== before) this.#context.roomMade()
    return isWhole
  }

  #add(state: PartitionState, record: FetchedRecord, records: Shown[]): void {
    try {
      const shown = this.#present(record)
      this.#context.taken(record)
      this.#turns.took(record)
      if (shown !== undefined) records.push(shown)
    } catch (error) {
      state.putBack(record)
      throw error
    }
  }

  // False where the batch may no longer come out: the partition was moved, paused or goes, or the run is over.
  async #gatherRest(work: Work<Shown>): Promise<boolean> {
    const { state, moves } = work
    do {
      await this.#turns.next()
      if (this.#over || state.withheld || state.moves !== moves) return false
    } while (!this.#gather(work))
    return true
  }

  async #work(work: Work<Shown>, isWhole: boolean): Promise<void> {
    const { state, records, stop } = work
    try {
      if (isWhole || (await this.#gatherRest(work))) {
        if (records.length > 0) await this.#handle({ state, records, signal: stop.signal })
        state.done()
      } else this.#comesAgain(work)
    } catch (error) {
      this.#comesAgain(work)
      if (!endedBy(stop.signal, error)) this.fail(error)
    } finally {
      state.letGo()
      this.#working.delete(state)
      this.#partitions.moveToBack(state)
      if (this.#over && this.#working.size === 0) this.#ended.resolve()
      else this.#serveNext()
    }
  }

  // None of it is done: it comes again to whoever reads on, unless it was committed before it came out.
  #comesAgain({ state, from, moves }: Work<Shown>): void {
    if (state.moves !== moves || state.position === from || state.claimedTo !== Infinity) return
    const { doneOffset, doneEpoch } = state
    if (doneOffset >= from) state.moveTo(doneOffset, doneEpoch)
    else {
      state.moveTo(from)
      // What a loop had in hand when it was left isn't done for that.
      state.doneOffset = doneOffset
      state.doneEpoch = doneEpoch
    }
    this.#context.roomMade()
  }

  #serveNext(): void {
    if (this.#turns.over) void this.#turns.next().then(() => this.serve())
    else this.serve()
  }
}

// What takes a signal rejects with its reason, or, as Node's own functions do, with an error that it is the cause of.
function endedBy(signal: AbortSignal, error: unknown): boolean {
  if (!signal.aborted) return false
  return error === signal.reason || (error instanceof Error && error.cause === signal.reason)
}
