import { batchField } from '@millrace/protocol'
import type { FileHandle } from '../io/file-system.ts'
import type { BatchDamage } from './batch-damage.ts'
import type { OffsetIndex } from './offset-index.ts'
import { scanBatches } from './scan.ts'
import type { TimeIndex } from './time-index.ts'

// What is found by walking the batches of a segment's file.

/** The bytes to walk; a batch starts at `from`. */
export interface Stretch {
  readonly file: FileHandle
  readonly from: number
  readonly until: number
}

export interface TimestampAndOffset {
  readonly timestampMs: number
  /** Last offset of the batch that has it. */
  readonly offset: number
}

/** Where the whole batches of a segment end. */
export interface SegmentEnd {
  /** Behind the last one. */
  readonly offset: number
  readonly position: number
  /** What stands there where that isn't the file's end. */
  readonly damage?: BatchDamage
}

/** Byte position of the first batch that reaches `offset`; undefined where none does. */
export function positionOf(stretch: Stretch, offset: number): number | undefined {
  let found: number | undefined
  scanBatches(stretch.file, { ...stretch, checkCrc: false }, (bytes, at, position) => {
    if (batchField.lastOffset(bytes, at) < offset) return true
    found = position
    return false
  })
  return found
}

/** `startOffset` is the answer where there is no batch. */
export function findEnd(stretch: Stretch, startOffset: number): SegmentEnd {
  let offset = startOffset
  const { position, problem } = scanBatches(stretch.file, { ...stretch, checkCrc: false }, (bytes, at) => {
    offset = batchField.lastOffset(bytes, at) + 1
  })
  return { offset, position, ...(problem === undefined ? {} : { damage: problem }) }
}

/** Largest timestamp of the first batch; -1 where it has none. */
export function firstTimestamp(stretch: Stretch): number {
  let first = -1
  scanBatches(stretch.file, { ...stretch, checkCrc: false }, (bytes, at) => {
    first = batchField.maxTimestampMs(bytes, at)
    return false
  })
  return first
}

/** Of a batch that compaction emptied no record has the time that its header says. */
export const latestRecordMs = (bytes: Uint8Array, at: number): number =>
  batchField.recordCount(bytes, at) === 0 ? -1 : batchField.maxTimestampMs(bytes, at)

/** The largest timestamp, if that is larger than `known`. */
export function maxTimestamp(stretch: Stretch, known: TimestampAndOffset): TimestampAndOffset {
  let max = known
  scanBatches(stretch.file, { ...stretch, checkCrc: false }, (bytes, at) => {
    const timestampMs = latestRecordMs(bytes, at)
    if (timestampMs > max.timestampMs) max = { timestampMs, offset: batchField.lastOffset(bytes, at) }
  })
  return max
}

/** Why indexes without any entry can't be those of this log; undefined where they have some or need none. */
export function missingEntries(
  log: Stretch,
  { offsets, times }: { readonly offsets: OffsetIndex; readonly times: TimeIndex },
  intervalBytes: number,
): string | undefined {
  const offsetsMayBeWhole = offsets.count > 0 || log.until <= intervalBytes
  if (offsetsMayBeWhole && times.count > 0) return undefined
  let needsEntry = false
  let hasTime = false
  scanBatches(log.file, { ...log, checkCrc: false }, (bytes, at, position) => {
    needsEntry ||= position > intervalBytes
    hasTime ||= batchField.maxTimestampMs(bytes, at) >= 0
    return !needsEntry
  })
  if (offsets.count === 0 && needsEntry) return '.index is empty'
  return times.count === 0 && hasTime ? '.timeindex is empty' : undefined
}
