import type { BatchHeader, ReadRecord } from '@millrace/protocol'
import { BatchBuilder, codecOf, readBatchHeader, readRecords } from '@millrace/protocol'

/** What decides which records of a batch stay. */
export interface FilterRules {
  readonly nowMs: number
  readonly deleteRetentionMs: number
  readonly decompressedBytesMax: number
  /** Whether no later record has this one's key. */
  readonly isLatest: (record: ReadRecord) => boolean
  /** Of an aborted transaction, or the marker of one that is gone: see CleanedTransactions. */
  readonly mayDiscard: boolean
  /** Its offset or sequence must be found again: it stays, though it be empty. */
  readonly keepEmpty: boolean
}

/** The batch as compaction leaves it: its own bytes where nothing changes; undefined where it goes. */
export function filterBatch(bytes: Uint8Array, rules: FilterRules): Uint8Array | undefined {
  const header = readBatchHeader(bytes)
  const horizonPassed = header.deleteHorizonMs !== null && header.deleteHorizonMs <= rules.nowMs
  // Markers wait for the horizon as tombstones do, so that a reader who started before it sees how it ended.
  const discard = rules.mayDiscard && (!header.control || horizonPassed)
  if (discard) return rules.keepEmpty ? emptyBatch(header) : undefined
  const kept: ReadRecord[] = []
  let tombstones = header.control && rules.mayDiscard
  for (const record of readRecords(bytes, { decompressedBytesMax: rules.decompressedBytesMax })) {
    if (!header.control && !stays(record, rules, horizonPassed)) continue
    if (!header.control && record.value === null) tombstones = true
    kept.push(record)
  }
  if (kept.length === 0) return rules.keepEmpty ? emptyBatch(header) : undefined
  const setsHorizon = tombstones && header.deleteHorizonMs === null
  if (kept.length === header.recordCount && !setsHorizon) return bytes
  return rebuilt(header, kept, setsHorizon ? rules.nowMs + rules.deleteRetentionMs : header.deleteHorizonMs)
}

// A tombstone stays until everyone had time to see it: until the horizon that its batch got when it was compacted first.
function stays(record: ReadRecord, rules: FilterRules, horizonPassed: boolean): boolean {
  if (record.key === null) return false
  return rules.isLatest(record) && (record.value !== null || !horizonPassed)
}

function rebuilt(header: BatchHeader, records: readonly ReadRecord[], deleteHorizonMs: number | null): Uint8Array {
  const first = records[0]
  const baseTimestampMs = deleteHorizonMs ?? header.baseTimestampMs + (first?.timestampDelta ?? 0)
  const builder = new BatchBuilder(header.sizeBytes, baseTimestampMs)
  for (const record of records) {
    builder.append({
      key: record.key,
      value: record.value,
      headers: record.headers,
      timestampMs: header.baseTimestampMs + record.timestampDelta,
      offsetDelta: record.offset - header.baseOffset,
    })
  }
  const broker = header.timestampType === 'LogAppendTime' ? { maxTimestampMs: header.maxTimestampMs } : {}
  return builder.build({
    ...fieldsOf(header),
    ...broker,
    compression: codecOf(header.attributes),
    ...(deleteHorizonMs === null ? { baseTimestampMs } : { deleteHorizonMs }),
  })
}

function emptyBatch(header: BatchHeader): Uint8Array {
  const fields = { ...fieldsOf(header), baseTimestampMs: -1, maxTimestampMs: header.maxTimestampMs }
  return new BatchBuilder(0, -1).build(fields)
}

const fieldsOf = (header: BatchHeader) => ({
  baseOffset: header.baseOffset,
  leaderEpoch: header.leaderEpoch,
  producerId: header.producerId,
  producerEpoch: header.producerEpoch,
  baseSequence: header.baseSequence,
  transactional: header.transactional,
  control: header.control,
  timestampType: header.timestampType,
  lastOffsetDelta: header.lastOffsetDelta,
})
