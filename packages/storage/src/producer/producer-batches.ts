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
import type { BatchTrace, ProducerEntry } from './producer-entry.ts'

// Kafka's snapshots keep the last batch of each producer only, so that after a restart a repeat of one before it looks
// like a gap. This file of our own lies beside a snapshot and holds the others. It has a version; CRC-32C of the rest;
//   count int32, then per producer: id int64, epoch int16, batches int16, and per batch, oldest first:
//   lastSequence int32 | lastOffset int64 | offsetDelta int32 | timestamp int64
const version = 1
const crcAt = 2
const countAt = 6
const headerBytes = 10
const producerBytes = 12
const batchBytes = 24

export interface KnownBatches {
  readonly producerId: number
  readonly producerEpoch: number
  readonly batches: readonly BatchTrace[]
}

/** Undefined where no producer has more than the snapshot says. */
export function encodeBatches(producers: Iterable<ProducerEntry>): Uint8Array | undefined {
  const entries = Array.from(producers).filter((entry) => entry.batches.length > 1)
  if (entries.length === 0) return undefined
  const size = entries.reduce((sum, entry) => sum + producerBytes + entry.batches.length * batchBytes, headerBytes)
  const bytes = new Uint8Array(size)
  writeInt16(bytes, 0, version)
  writeInt32(bytes, countAt, entries.length)
  let at = headerBytes
  for (const entry of entries) at = writeProducer(bytes, at, entry)
  writeInt32(bytes, crcAt, crc32c(bytes, countAt))
  return bytes
}

function writeProducer(bytes: Uint8Array, start: number, entry: ProducerEntry): number {
  writeInt64(bytes, start, entry.producerId)
  writeInt16(bytes, start + 8, entry.producerEpoch)
  writeInt16(bytes, start + 10, entry.batches.length)
  let at = start + producerBytes
  for (const batch of entry.batches) {
    writeInt32(bytes, at, batch.lastSequence)
    writeInt64(bytes, at + 4, batch.lastOffset)
    writeInt32(bytes, at + 12, batch.offsetDelta)
    writeInt64(bytes, at + 16, batch.timestampMs)
    at += batchBytes
  }
  return at
}

/**
 * Undefined where the file is damaged: the snapshot alone is what Kafka would have. Throws where it is of a newer
 * version.
 */
export function decodeBatches(bytes: Uint8Array, path: string): KnownBatches[] | undefined {
  if (bytes.length < headerBytes || readUint32(bytes, crcAt) !== crc32c(bytes, countAt)) return undefined
  const written = readInt16(bytes, 0)
  if (written > version) throw new Error(`${path} has version ${written}, this broker knows ${version}`)
  if (written < version) return undefined
  const found: KnownBatches[] = []
  let at = headerBytes
  for (let left = readInt32(bytes, countAt); left > 0; left -= 1) {
    const count = readInt16(bytes, at + 10)
    const batches = Array.from({ length: count }, (_, slot) => readBatch(bytes, at + producerBytes + slot * batchBytes))
    found.push({ producerId: readInt64(bytes, at), producerEpoch: readInt16(bytes, at + 8), batches })
    at += producerBytes + count * batchBytes
  }
  return found
}

const readBatch = (bytes: Uint8Array, at: number): BatchTrace => ({
  lastSequence: readInt32(bytes, at),
  lastOffset: readInt64(bytes, at + 4),
  offsetDelta: readInt32(bytes, at + 12),
  timestampMs: readInt64(bytes, at + 16),
})
