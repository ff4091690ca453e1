import type { FetchedRecord } from './fetched-record.ts'
import type { PartitionState } from './partition-state.ts'
import type { Partitions } from './partitions.ts'
import type { Reader, ReadingContext } from './reader.ts'
import type { Present } from './record-loop.ts'
import { recordCostBytes, turnBytesMax } from './turns.ts'

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

interface Work {
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
  readonly #working = new Map<PartitionState, Work>()
  readonly #ended = Promise.withResolvers<void>()
  /** Taken since the event loop turned. */
  #takenBytes = 0
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
    const from = state.position
    const records = this.#takeFrom(state)
    if (records.length === 0) return
    state.take()
    const stop = new AbortController()
    this.#working.set(state, { sinceMs: this.#context.nowMs(), stop })
    void this.#work({ state, records, signal: stop.signal }, from)
  }

  #takeFrom(state: PartitionState): Shown[] {
    const before = state.bufferedBytes
    const records: Shown[] = []
    try {
      while (records.length < this.#options.recordsMax) {
        const record = state.next()
        if (record === undefined) break
        this.#add(state, record, records)
        // A batch ends where a chunk does, so that it stays within what is fetched of a partition at once.
        if (state.bufferedBytes !== before && records.length > 1) break
      }
    } catch (error) {
      // What came before a record that can't be read is worked on first.
      if (records.length === 0) throw error
    }
    if (records.length === 0 && state.waits) this.#context.serveLater(state)
    if (state.bufferedBytes !== before) this.#context.roomMade()
    return records
  }

  #add(state: PartitionState, record: FetchedRecord, records: Shown[]): void {
    try {
      const shown = this.#present(record)
      this.#context.taken(record)
      this.#takenBytes += record.sizeBytes + recordCostBytes
      if (shown !== undefined) records.push(shown)
    } catch (error) {
      state.putBack(record)
      throw error
    }
  }

  async #work(batch: TakenBatch<Shown>, from: number): Promise<void> {
    const { state, signal } = batch
    const { moves } = state
    try {
      await this.#handle(batch)
      state.done()
    } catch (error) {
      // None of it is done: it comes again to whoever reads on, unless it was committed before it came out.
      const again = state.moves === moves && state.claimedTo === Infinity
      if (again) state.moveTo(Math.max(state.doneOffset, from))
      if (!endedBy(signal, error)) this.fail(error)
    } finally {
      state.letGo()
      this.#working.delete(state)
      this.#partitions.moveToBack(state)
      if (this.#over && this.#working.size === 0) this.#ended.resolve()
      else this.#serveNext()
    }
  }

  // A function that never waits would keep everything else out: what is fetched next, for one.
  #serveNext(): void {
    if (this.#takenBytes < turnBytesMax) return this.serve()
    this.#takenBytes = 0
    setImmediate(() => this.serve())
  }
}

// What takes a signal rejects with its reason, or, as Node's own functions do, with an error that it is the cause of.
function endedBy(signal: AbortSignal, error: unknown): boolean {
  if (!signal.aborted) return false
  return error === signal.reason || (error instanceof Error && error.cause === signal.reason)
}
