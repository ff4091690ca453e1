import { batchAttribute, batchField, readRecords } from '@millrace/protocol'
import type { LogState } from '../log/log-state.ts'
import { scanBatches } from '../segment/scan.ts'
import type { Segment } from '../segment/segment.ts'
import type { AbortedTxnEntry } from '../segment/transaction-index.ts'
import type { CleanableRange } from './cleanable.ts'
import { CleanedTransactions } from './cleaned-transactions.ts'
import { CleanedSegment } from './cleaned-segment.ts'
import { filterBatch } from './filter-batch.ts'
import { OffsetMap } from './offset-map.ts'
import { swapIn } from './swap-in.ts'

/** The log was cut or lost segments while it was compacted: what was done is thrown away. */
export class CompactionAbandonedError extends Error {
  override name = 'CompactionAbandonedError'
}

// Between slices of this size other work of the event loop gets its turn.
const sliceBytes = 256 * 1024

class Compaction {
  readonly state: LogState
  readonly #pause: () => Promise<void>
  #changes: number
  #bytesInSlice = 0

  constructor(state: LogState, pause: () => Promise<void>) {
    this.state = state
    this.#pause = pause
    this.#changes = state.changes
  }

  async worked(bytes: number): Promise<void> {
    this.#bytesInSlice += bytes
    if (this.#bytesInSlice < sliceBytes) return
    this.#bytesInSlice = 0
    await this.#pause()
    this.check()
  }

  check(): void {
    if (this.state.changes === this.#changes && this.state.offlineReason === undefined) return
    throw new CompactionAbandonedError(`${this.state.name} changed while it was compacted`)
  }

  /** We changed it ourselves. */
  swapped(): void {
    this.#changes = this.state.changes
  }
}

/**
 * Compacts the log up to where it is dirty: of the records with one key only the last stays, at its offset. Returns the
 * first offset that wasn't looked at, from which the next run starts.
 */
export async function compactLog(state: LogState, range: CleanableRange, pause: () => Promise<void>): Promise<number> {
  const compaction = new Compaction(state, pause)
  const { cleanerDedupeBufferBytes } = state.context.settings
  const latest = new OffsetMap(cleanerDedupeBufferBytes)
  const endOffset = await gatherKeys(compaction, range, latest)
  const dirty = state.segments.all.filter((segment) => segment.baseOffset < endOffset)
  const transactions = new CleanedTransactions(abortedOf(state, 0, endOffset))
  for (const group of groupsOf(state, dirty)) await compactGroup(compaction, group, { latest, endOffset, transactions })
  return endOffset
}

/** The last offset of each key in the dirty part, as far as memory goes. */
async function gatherKeys(compaction: Compaction, range: CleanableRange, latest: OffsetMap): Promise<number> {
  const { state } = compaction
  const { firstDirtyOffset, firstUncleanableOffset } = range
  const transactions = new CleanedTransactions(abortedOf(state, firstDirtyOffset, firstUncleanableOffset))
  for (const segment of state.segments.from(firstDirtyOffset)) {
    for (const batch of copiesOf(segment)) {
      if (batchField.lastOffset(batch, 0) < firstDirtyOffset) continue
      if (batchField.baseOffset(batch, 0) >= firstUncleanableOffset) return firstUncleanableOffset
      await compaction.worked(batch.length)
      const fits = putKeys(compaction, batch, transactions, latest)
      if (!fits) return Math.max(batchField.baseOffset(batch, 0), firstDirtyOffset + 1)
    }
  }
  return firstUncleanableOffset
}

function putKeys(
  compaction: Compaction,
  batch: Uint8Array,
  transactions: CleanedTransactions,
  latest: OffsetMap,
): boolean {
  const aborted = transactions.mayDiscard(batch, 0)
  if (aborted || (batchField.attributes(batch, 0) & batchAttribute.control) !== 0) return true
  const { decompressedBatchBytesMax: decompressedBytesMax } = compaction.state.context.settings
  for (const record of readRecords(batch, { decompressedBytesMax })) {
    if (record.key !== null && !latest.put(record.key, record.offset)) return false
  }
  return true
}

interface Plan {
  readonly latest: OffsetMap
  readonly endOffset: number
  readonly transactions: CleanedTransactions
}

async function compactGroup(compaction: Compaction, group: readonly Segment[], plan: Plan): Promise<void> {
  const { state } = compaction
  const cleaned = new CleanedSegment(state, group[0]?.baseOffset ?? 0)
  try {
    for (const segment of group) {
      for (const batch of copiesOf(segment)) {
        await compaction.worked(batch.length)
        const kept = filterBatch(batch, rulesFor(state, batch, plan))
        if (kept !== undefined) cleaned.append(kept)
        for (const aborted of plan.transactions.takeKept()) cleaned.keepAborted(aborted)
      }
    }
    await cleaned.finish()
    compaction.check()
  } catch (error) {
    cleaned.abandon()
    throw error
  }
  swapIn(state, group, cleaned)
  compaction.swapped()
}

function rulesFor(state: LogState, batch: Uint8Array, plan: Plan): Parameters<typeof filterBatch>[1] {
  const { latest, endOffset } = plan
  return {
    nowMs: state.context.clock.wallMs(),
    deleteRetentionMs: state.config.deleteRetentionMs,
    decompressedBytesMax: state.context.settings.decompressedBatchBytesMax,
    isLatest: (record) =>
      record.offset >= endOffset || (record.key !== null && record.offset >= latest.get(record.key)),
    mayDiscard: plan.transactions.mayDiscard(batch, 0),
    keepEmpty: holdsProducersLast(state, batch) || batchField.lastOffset(batch, 0) + 1 === endOffset,
  }
}

/** A producer's last sequence must be found in the log even when nothing else of it is left. */
function holdsProducersLast(state: LogState, batch: Uint8Array): boolean {
  const entry = state.producers.get(batchField.producerId(batch, 0))
  if (entry === undefined) return false
  const last = entry.batches.at(-1)
  if (last !== undefined) return last.lastOffset === batchField.lastOffset(batch, 0)
  const control = (batchField.attributes(batch, 0) & batchAttribute.control) !== 0
  return control && batchField.producerEpoch(batch, 0) === entry.producerEpoch
}

/** Neighbours that fit one segment together become one. */
function* groupsOf(state: LogState, segments: readonly Segment[]): Generator<readonly Segment[]> {
  let group: Segment[] = []
  let bytes = 0
  for (const segment of segments) {
    const first = group[0]
    const fits =
      first === undefined || (bytes + segment.sizeBytes <= state.config.segmentBytes && reaches(state, first, segment))
    if (!fits) {
      yield group
      group = []
      bytes = 0
    }
    group.push(segment)
    bytes += segment.sizeBytes
  }
  if (group.length > 0) yield group
}

function reaches(state: LogState, first: Segment, last: Segment): boolean {
  const next = state.segments.at(state.segments.indexOf(last.baseOffset) + 1)
  return first.fitsOffset((next?.baseOffset ?? state.logEndOffset) - 1)
}

// A transaction of this stretch may end behind it: its marker is then listed in a later segment.
function abortedOf(state: LogState, from: number, until: number): AbortedTxnEntry[] {
  const found: AbortedTxnEntry[] = []
  for (const segment of state.segments.from(from)) if (segment.collectAborted(from, until, found)) break
  return found
}

const windowBatches = 1_000

/** The batches of a segment, copied out in windows: the file is not held while others have their turn. */
function* copiesOf(segment: Segment): Generator<Uint8Array> {
  let position = 0
  while (position < segment.sizeBytes) {
    const window: Uint8Array[] = []
    let bytesInWindow = 0
    const end = scanBatches(
      segment.file(),
      { from: position, until: segment.sizeBytes, checkCrc: true },
      (bytes, at) => {
        const batch = bytes.slice(at, at + batchField.sizeBytes(bytes, at))
        window.push(batch)
        bytesInWindow += batch.length
        return window.length < windowBatches && bytesInWindow < sliceBytes
      },
    )
    if (end.problem !== undefined && window.length === 0) {
      throw new Error(`${segment.path} is damaged at byte ${end.position}: ${end.problem.message}`)
    }
    yield* window
    position += bytesInWindow
  }
}
