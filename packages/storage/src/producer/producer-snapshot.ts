import {
  crc32c,
  readInt16,
  readInt32,
  readInt64,
  readUint32,
  writeInt16,
  writeInt32,
  writeInt64,
} from '@millrace/protocol'
import type { ProducerEntry } from './producer-entry.ts'

// Kafka's .snapshot: version int16, CRC-32C uint32 of what follows, count int32, then per producer
//   0 producerId int64 | 8 epoch int16 | 10 lastSequence int32 | 14 lastOffset int64 | 22 offsetDelta int32
//   26 timestamp int64 | 34 coordinatorEpoch int32 | 38 currentTxnFirstOffset int64
const version = 1
const crcAt = 2
const countAt = 6
const headerBytes = 10
const entryBytes = 46

/** Only the last batch of each producer is kept, as in Kafka: the others are found again in the log behind it. */
export function encodeSnapshot(producers: Iterable<ProducerEntry>, count: number): Uint8Array {
  const bytes = new Uint8Array(headerBytes + count * entryBytes)
  writeInt16(bytes, 0, version)
  writeInt32(bytes, countAt, count)
  let at = headerBytes
  for (const entry of producers) {
    writeEntry(bytes, at, entry)
    at += entryBytes
  }
  writeInt32(bytes, crcAt, crc32c(bytes, countAt))
  return bytes
}

function writeEntry(bytes: Uint8Array, at: number, entry: ProducerEntry): void {
  const last = entry.batches.at(-1)
  writeInt64(bytes, at, entry.producerId)
  writeInt16(bytes, at + 8, entry.producerEpoch)
  writeInt32(bytes, at + 10, last?.lastSequence ?? -1)
  writeInt64(bytes, at + 14, last?.lastOffset ?? -1)
  writeInt32(bytes, at + 22, last?.offsetDelta ?? 0)
  writeInt64(bytes, at + 26, entry.lastTimestampMs)
  writeInt32(bytes, at + 34, entry.coordinatorEpoch)
  writeInt64(bytes, at + 38, entry.txnFirstOffset)
}

/** Undefined where the file is damaged or of another version: an older snapshot is taken, or none. */
export function decodeSnapshot(bytes: Uint8Array): ProducerEntry[] | undefined {
  if (bytes.length < headerBytes || readInt16(bytes, 0) !== version) return undefined
  const count = readInt32(bytes, countAt)
  if (count < 0 || bytes.length !== headerBytes + count * entryBytes) return undefined
  if (readUint32(bytes, crcAt) !== crc32c(bytes, countAt)) return undefined
  return Array.from({ length: count }, (_, slot) => readEntry(bytes, headerBytes + slot * entryBytes))
}

function readEntry(bytes: Uint8Array, at: number): ProducerEntry {
  const lastOffset = readInt64(bytes, at + 14)
  const lastTimestampMs = readInt64(bytes, at + 26)
  const last = {
    lastSequence: readInt32(bytes, at + 10),
    lastOffset,
    offsetDelta: readInt32(bytes, at + 22),
    timestampMs: lastTimestampMs,
  }
  return {
    producerId: readInt64(bytes, at),
    producerEpoch: readInt16(bytes, at + 8),
    coordinatorEpoch: readInt32(bytes, at + 34),
    lastTimestampMs,
    txnFirstOffset: readInt64(bytes, at + 38),
    batches: lastOffset >= 0 ? [last] : [],
  }
}
