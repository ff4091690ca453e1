import { batchAttribute, batchField } from '@millrace/protocol'
import { CleanedTransactions } from './cleaned-transactions.ts'
import type { CompactionJob, JobHost, JobOutcome, JobSegment, JobStats } from './compaction-job.ts'
import { filterBatch } from './filter-batch.ts'
import { gatherKeys } from './gather-keys.ts'
import { GroupOutput } from './group-output.ts'
import { groupSegments } from './group-segments.ts'
import { abortedOf } from './job-aborts.ts'
import { outcomeOf } from './job-outcome.ts'
import { OffsetMap } from './offset-map.ts'
import type { BatchWork, SegmentWalk } from './segment-walk.ts'
import { segmentWalk } from './segment-walk.ts'

/**
 * Compacts a log up to where it is dirty: of the records with one key only the last stays, at its offset. The same code
 * runs in a worker thread and on the event loop. Never rejects.
 */
export async function runJob(job: CompactionJob, host: JobHost): Promise<JobOutcome> {
  try {
    return await compact(job, host)
  } catch (error) {
    return outcomeOf(error)
  }
}

async function compact(job: CompactionJob, host: JobHost): Promise<JobOutcome> {
  const latest = new OffsetMap({
    memoryBytes: job.dedupeBufferBytes,
    loadFactor: job.dedupeLoadFactor,
    keysMax: job.firstUncleanableOffset - job.firstDirtyOffset,
    secret: job.secret,
  })
  try {
    return await new Compaction(job, host, latest).run()
  } finally {
    latest.release()
  }
}

class Compaction {
  readonly #job: CompactionJob
  readonly #host: JobHost
  readonly #latest: OffsetMap
  readonly #walk: SegmentWalk
  readonly #producers: ReadonlyMap<number, ProducersLast>
  #indexedBytes = 0
  #readBytes = 0
  #writtenBytes = 0
  #readRecords = 0
  #keptRecords = 0

  constructor(job: CompactionJob, host: JobHost, latest: OffsetMap) {
    this.#job = job
    this.#host = host
    this.#latest = latest
    this.#walk = segmentWalk(job, host)
    this.#producers = producersOf(job.producers)
  }

  async run(): Promise<JobOutcome> {
    const { firstDirtyOffset } = this.#job
    const aborted = abortedOf(this.#job, this.#host)
    const indexing = async (segment: JobSegment, work: BatchWork): Promise<number> => {
      const read = await this.#walk(segment, work)
      this.#indexedBytes += read
      return read
    }
    const endOffset = await gatherKeys(this.#job, indexing, aborted, this.#latest)
    if (endOffset <= firstDirtyOffset) throw new Error(`no key from offset ${firstDirtyOffset} on found room`)
    const transactions = new CleanedTransactions(aborted)
    for (const group of groupSegments(this.#host.fileSystem, this.#job, endOffset)) {
      await this.#compactGroup(group, endOffset, transactions)
    }
    return { kind: 'done', endOffset, stats: this.#stats() }
  }

  #stats(): JobStats {
    return {
      indexedBytes: this.#indexedBytes,
      readBytes: this.#readBytes,
      writtenBytes: this.#writtenBytes,
      readRecords: this.#readRecords,
      keptRecords: this.#keptRecords,
      mapUse: this.#latest.count / this.#latest.slots,
    }
  }

  async #compactGroup(
    group: readonly JobSegment[],
    endOffset: number,
    transactions: CleanedTransactions,
  ): Promise<void> {
    const output = new GroupOutput(this.#job, this.#host, group[0]?.baseOffset ?? 0)
    const lastOfGroup = group.findLast((segment) => segment.sizeBytes > 0)
    try {
      for (const segment of group) {
        this.#readBytes += await this.#walk(segment, (batch, isLast) => {
          // Where a group ends is known by its last batch, also to the start that finds it half swapped in.
          const endsGroup = isLast && segment === lastOfGroup
          const filtered = this.#filter(batch, endOffset, transactions, endsGroup)
          this.#readRecords += batchField.recordCount(batch, 0)
          this.#keptRecords += filtered.keptRecords
          const written = filtered.bytes === undefined ? 0 : output.append(filtered.bytes)
          for (const entry of transactions.takeKept()) output.current.keepAborted(entry)
          return written
        })
        await output.finishFull()
      }
      const cleaned = await output.finish()
      for (const { sizeBytes } of cleaned) this.#writtenBytes += sizeBytes
      await this.#host.swap(
        group.map((segment) => segment.baseOffset),
        cleaned,
      )
    } catch (error) {
      output.abandon()
      throw error
    }
  }

  #filter(batch: Uint8Array, endOffset: number, transactions: CleanedTransactions, endsGroup: boolean) {
    const { nowMs, deleteRetentionMs, decompressedBatchBytesMax, highWatermark } = this.#job
    const endsCommitted = batchField.lastOffset(batch, 0) + 1 === highWatermark
    return filterBatch(batch, {
      nowMs,
      deleteRetentionMs,
      decompressedBatchBytesMax,
      endOffset,
      latest: this.#latest,
      mayDiscard: transactions.mayDiscard(batch, 0),
      keepEmpty:
        endsCommitted || holdsProducersLast(this.#producers, batch)
          ? 'for its producer'
          : endsGroup
            ? 'for its offsets'
            : 'no',
    })
  }
}

interface ProducersLast {
  readonly lastOffset: number
  readonly epoch: number
}

function producersOf(numbers: Float64Array): Map<number, ProducersLast> {
  const producers = new Map<number, ProducersLast>()
  for (let i = 0; i < numbers.length; i += 3) {
    producers.set(numbers[i]!, { lastOffset: numbers[i + 1]!, epoch: numbers[i + 2]! })
  }
  return producers
}

/** A producer's last sequence must be found in the log even when nothing else of it is left. */
function holdsProducersLast(producers: ReadonlyMap<number, ProducersLast>, batch: Uint8Array): boolean {
  const last = producers.get(batchField.producerId(batch, 0))
  if (last === undefined) return false
  if (last.lastOffset >= 0) return last.lastOffset === batchField.lastOffset(batch, 0)
  const control = (batchField.attributes(batch, 0) & batchAttribute.control) !== 0
  return control && batchField.producerEpoch(batch, 0) === last.epoch
}
