import type { LogState } from '../log/log-state.ts'
import type { Segment } from '../segment/segment.ts'
import type { CleanableRange } from './cleanable.ts'
import type { CleanedFiles, CompactionJob, JobOutcome } from './compaction-job.ts'
import { CompactionAbandonedError } from './compaction-job.ts'
import type { CompactionThread } from './compaction-thread.ts'
import type { IoBudget } from './io-budget.ts'
import { outcomeOf } from './job-outcome.ts'
import { removeUnfinished, Swap, syncFolder } from './swap-in.ts'

/** What a run of compaction needs besides its log. */
export interface CompactionMeans {
  readonly thread: CompactionThread
  readonly budget: IoBudget
  /** Gives others their turn. */
  readonly pause: () => Promise<void>
  /** Ends the run early; it ends itself when the log changes under it. */
  readonly stop: AbortController
  /** Told before anything else can happen to the log what it is compacted to. */
  readonly onDone: (endOffset: number) => void
}

/** Compacts a stretch of a log, as far as memory goes. Never rejects. */
export async function compactLog(state: LogState, range: CleanableRange, means: CompactionMeans): Promise<JobOutcome> {
  const compaction = new LogCompaction(state, means)
  const outcome = await compaction.run(range)
  if (outcome.kind !== 'done' && state.offlineReason === undefined) await removeUnfinished(state)
  return outcome
}

class LogCompaction {
  readonly #state: LogState
  readonly #means: CompactionMeans
  #pending: Swap | undefined

  constructor(state: LogState, means: CompactionMeans) {
    this.#state = state
    this.#means = means
  }

  async run(range: CleanableRange): Promise<JobOutcome> {
    const { thread, budget, pause, stop, onDone } = this.#means
    this.#watch()
    try {
      // What the job reads of them it can't build anew: it sees no producers.
      for (const segment of this.#state.segments.all.slice(0, -1)) segment.repairTransactions()
      const job = jobOf(this.#state, range, await producersOf(this.#state, pause))
      const swap = this.#swap.bind(this)
      const outcome = await thread.run(job, { budget, stop: stop.signal, swap })
      if (outcome.kind === 'done' && stop.signal.aborted) return { kind: 'abandoned' }
      if (outcome.kind === 'done') onDone(outcome.endOffset)
      return outcome
    } catch (error) {
      return outcomeOf(error)
    } finally {
      this.#state.beforeChange = undefined
    }
  }

  #watch(): void {
    this.#state.beforeChange = () => {
      this.#means.stop.abort()
      this.#pending?.takeBack()
    }
  }

  async #swap(replaced: readonly number[], cleaned: readonly CleanedFiles[]): Promise<void> {
    const state = this.#state
    this.#check()
    const swap = new Swap(state, cleaned)
    this.#pending = swap
    try {
      swap.begin()
      await syncFolder(state)
      this.#check()
    } catch (error) {
      swap.takeBack()
      throw error
    } finally {
      this.#pending = undefined
    }
    // From here to the end of this turn it is compaction itself that changes the log.
    state.beforeChange = undefined
    swap.finish(segmentsAt(state, replaced))
    this.#watch()
    await syncFolder(state)
  }

  #check(): void {
    const { name, offlineReason } = this.#state
    if (!this.#means.stop.signal.aborted && offlineReason === undefined) return
    throw new CompactionAbandonedError(`${name} changed while it was compacted`)
  }
}

function segmentsAt(state: LogState, baseOffsets: readonly number[]): readonly Segment[] {
  const wanted = new Set(baseOffsets)
  const found = state.segments.all.filter((segment) => wanted.has(segment.baseOffset))
  if (found.length === baseOffsets.length) return found
  throw new CompactionAbandonedError(`${state.name} has lost segments while it was compacted`)
}

const producersPerSlice = 5_000

/** Three numbers for each, see CompactionJob. Those that come meanwhile have their last batch past what is compacted. */
async function producersOf(state: LogState, pause: () => Promise<void>): Promise<Float64Array> {
  const numbers: number[] = []
  for (const { producerId, producerEpoch, batches } of state.producers.entries()) {
    numbers.push(producerId, batches.at(-1)?.lastOffset ?? -1, producerEpoch)
    if (numbers.length % (3 * producersPerSlice) === 0) await pause()
  }
  return Float64Array.from(numbers)
}

const int32Max = 0x7fff_ffff

function jobOf(state: LogState, range: CleanableRange, producers: Float64Array): CompactionJob {
  const { settings, clock, random } = state.context
  const { segmentBytes, segmentIndexBytes, indexIntervalBytes, deleteRetentionMs } = state.config
  const threads = Math.max(1, settings.cleanerThreads)
  return {
    folder: state.folder,
    ...segmentsOf(state, range),
    abortedInActive: abortedInActive(state),
    firstDirtyOffset: range.firstDirtyOffset,
    firstUncleanableOffset: range.firstUncleanableOffset,
    highWatermark: state.highWatermark,
    producers,
    nowMs: clock.wallMs(),
    deleteRetentionMs,
    segmentBytes,
    segmentIndexBytes,
    indexIntervalBytes,
    cleanedBytesMax: int32Max,
    dedupeBufferBytes: Math.floor(settings.cleanerDedupeBufferBytes / threads),
    dedupeLoadFactor: settings.cleanerDedupeLoadFactor,
    ioBufferBytes: Math.max(ioBufferBytesMin, Math.floor(settings.cleanerIoBufferBytes / threads / 2)),
    decompressedBatchBytesMax: settings.decompressedBatchBytesMax,
    secret: random.bytes(16),
  }
}

// Reading and writing fewer bytes at once would be all there is to do.
const ioBufferBytesMin = 4_096

function segmentsOf(state: LogState, range: CleanableRange): Pick<CompactionJob, 'segments' | 'laterSegments'> {
  const { all } = state.segments
  const sealed = all.slice(0, -1).map(({ baseOffset, sizeBytes }, index) => ({
    baseOffset,
    sizeBytes,
    endOffset: all[index + 1]?.baseOffset ?? baseOffset,
  }))
  const isBefore = ({ baseOffset }: { readonly baseOffset: number }): boolean =>
    baseOffset < range.firstUncleanableOffset
  const segments = sealed.filter(isBefore)
  return { segments, laterSegments: sealed.slice(segments.length).map(({ baseOffset }) => baseOffset) }
}

function abortedInActive(state: LogState): CompactionJob['abortedInActive'] {
  const found: CompactionJob['abortedInActive'][number][] = []
  state.segments.active.collectAborted(0, state.segments.active.baseOffset, found)
  return found
}
