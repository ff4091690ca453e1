import { assert } from '@millrace/kernel'
import type { TimestampType } from './batch-header.ts'
import { batchAttribute, batchHeaderBytes, batchLayout, lengthPrefixBytes, writeCrc } from './batch-header.ts'
import type { Codec } from './compression/codec.ts'
import { codecs, compress } from './compression/codec.ts'
import { writeInt16, writeInt32, writeInt64 } from './fixed.ts'
import type { RecordHeader } from './read-records.ts'
import { varintSize, varlongSize, writeVarint, writeVarlong } from './varint.ts'

export interface RecordToWrite {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers?: readonly RecordHeader[]
  /** -1 where it has none. */
  readonly timestampMs: number
  /** Where the record lies behind the batch's base offset; default: one after the record before. */
  readonly offsetDelta?: number
}

/** What a batch says of itself besides its records. Everything has the value of a plain, uncompressed batch. */
export interface BatchFields {
  readonly compression?: Codec
  readonly compressionLevel?: number
  readonly baseOffset?: number
  readonly leaderEpoch?: number
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly transactional?: boolean
  readonly control?: boolean
  /** With LogAppendTime `maxTimestampMs` is the broker's time. */
  readonly timestampType?: TimestampType
  /** Default: the largest of the records'. */
  readonly maxTimestampMs?: number
  /** Default: the first record's; ignored with `deleteHorizonMs`, which takes its place. */
  readonly baseTimestampMs?: number
  readonly deleteHorizonMs?: number | null
  /** Default: the last record's; compaction keeps that of the batch as it was. */
  readonly lastOffsetDelta?: number
}

/**
 * Builds one batch record by record, straight into its bytes. The base timestamp is fixed by the first record (or given),
 * everything else when `build` is called.
 */
export class BatchBuilder {
  #bytes: Buffer
  #at = batchHeaderBytes
  #baseTimestampMs: number | undefined
  #maxTimestampMs = -1
  #lastOffsetDelta = -1
  #count = 0

  /**
   * A number is a guess at the uncompressed size; the batch grows past it where it must. Memory that is given instead is
   * written to, and can be had back from `memory` when the batch is no longer needed.
   */
  constructor(memory: number | Uint8Array = 1024, baseTimestampMs?: number) {
    this.#bytes = typeof memory === 'number' ? allocate(Math.max(memory, batchHeaderBytes)) : asBuffer(memory)
    this.#baseTimestampMs = baseTimestampMs
  }

  /** What it writes to: what it was given, unless the batch grew past that. */
  get memory(): Uint8Array {
    return this.#bytes
  }

  get recordCount(): number {
    return this.#count
  }

  /** Size of the batch as it is now, uncompressed. */
  get sizeBytes(): number {
    return this.#at
  }

  append(record: RecordToWrite): void {
    const { key, value, headers = noHeaders } = record
    if (record.offsetDelta !== undefined) this.#lastOffsetDelta = record.offsetDelta - 1
    this.appendSized(key, key?.length ?? 0, value, value?.length ?? 0, headers, record.timestampMs)
  }

  /**
   * The same without an object: the first `keyBytes` of the key, and a value that may be text of which the caller knows
   * how many bytes it takes in UTF-8. A client does this for every record.
   */
  appendSized(
    key: Uint8Array | null,
    keyBytes: number,
    value: Uint8Array | string | null,
    valueBytes: number,
    headers: readonly RecordHeader[],
    timestampMs: number,
  ): void {
    this.#baseTimestampMs ??= timestampMs
    const timestampDelta = timestampMs - this.#baseTimestampMs
    const offsetDelta = this.#lastOffsetDelta + 1
    const bodyBytes =
      1 +
      varlongSize(timestampDelta) +
      varintSize(offsetDelta) +
      (key === null ? 1 : varintSize(keyBytes) + keyBytes) +
      (value === null ? 1 : varintSize(valueBytes) + valueBytes) +
      headersSize(headers)
    this.#reserve(bodyBytes + 5)
    const bytes = this.#bytes
    let at = writeVarint(bytes, this.#at, bodyBytes)
    bytes[at++] = 0
    at = writeVarlong(bytes, at, timestampDelta)
    at = writeVarint(bytes, at, offsetDelta)
    at = writePart(bytes, at, key, keyBytes)
    at = writePart(bytes, at, value, valueBytes)
    this.#at = writeHeaders(bytes, at, headers)
    this.#lastOffsetDelta = offsetDelta
    if (timestampMs > this.#maxTimestampMs) this.#maxTimestampMs = timestampMs
    this.#count += 1
  }

  /** The records as they are before compression: a view that holds until the next one is appended. */
  get records(): Uint8Array {
    return this.#bytes.subarray(batchHeaderBytes, this.#at)
  }

  /**
   * The batch's bytes. The builder must not be used after that: an uncompressed batch is its own memory. `packed` is
   * what `records` were compressed to where that has been done already.
   */
  build(fields: BatchFields = {}, packed?: Uint8Array): Uint8Array {
    const codec = fields.compression ?? 'none'
    const batch =
      codec === 'none'
        ? this.#bytes.subarray(0, this.#at)
        : withHeader(packed ?? compress(codec, this.records, fields.compressionLevel))
    writeInt64(batch, batchLayout.baseOffset, fields.baseOffset ?? 0)
    writeInt32(batch, batchLayout.batchLength, batch.length - lengthPrefixBytes)
    writeInt32(batch, batchLayout.leaderEpoch, fields.leaderEpoch ?? -1)
    batch[batchLayout.magic] = 2
    writeInt16(batch, batchLayout.attributes, attributesOf(fields))
    writeInt32(batch, batchLayout.lastOffsetDelta, fields.lastOffsetDelta ?? this.#lastOffsetDelta)
    writeInt64(batch, batchLayout.baseTimestamp, fields.deleteHorizonMs ?? this.#baseTimestampMs ?? -1)
    writeInt64(batch, batchLayout.maxTimestamp, fields.maxTimestampMs ?? this.#maxTimestampMs)
    writeInt64(batch, batchLayout.producerId, fields.producerId ?? -1)
    writeInt16(batch, batchLayout.producerEpoch, fields.producerEpoch ?? -1)
    writeInt32(batch, batchLayout.baseSequence, fields.baseSequence ?? -1)
    writeInt32(batch, batchLayout.recordCount, this.#count)
    writeCrc(batch, 0)
    return batch
  }

  #reserve(more: number): void {
    const needed = this.#at + more
    if (needed <= this.#bytes.length) return
    const larger = allocate(Math.max(needed, this.#bytes.length * 2))
    larger.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = larger
  }
}

function withHeader(packed: Uint8Array): Uint8Array {
  const batch = allocate(batchHeaderBytes + packed.length)
  batch.set(packed, batchHeaderBytes)
  return batch
}

const noHeaders: readonly RecordHeader[] = []

const asBuffer = (bytes: Uint8Array): Buffer =>
  bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

// Every byte is written before it is read, so nothing needs zeroing; never from the pool, which others would share.
const allocate = (bytes: number): Buffer => Buffer.allocUnsafeSlow(bytes)

function attributesOf(fields: BatchFields): number {
  let bits = codecs.indexOf(fields.compression ?? 'none')
  if (fields.timestampType === 'LogAppendTime') bits |= batchAttribute.logAppendTime
  if (fields.transactional === true) bits |= batchAttribute.transactional
  if (fields.control === true) bits |= batchAttribute.control
  if (fields.deleteHorizonMs !== undefined && fields.deleteHorizonMs !== null) bits |= batchAttribute.deleteHorizon
  return bits
}

function fieldSize(field: Uint8Array | null): number {
  return field === null ? 1 : varintSize(field.length) + field.length
}

function headersSize(headers: readonly RecordHeader[]): number {
  if (headers.length === 0) return 1
  let size = varintSize(headers.length)
  for (const header of headers) {
    const keyBytes = Buffer.byteLength(header.key)
    size += varintSize(keyBytes) + keyBytes + fieldSize(header.value)
  }
  return size
}

function writeField(bytes: Uint8Array, at: number, field: Uint8Array | null): number {
  if (field === null) return writeVarint(bytes, at, -1)
  const start = writeVarint(bytes, at, field.length)
  bytes.set(field, start)
  return start + field.length
}

/** Below this a loop copies faster than a call does (measured: it takes 2 ns a byte, the call 25 to 40 ns). */
const copiedByCallFromBytes = 16

function writePart(bytes: Buffer, at: number, part: Uint8Array | string | null, partBytes: number): number {
  if (part === null) return writeVarint(bytes, at, -1)
  const start = writeVarint(bytes, at, partBytes)
  if (typeof part === 'string') bytes.write(part, start, partBytes)
  else if (partBytes >= copiedByCallFromBytes)
    bytes.set(part.length === partBytes ? part : part.subarray(0, partBytes), start)
  else for (let i = 0; i < partBytes; i += 1) bytes[start + i] = part[i]!
  return start + partBytes
}

const encoder = new TextEncoder()

function writeHeaders(bytes: Uint8Array, at: number, headers: readonly RecordHeader[]): number {
  if (headers.length === 0) {
    bytes[at] = 0
    return at + 1
  }
  let next = writeVarint(bytes, at, headers.length)
  for (const header of headers) {
    next = writeField(bytes, next, encoder.encode(header.key))
    next = writeField(bytes, next, header.value)
  }
  return next
}

/** A batch of these records in one call. */
export function buildBatch(batch: BatchFields & { readonly records: readonly RecordToWrite[] }): Uint8Array {
  assert(batch.records.length > 0 || batch.lastOffsetDelta !== undefined, 'an empty batch needs a last offset delta')
  const builder = new BatchBuilder(1024, batch.baseTimestampMs)
  for (const record of batch.records) builder.append(record)
  return builder.build(batch)
}
