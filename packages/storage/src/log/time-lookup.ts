import { asLeaderEpoch, asOffset } from '@millrace/kernel'
import { batchField, readRecords } from '@millrace/protocol'
import { scanBatches } from '../segment/scan.ts'
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
    return found !== null && found.offset < until ? found : null
  }
  return null
}

/** The first record with the largest timestamp of all. */
export function findMaxTimestamp(state: LogState, until: number): FoundOffset | null {
  let latest: Segment | undefined
  for (const segment of state.segments.from(state.logStartOffset)) {
    if (latest === undefined || segment.maxTimestamp.timestampMs > latest.maxTimestamp.timestampMs) latest = segment
  }
  if (latest === undefined || latest.sizeBytes === 0) return null
  const { timestampMs, offset } = latest.maxTimestamp
  const position = latest.indexes.offsets.lookup(offset)
  const found = findRecord(state, latest, position, timestampMs, (recordMs) => recordMs === timestampMs)
  return found !== null && found.offset < until ? found : null
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
  const { decompressedBatchBytesMax: decompressedBytesMax } = state.context.settings
  for (const record of readRecords(bytes, { decompressedBytesMax }, at)) {
    if (record.offset < state.logStartOffset || !wanted(record.timestampMs)) continue
    return {
      offset: asOffset(record.offset),
      timestampMs: record.timestampMs,
      leaderEpoch: asLeaderEpoch(batchField.leaderEpoch(bytes, at)),
    }
  }
  return null
}
