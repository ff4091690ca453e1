import type { BatchHeader, Codec, ReadRecord } from '@millrace/protocol'
import type { OffsetMap } from './offset-map.ts'
import {
  BatchBuilder,
  batchField,
  batchHeaderBytes,
  batchLayout,
  codecOf,
  compress,
  lengthPrefixBytes,
  readBatchHeader,
  readRecords,
  RecordCursor,
  saturated,
  writeCrc,
  writeInt32,
  writeInt64,
} from '@millrace/protocol'

/** What decides which records of a batch stay. */
export interface FilterRules {
  readonly nowMs: number
  readonly deleteRetentionMs: number
  readonly decompressedBatchBytesMax: number
  /** Where the keys were not gathered any more: everything from here on stays. */
  readonly endOffset: number
  /** The last offsets below `endOffset` of keys. */
  readonly latest: OffsetMap
  /** Of an aborted transaction, or the marker of one that is gone: see CleanedTransactions. */
  readonly mayDiscard: boolean
  /**
   * Whether it stays though it be empty: because its producer's sequence must be found again, or only its offsets. In
   * the second case it is nobody's: it must not count as a part of a transaction.
   */
  readonly keepEmpty: 'for its producer' | 'for its offsets' | 'no'
}

/** A batch as compaction leaves it. */
export interface FilteredBatch {
  /** Its own bytes where nothing changes; undefined where it goes. Good until the next batch is filtered. */
  readonly bytes: Uint8Array | undefined
  readonly keptRecords: number
}

const gone: FilteredBatch = { bytes: undefined, keptRecords: 0 }

export function filterBatch(batch: Uint8Array, rules: FilterRules): FilteredBatch {
  const header = readBatchHeader(batch)
  const horizonPassed = header.deleteHorizonMs !== null && header.deleteHorizonMs <= rules.nowMs
  // Markers wait for the horizon as tombstones do, so that a reader who started before it sees how it ended.
  const discard = rules.mayDiscard && (!header.control || horizonPassed)
  if (discard) return emptied(header, rules)
  const kept = header.control ? keepAll(batch, rules) : keepLatest(batch, header.baseOffset, horizonPassed, rules)
  if (kept.count === 0) return emptied(header, rules)
  const needsHorizon = kept.tombstones || (header.control && rules.mayDiscard)
  if (needsHorizon && header.deleteHorizonMs === null) {
    const deleteHorizonMs = rules.nowMs + rules.deleteRetentionMs
    return { bytes: withHorizon(batch, header, kept, deleteHorizonMs, rules), keptRecords: kept.count }
  }
  const bytes = kept.count === header.recordCount ? batch : withRuns(batch, header, kept)
  return { bytes, keptRecords: kept.count }
}

const emptied = (header: BatchHeader, rules: FilterRules): FilteredBatch =>
  rules.keepEmpty === 'no'
    ? gone
    : { bytes: emptyBatch(header, rules.keepEmpty === 'for its producer'), keptRecords: 0 }

/** Which records stay: stretches of what the batch holds, decompressed. */
interface Kept {
  readonly unpacked: Uint8Array
  /** Start and end of each stretch, in turn. */
  readonly runs: readonly number[]
  readonly count: number
  readonly tombstones: boolean
  /** The largest that is added to the batch's base timestamp. */
  readonly timestampDeltaMax: number
}

function keepAll(batch: Uint8Array, rules: FilterRules): Kept {
  const cursor = new RecordCursor(batch, { decompressedBytesMax: rules.decompressedBatchBytesMax })
  return {
    unpacked: cursor.bytes,
    runs: [0, cursor.bytes.length],
    count: batchField.recordCount(batch, 0),
    tombstones: false,
    timestampDeltaMax: 0,
  }
}

function keepLatest(batch: Uint8Array, baseOffset: number, horizonPassed: boolean, rules: FilterRules): Kept {
  const unpacked = askForKeys(batch, rules)
  const cursor = new RecordCursor(batch, {}, 0, unpacked)
  const runs: number[] = []
  let count = 0
  let tombstones = false
  let timestampDeltaMax = -Infinity
  for (let number = 0; cursor.next(); number += 1) {
    if (!stays(cursor, number, baseOffset + cursor.offsetDelta, horizonPassed, rules)) continue
    count += 1
    if (cursor.valueLength < 0) tombstones = true
    if (cursor.timestampDelta > timestampDeltaMax) timestampDeltaMax = cursor.timestampDelta
    if (runs.length > 0 && runs.at(-1) === cursor.start) runs[runs.length - 1] = cursor.end
    else runs.push(cursor.start, cursor.end)
  }
  return { unpacked, runs, count, tombstones, timestampDeltaMax }
}

/** Asks for all records' keys, and gives what the batch holds, decompressed. */
function askForKeys(batch: Uint8Array, { latest, decompressedBatchBytesMax }: FilterRules): Uint8Array {
  const cursor = new RecordCursor(batch, { decompressedBytesMax: decompressedBatchBytesMax })
  latest.begin()
  // Of a null key nobody needs the answer, but it has a number as the others.
  while (cursor.next()) latest.ask(cursor.bytes, cursor.keyStart, Math.max(0, cursor.keyLength))
  latest.fetch()
  return cursor.bytes
}

// A tombstone stays until everyone had time to see it: until the horizon that its batch got when it was compacted first.
function stays(
  record: RecordCursor,
  number: number,
  offset: number,
  horizonPassed: boolean,
  rules: FilterRules,
): boolean {
  if (offset >= rules.endOffset) return true
  if (record.keyLength < 0) return false
  if (offset < rules.latest.get(number)) return false
  return record.valueLength >= 0 || !horizonPassed
}

/** The records that stay as they are, behind the batch's own header. */
function withRuns(batch: Uint8Array, header: BatchHeader, kept: Kept): Uint8Array {
  const codec = codecOf(header.attributes)
  const bytes = codec === 'none' ? joined(batch, kept) : packed(batch, codec, kept)
  writeInt32(bytes, batchLayout.batchLength, bytes.length - lengthPrefixBytes)
  writeInt32(bytes, batchLayout.recordCount, kept.count)
  if (header.timestampType === 'CreateTime') {
    writeInt64(bytes, batchLayout.maxTimestamp, saturated(header.baseTimestampMs + kept.timestampDeltaMax))
  }
  writeCrc(bytes, 0)
  return bytes
}

function packed(batch: Uint8Array, codec: Codec, kept: Kept): Uint8Array {
  const records = compress(codec, joined(batch, kept).subarray(batchHeaderBytes))
  const bytes = Buffer.allocUnsafeSlow(batchHeaderBytes + records.length)
  bytes.set(batch.subarray(0, batchHeaderBytes))
  bytes.set(records, batchHeaderBytes)
  return bytes
}

// What is returned is copied before the next batch comes: it can always be the same memory.
let scratch: Uint8Array = new Uint8Array(0)
const scratchBytesMax = 4 * 1024 * 1024

function scratchOf(sizeBytes: number): Uint8Array {
  if (sizeBytes > scratchBytesMax) return Buffer.allocUnsafeSlow(sizeBytes)
  if (scratch.length < sizeBytes) scratch = Buffer.allocUnsafeSlow(2 * sizeBytes)
  return scratch.subarray(0, sizeBytes)
}

/** The batch's header and the stretches behind it. */
function joined(batch: Uint8Array, { unpacked, runs }: Kept): Uint8Array {
  let sizeBytes = batchHeaderBytes
  for (let i = 0; i < runs.length; i += 2) sizeBytes += runs[i + 1]! - runs[i]!
  const bytes = scratchOf(sizeBytes)
  bytes.set(batch.subarray(0, batchHeaderBytes))
  let at = batchHeaderBytes
  for (let i = 0; i < runs.length; i += 2) {
    bytes.set(unpacked.subarray(runs[i], runs[i + 1]), at)
    at += runs[i + 1]! - runs[i]!
  }
  return bytes
}

/** The delete horizon takes the place of the base timestamp (KIP-534), so every record is written anew. */
function withHorizon(
  batch: Uint8Array,
  header: BatchHeader,
  kept: Kept,
  deleteHorizonMs: number,
  rules: FilterRules,
): Uint8Array {
  const builder = new BatchBuilder(header.sizeBytes, deleteHorizonMs)
  for (const record of keptRecords(batch, kept, rules)) {
    builder.append({
      key: record.key,
      value: record.value,
      headers: record.headers,
      timestampMs: header.baseTimestampMs + record.timestampDelta,
      offsetDelta: record.offset - header.baseOffset,
    })
  }
  const broker = header.timestampType === 'LogAppendTime' ? { maxTimestampMs: header.maxTimestampMs } : {}
  return builder.build({ ...fieldsOf(header), ...broker, compression: codecOf(header.attributes), deleteHorizonMs })
}

/** The records of the stretches, read whole. */
function* keptRecords(batch: Uint8Array, kept: Kept, rules: FilterRules): Generator<ReadRecord> {
  const limits = { decompressedBytesMax: rules.decompressedBatchBytesMax }
  const cursor = new RecordCursor(batch, limits)
  let run = 0
  for (const record of readRecords(batch, limits)) {
    cursor.next()
    while (run < kept.runs.length && cursor.start >= kept.runs[run + 1]!) run += 2
    if (run < kept.runs.length && cursor.start >= kept.runs[run]!) yield record
  }
}

function emptyBatch(header: BatchHeader, ofProducer: boolean): Uint8Array {
  const times = { baseTimestampMs: -1, maxTimestampMs: header.maxTimestampMs }
  return new BatchBuilder(0, -1).build({ ...fieldsOf(header), ...(ofProducer ? {} : nobody), ...times })
}

const nobody = { producerId: -1, producerEpoch: -1, baseSequence: -1, transactional: false, control: false }

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
