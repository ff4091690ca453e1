import { readInt16, readInt32, readInt64, readUint32, saturated, writeInt16, writeInt32, writeInt64 } from './fixed.ts'
import { crc32c } from '../hash/crc32c.ts'

// A v2 record batch: a header of 61 bytes, then the records, compressed together or not. The CRC covers everything
// from the attributes on, so the base offset and the leader epoch can be written without computing it anew.
//   0 baseOffset int64 | 8 batchLength int32 | 12 partitionLeaderEpoch int32 | 16 magic int8 | 17 crc uint32
//   21 attributes int16 | 23 lastOffsetDelta int32 | 27 baseTimestamp int64 | 35 maxTimestamp int64
//   43 producerId int64 | 51 producerEpoch int16 | 53 baseSequence int32 | 57 count int32 | 61 records
export const batchLayout = {
  baseOffset: 0,
  batchLength: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
  records: 61,
} as const

/** Bytes of a batch's header; no v2 batch is smaller. */
export const batchHeaderBytes = 61
/** Base offset and length: what `batchLength` doesn't count. */
export const lengthPrefixBytes = 12

/** Bits of a batch's attributes; the lowest three say the codec. */
export const batchAttribute = {
  codec: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
  deleteHorizon: 0x40,
}

export type TimestampType = 'CreateTime' | 'LogAppendTime'

/** A batch's header as values. On hot paths read the one field that is needed instead (`batchField`). */
export interface BatchHeader {
  /** Where the batch starts in the bytes that it was read from. */
  readonly position: number
  readonly sizeBytes: number
  readonly baseOffset: number
  readonly lastOffset: number
  readonly nextOffset: number
  readonly leaderEpoch: number
  readonly magic: number
  readonly crc: number
  readonly attributes: number
  readonly lastOffsetDelta: number
  readonly baseTimestampMs: number
  readonly maxTimestampMs: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly lastSequence: number
  readonly recordCount: number
  readonly timestampType: TimestampType
  readonly transactional: boolean
  readonly control: boolean
  /** When compaction may drop the tombstones and markers of this batch; null where it hasn't decided. */
  readonly deleteHorizonMs: number | null
}

/** Single fields in place. `position` is where the batch starts; nothing is checked. */
export const batchField = {
  baseOffset: (bytes: Uint8Array, position: number): number => readInt64(bytes, position),
  /** Bytes of the whole batch, its length prefix included. */
  sizeBytes: (bytes: Uint8Array, position: number): number =>
    readInt32(bytes, position + batchLayout.batchLength) + lengthPrefixBytes,
  leaderEpoch: (bytes: Uint8Array, position: number): number => readInt32(bytes, position + batchLayout.leaderEpoch),
  magic: (bytes: Uint8Array, position: number): number => (bytes[position + batchLayout.magic]! << 24) >> 24,
  crc: (bytes: Uint8Array, position: number): number => readUint32(bytes, position + batchLayout.crc),
  attributes: (bytes: Uint8Array, position: number): number => readInt16(bytes, position + batchLayout.attributes),
  lastOffsetDelta: (bytes: Uint8Array, position: number): number =>
    readInt32(bytes, position + batchLayout.lastOffsetDelta),
  lastOffset: (bytes: Uint8Array, position: number): number =>
    readInt64(bytes, position) + readInt32(bytes, position + batchLayout.lastOffsetDelta),
  baseTimestampMs: (bytes: Uint8Array, position: number): number =>
    saturated(readInt64(bytes, position + batchLayout.baseTimestamp)),
  maxTimestampMs: (bytes: Uint8Array, position: number): number =>
    saturated(readInt64(bytes, position + batchLayout.maxTimestamp)),
  producerId: (bytes: Uint8Array, position: number): number => readInt64(bytes, position + batchLayout.producerId),
  producerEpoch: (bytes: Uint8Array, position: number): number =>
    readInt16(bytes, position + batchLayout.producerEpoch),
  baseSequence: (bytes: Uint8Array, position: number): number => readInt32(bytes, position + batchLayout.baseSequence),
  recordCount: (bytes: Uint8Array, position: number): number => readInt32(bytes, position + batchLayout.recordCount),
} as const

/** The header of the batch at `position`, whose 61 bytes must be there; what they say is not checked (`checkBatch`). */
export function readBatchHeader(bytes: Uint8Array, position = 0): BatchHeader {
  const attributes = batchField.attributes(bytes, position)
  const baseOffset = batchField.baseOffset(bytes, position)
  const lastOffsetDelta = batchField.lastOffsetDelta(bytes, position)
  const baseSequence = batchField.baseSequence(bytes, position)
  const baseTimestampMs = batchField.baseTimestampMs(bytes, position)
  return {
    position,
    sizeBytes: batchField.sizeBytes(bytes, position),
    baseOffset,
    lastOffset: baseOffset + lastOffsetDelta,
    nextOffset: baseOffset + lastOffsetDelta + 1,
    leaderEpoch: batchField.leaderEpoch(bytes, position),
    magic: batchField.magic(bytes, position),
    crc: batchField.crc(bytes, position),
    attributes,
    lastOffsetDelta,
    baseTimestampMs,
    maxTimestampMs: batchField.maxTimestampMs(bytes, position),
    producerId: batchField.producerId(bytes, position),
    producerEpoch: batchField.producerEpoch(bytes, position),
    baseSequence,
    lastSequence: baseSequence < 0 ? -1 : advanceSequence(baseSequence, lastOffsetDelta),
    recordCount: batchField.recordCount(bytes, position),
    timestampType: (attributes & batchAttribute.logAppendTime) === 0 ? 'CreateTime' : 'LogAppendTime',
    transactional: (attributes & batchAttribute.transactional) !== 0,
    control: (attributes & batchAttribute.control) !== 0,
    deleteHorizonMs: (attributes & batchAttribute.deleteHorizon) === 0 ? null : baseTimestampMs,
  }
}

/** A producer's sequence numbers go on at 0 after 2^31-1. */
export function advanceSequence(sequence: number, by: number): number {
  return sequence > 0x7fff_ffff - by ? by - (0x7fff_ffff - sequence) - 1 : sequence + by
}

/** In place; outside the CRC. */
export const writeBaseOffset = (bytes: Uint8Array, position: number, offset: number): void =>
  writeInt64(bytes, position, offset)

/** In place; outside the CRC. */
export const writeLeaderEpoch = (bytes: Uint8Array, position: number, epoch: number): void =>
  writeInt32(bytes, position + batchLayout.leaderEpoch, epoch)

/** In place: makes the broker's time the time of every record of the batch, and the CRC right again. */
export function writeLogAppendTime(bytes: Uint8Array, position: number, timeMs: number): void {
  bytes[position + batchLayout.attributes + 1]! |= batchAttribute.logAppendTime
  writeInt64(bytes, position + batchLayout.maxTimestamp, timeMs)
  writeCrc(bytes, position)
}

/** In place: what a CreateTime topic writes: each record has its own time, the largest of which is this. */
export function writeCreateTime(bytes: Uint8Array, position: number, maxTimestampMs: number): void {
  bytes[position + batchLayout.attributes + 1]! &= ~batchAttribute.logAppendTime
  writeInt64(bytes, position + batchLayout.maxTimestamp, maxTimestampMs)
  writeCrc(bytes, position)
}

/** Computes the CRC of the batch at `position` and writes it. */
export function writeCrc(bytes: Uint8Array, position: number): void {
  writeInt32(bytes, position + batchLayout.crc, computeCrc(bytes, position))
}

/** The CRC that the batch at `position` should carry. */
export const computeCrc = (bytes: Uint8Array, position: number): number =>
  crc32c(bytes, position + batchLayout.attributes, position + batchField.sizeBytes(bytes, position))

/** In place: gives a batch that is already built another producer state, and the CRC right again. */
export function writeProducerState(
  bytes: Uint8Array,
  position: number,
  state: { readonly producerId: number; readonly producerEpoch: number; readonly baseSequence: number },
): void {
  writeInt64(bytes, position + batchLayout.producerId, state.producerId)
  writeInt16(bytes, position + batchLayout.producerEpoch, state.producerEpoch)
  writeInt32(bytes, position + batchLayout.baseSequence, state.baseSequence)
  writeCrc(bytes, position)
}
