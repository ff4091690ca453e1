import { asLeaderEpoch, asOffset } from '@millrace/kernel'
import type { ReadRecord } from '@millrace/protocol'
import { batchField, readRecords } from '@millrace/protocol'
import { scanBatches } from '../segment/scan.ts'
import type { TimestampAndOffset } from '../segment/segment-walk.ts'
import { latestRecordMs } from '../segment/segment-walk.ts'
import type { Segment } from '../segment/segment.ts'
import type { LogState } from './log-state.ts'
import type { FoundOffset } from './partition-log.ts'

/** The first record at or after `timestampMs`: in the first segment that reaches it, from its time index on. */
export function findByTimestamp(state: LogState, timestampMs: number, until: number): FoundOffset | null {
  for (const segment of state.segments.from(state.logStartOffset)) {
    if (segment.maxTimestamp.timestampMs < timestampMs) continue
    const from = Math.max(segment.indexes.times.lookup(timestampMs), state.logStartOffset)
    const wanted = (recordMs: number): boolean => recordMs >= timestampMs
    const found = findRecord(state, segment, segment.indexes.offsets.lookup(from), timestampMs, wanted)
    // What reaches it in the first segment may lie before the log's start; Kafka ends there and finds nothing.
    if (found !== null) return found.offset < until ? found : null
  }
  return null
}

/** The first record with the largest timestamp of all. */
export function findMaxTimestamp(state: LogState, until: number): FoundOffset | null {
  let latest: { readonly segment: Segment; readonly timestampMs: number; readonly offset: number } | undefined
  for (const segment of state.segments.from(state.logStartOffset)) {
    const { timestampMs, offset } = latestIn(state, segment)
    if (timestampMs >= 0 && timestampMs > (latest?.timestampMs ?? -1)) latest = { segment, timestampMs, offset }
  }
  if (latest === undefined) return null
  const { segment, timestampMs } = latest
  const position = segment.indexes.offsets.lookup(latest.offset)
  const found = findRecord(state, segment, position, timestampMs, (recordMs) => recordMs === timestampMs)
  return found !== null && found.offset < until ? found : null
}

/** The largest timestamp of what a reader finds in a segment. Kafka also counts what DeleteRecords took away. */
function latestIn(state: LogState, segment: Segment): TimestampAndOffset {
  const { logStartOffset } = state
  const known = segment.maxTimestamp
  if (segment.baseOffset >= logStartOffset) return known
  let latest: TimestampAndOffset = { timestampMs: -1, offset: logStartOffset }
  const from = segment.indexes.offsets.lookup(logStartOffset)
  scanBatches(segment.file(), { from, until: segment.sizeBytes, checkCrc: false }, (bytes, at) => {
    const offset = batchField.lastOffset(bytes, at)
    if (offset < logStartOffset) return
    const timestampMs = latestInBatch(state, bytes, at)
    if (timestampMs > latest.timestampMs) latest = { timestampMs, offset }
    return latest.timestampMs < known.timestampMs
  })
  return latest
}

function latestInBatch(state: LogState, bytes: Uint8Array, at: number): number {
  if (batchField.baseOffset(bytes, at) >= state.logStartOffset) return latestRecordMs(bytes, at)
  let latestMs = -1
  for (const record of recordsOf(state, bytes, at)) latestMs = Math.max(latestMs, record.timestampMs)
  return latestMs
}

function findRecord(
  state: LogState,
  segment: Segment,
  position: number,
  batchAtLeastMs: number,
  wanted: (recordMs: number) => boolean,
): FoundOffset | null {
  let found: FoundOffset | null = null
  scanBatches(segment.file(), { from: position, until: segment.sizeBytes, checkCrc: false }, (bytes, at) => {
    const reaches = batchField.maxTimestampMs(bytes, at) >= batchAtLeastMs
    if (reaches && batchField.lastOffset(bytes, at) >= state.logStartOffset) found = recordIn(state, bytes, at, wanted)
    return found === null
  })
  return found
}

function recordIn(
  state: LogState,
  bytes: Uint8Array,
  at: number,
  wanted: (recordMs: number) => boolean,
): FoundOffset | null {
  for (const record of recordsOf(state, bytes, at)) {
    if (!wanted(record.timestampMs)) continue
    return {
      offset: asOffset(record.offset),
      timestampMs: record.timestampMs,
      leaderEpoch: asLeaderEpoch(batchField.leaderEpoch(bytes, at)),
    }
  }
  return null
}

function* recordsOf(state: LogState, bytes: Uint8Array, at: number): Generator<ReadRecord> {
  const { decompressedBatchBytesMax: decompressedBytesMax } = state.context.settings
  for (const record of readRecords(bytes, { decompressedBytesMax }, at)) {
    if (record.offset >= state.logStartOffset) yield record
  }
}
