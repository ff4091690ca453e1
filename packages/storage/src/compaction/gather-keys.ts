import { batchAttribute, batchField, RecordCursor } from '@millrace/protocol'
import type { AbortedTxnEntry } from '../segment/transaction-index.ts'
import type { CompactionJob } from './compaction-job.ts'
import { CleanedTransactions } from './cleaned-transactions.ts'
import type { OffsetMap } from './offset-map.ts'
import type { SegmentWalk } from './segment-walk.ts'

/** Puts the keys of the dirty stretch into `latest`, until it is full; returns the first offset that isn't in it. */
export async function gatherKeys(
  job: CompactionJob,
  walk: SegmentWalk,
  aborted: readonly AbortedTxnEntry[],
  latest: OffsetMap,
): Promise<number> {
  const keys = new DirtyKeys(job, aborted, latest)
  for (const segment of job.segments) {
    if (segment.endOffset <= job.firstDirtyOffset) continue
    await walk(segment, (batch) => keys.take(batch))
    if (keys.fullAt !== undefined) return keys.fullAt
  }
  return job.firstUncleanableOffset
}

class DirtyKeys {
  /** The first offset that found no room. */
  fullAt: number | undefined
  readonly #job: CompactionJob
  readonly #transactions: CleanedTransactions
  readonly #latest: OffsetMap
  /** Of the batch's keys. */
  readonly #offsets: number[] = []

  constructor(job: CompactionJob, aborted: readonly AbortedTxnEntry[], latest: OffsetMap) {
    this.#job = job
    const { firstDirtyOffset, firstUncleanableOffset } = job
    this.#transactions = new CleanedTransactions(
      aborted.filter((one) => one.lastOffset >= firstDirtyOffset && one.firstOffset < firstUncleanableOffset),
    )
    this.#latest = latest
  }

  /** Says whether to go on. */
  take(batch: Uint8Array): boolean {
    const baseOffset = batchField.baseOffset(batch, 0)
    if (batchField.lastOffset(batch, 0) < this.#job.firstDirtyOffset) return true
    if (baseOffset >= this.#job.firstUncleanableOffset) return false
    const aborted = this.#transactions.mayDiscard(batch, 0)
    if (aborted || (batchField.attributes(batch, 0) & batchAttribute.control) !== 0) return true
    return this.#takeRecords(batch, baseOffset)
  }

  #takeRecords(batch: Uint8Array, baseOffset: number): boolean {
    const latest = this.#latest
    const offsets = this.#offsets
    offsets.length = 0
    latest.begin()
    const cursor = new RecordCursor(batch, { decompressedBytesMax: this.#job.decompressedBatchBytesMax })
    while (cursor.next()) {
      const offset = baseOffset + cursor.offsetDelta
      if (cursor.keyLength < 0 || offset < this.#job.firstDirtyOffset) continue
      latest.ask(cursor.bytes, cursor.keyStart, cursor.keyLength)
      offsets.push(offset)
    }
    latest.fetch()
    const full = offsets.findIndex((offset, i) => !latest.put(i, offset))
    this.fullAt = offsets[full]
    return full < 0
  }
}
