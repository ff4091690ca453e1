import { inRange, wrong } from '../../cluster/checked.ts'
import type { ConsumerRecord } from '../../record.ts'
import type { ConsumerSpans } from '../../telemetry/consumer-spans.ts'
import type { RunOptions } from '../consumer-api.ts'
import type { AwaitedCalls } from './awaited-calls.ts'
import { BatchRun, type TakenBatch } from './batch-run.ts'
import type { PartitionState } from './partition-state.ts'
import type { Partitions } from './partitions.ts'
import type { Reader, ReadingContext } from './reader.ts'
import type { Present } from './record-loop.ts'
import { RecordLoop } from './record-loop.ts'

interface Parts<Shown> {
  readonly partitions: Partitions
  readonly present: Present<Shown>
  readonly calls: AwaitedCalls
  readonly spans: ConsumerSpans | undefined
  readonly context: Omit<ReadingContext, 'takeFailure'>
}

/** Who reads from a consumer: its loop, or a run; one at a time. */
export class Readers<Shown extends ConsumerRecord<unknown, unknown>> {
  readonly #parts: Parts<Shown>
  readonly #context: ReadingContext
  #now: Reader | undefined
  #loop: RecordLoop<Shown> | undefined
  #tracedLoop: AsyncIterableIterator<Shown, undefined> | undefined
  /** An error that nobody has been told of yet. */
  #failure: { readonly error: unknown; readonly stillHolds?: (() => boolean) | undefined } | undefined

  constructor(parts: Parts<Shown>) {
    this.#parts = parts
    const takeFailure = (): { readonly error: unknown } | undefined => {
      const failure = this.#failure
      this.#failure = undefined
      return failure?.stillHolds?.() === false ? undefined : failure
    }
    this.#context = { ...parts.context, takeFailure }
  }

  get now(): Reader | undefined {
    return this.#now
  }

  loop(): AsyncIterableIterator<Shown, undefined> {
    const before = this.#loop
    if (before?.waits === true || (this.#now !== undefined && this.#now !== before)) throw oneReader()
    const { partitions, present, spans } = this.#parts
    if (before?.idle !== true) {
      this.#loop = new RecordLoop(partitions, this.#context, present)
      before?.giveWayTo(this.#loop)
      this.#tracedLoop = spans?.around(this.#loop)
    }
    this.#now = this.#loop
    return this.#tracedLoop ?? this.#loop!
  }

  async run(options: RunOptions<Shown>): Promise<void> {
    if (this.#context.closed()) return
    if (this.#now !== undefined && (this.#now !== this.#loop || !this.#loop.idle)) throw oneReader()
    const { partitions, present } = this.#parts
    const limits = {
      partitionsConcurrently: inRange('partitionsConcurrently', options.partitionsConcurrently, 1, 1),
      recordsMax: inRange('maxBatchRecords', options.maxBatchRecords, Infinity, 1),
    }
    if (typeof options.eachBatch !== 'function') throw wrong('eachBatch', options.eachBatch, 'a function')
    const run = new BatchRun(partitions, this.#context, limits, present, (batch) => this.#handle(batch, options))
    this.#now = run
    try {
      await run.run()
    } finally {
      this.#now = undefined
    }
  }

  /** There may be more to take now. */
  serve(): void {
    this.#now?.serve()
  }

  /** Reading can't go on: whoever reads is told, or who reads next. */
  fail(error: unknown, stillHolds?: () => boolean): void {
    if (this.#now?.fail(error) !== true) this.#failure = { error, stillHolds }
  }

  /** The partition goes while somebody may be working on it. */
  leaving(state: PartitionState): void {
    if (this.#now instanceof BatchRun) this.#now.revoked(state)
  }

  #handle({ state, records, signal }: TakenBatch<Shown>, { eachBatch }: RunOptions<Shown>): Promise<void> {
    const { calls, spans } = this.#parts
    const batch = { topic: state.topic, partition: state.partition, records, signal }
    const work = (): Promise<void> => calls.run(() => eachBatch(batch))
    return spans === undefined ? work() : spans.batch(records, work)
  }
}

const oneReader = (): TypeError => new TypeError('a consumer has one loop or run at a time')
