import { batchAttribute, batchField, batchHeaderBytes } from './batch-header.ts'
import { checkBatchShape } from './check-batch.ts'
import { codecOf, decompress, decompressAside } from './compression/codec.ts'
import { CorruptRecordsError } from './corrupt-records-error.ts'
import { saturated } from './fixed.ts'
import { VarintReader } from './varint.ts'

export interface RecordHeader {
  readonly key: string
  readonly value: Uint8Array | null
}

/** One record of a batch. Keys and values are views of the batch's bytes, or of what they decompressed to. */
export interface ReadRecord {
  readonly offset: number
  /** The record's own time, or the broker's where the batch has LogAppendTime. */
  readonly timestampMs: number
  /** As it stands in the record: what is added to the batch's base timestamp. */
  readonly timestampDelta: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly RecordHeader[]
}

export interface ReadLimits {
  /** What a batch may decompress to. Default 128 MiB. */
  readonly decompressedBytesMax?: number
}

export const decompressedBytesMaxDefault = 128 * 1024 * 1024

/**
 * The records of the batch at `position`, decompressed, each read when it is asked for. Every length is checked against
 * what is left; whatever is wrong is a CorruptRecordsError. The CRC is not looked at (`checkBatch`).
 */
export function readRecords(bytes: Uint8Array, limits: ReadLimits = {}, position = 0): IterableIterator<ReadRecord> {
  const unpacked = unpackRecords(bytes, limits, position)
  const attributes = batchField.attributes(bytes, position)
  return new RecordIterator(unpacked, batchField.recordCount(bytes, position), {
    baseOffset: batchField.baseOffset(bytes, position),
    baseTimestampMs: batchField.baseTimestampMs(bytes, position),
    lastOffsetDelta: batchField.lastOffsetDelta(bytes, position),
    logAppendTimeMs:
      (attributes & batchAttribute.logAppendTime) === 0 ? undefined : batchField.maxTimestampMs(bytes, position),
  })
}

/** What the batch at `position` holds behind its header, decompressed: as many records as it says may be in it. */
export function unpackRecords(bytes: Uint8Array, limits: ReadLimits, position: number): Uint8Array {
  const packed = packedRecords(bytes, position)
  // Compaction leaves empty batches behind, to keep a producer's last sequence.
  if (packed.length === 0 && batchField.recordCount(bytes, position) === 0) return packed
  const codec = codecOf(batchField.attributes(bytes, position))
  return checkedCount(bytes, position, decompress(codec, packed, limitOf(limits)))
}

/** The same for a batch that takes long to decompress: the event loop goes on meanwhile. */
export async function unpackRecordsAside(bytes: Uint8Array, limits: ReadLimits, position = 0): Promise<Uint8Array> {
  const packed = packedRecords(bytes, position)
  const codec = codecOf(batchField.attributes(bytes, position))
  return checkedCount(bytes, position, await decompressAside(codec, packed, limitOf(limits)))
}

const limitOf = (limits: ReadLimits): number => limits.decompressedBytesMax ?? decompressedBytesMaxDefault

function packedRecords(bytes: Uint8Array, position: number): Uint8Array {
  const wrongShape = checkBatchShape(bytes, position, bytes.length)
  if (wrongShape !== null) {
    const oldMagic = wrongShape.error === 'UNSUPPORTED_FOR_MESSAGE_FORMAT'
    throw new CorruptRecordsError(wrongShape.message, oldMagic ? 'old-magic' : 'corrupt')
  }
  return bytes.subarray(position + batchHeaderBytes, position + batchField.sizeBytes(bytes, position))
}

// A record takes at least seven bytes, so a count that lies is found before anything is done for it.
function checkedCount(bytes: Uint8Array, position: number, unpacked: Uint8Array): Uint8Array {
  const count = batchField.recordCount(bytes, position)
  if (count >= 0 && count * 7 <= unpacked.length) return unpacked
  throw new CorruptRecordsError(`a batch says ${count} records in ${unpacked.length} bytes`)
}

interface BatchBase {
  readonly baseOffset: number
  readonly baseTimestampMs: number
  readonly lastOffsetDelta: number
  readonly logAppendTimeMs: number | undefined
}

const noHeaders: readonly RecordHeader[] = []

class RecordIterator implements IterableIterator<ReadRecord> {
  readonly #reader: VarintReader
  readonly #base: BatchBase
  #left: number

  constructor(bytes: Uint8Array, count: number, base: BatchBase) {
    this.#reader = new VarintReader(bytes)
    this.#left = count
    this.#base = base
  }

  [Symbol.iterator](): this {
    return this
  }

  next(): IteratorResult<ReadRecord, undefined> {
    const reader = this.#reader
    if (this.#left === 0) {
      if (reader.at !== reader.end) {
        throw new CorruptRecordsError(`${reader.end - reader.at} bytes follow a batch's last record`)
      }
      return { done: true, value: undefined }
    }
    this.#left -= 1
    return { done: false, value: this.#readRecord(reader) }
  }

  #readRecord(reader: VarintReader): ReadRecord {
    const length = reader.varint()
    const end = reader.at + length
    if (length < 0 || end > reader.end) {
      throw new CorruptRecordsError(`a record says ${length} bytes, ${reader.end - reader.at} are left`)
    }
    reader.at += 1 // the record's attributes: no bit of them has a meaning
    const base = this.#base
    const timestampDelta = reader.varlong()
    const offsetDelta = reader.varint()
    if (offsetDelta < 0 || offsetDelta > base.lastOffsetDelta) {
      throw new CorruptRecordsError(
        `a record has offset delta ${offsetDelta}, the batch ends at ${base.lastOffsetDelta}`,
      )
    }
    const record = {
      offset: base.baseOffset + offsetDelta,
      timestampMs: base.logAppendTimeMs ?? saturated(base.baseTimestampMs + timestampDelta),
      timestampDelta,
      key: readBytes(reader, end),
      value: readBytes(reader, end),
      headers: readHeaders(reader, end),
    }
    if (reader.at !== end) {
      throw new CorruptRecordsError(`a record of ${length} bytes was read to ${reader.at - end} bytes from its end`)
    }
    return record
  }
}

function readBytes(reader: VarintReader, end: number): Uint8Array | null {
  const length = reader.varint()
  if (length < 0) return null
  const start = reader.at
  if (length > end - start) {
    throw new CorruptRecordsError(`a field says ${length} bytes, ${end - start} are left in its record`)
  }
  reader.at = start + length
  return reader.bytes.subarray(start, reader.at)
}

function readHeaders(reader: VarintReader, end: number): readonly RecordHeader[] {
  const count = reader.varint()
  if (count === 0) return noHeaders
  // A header takes at least two bytes.
  if (count < 0 || count * 2 > end - reader.at) {
    throw new CorruptRecordsError(`a record says ${count} headers in ${end - reader.at} bytes`)
  }
  const headers: RecordHeader[] = []
  for (let i = 0; i < count; i += 1) {
    const key = readBytes(reader, end)
    if (key === null) throw new CorruptRecordsError('a header without a key')
    headers.push({ key: utf8(key), value: readBytes(reader, end) })
  }
  return headers
}

/** The headers of a record whose value ends at `start`. Throws a CorruptRecordsError. */
export function readRecordHeaders(bytes: Uint8Array, start: number, end: number): readonly RecordHeader[] {
  const reader = new VarintReader(bytes, start, end)
  const headers = readHeaders(reader, end)
  if (reader.at === end) return headers
  throw new CorruptRecordsError(`a record's headers were read to ${reader.at - end} bytes from its end`)
}

const utf8 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
