import type { BatchHeader, ReadRecord } from '@millrace/protocol'
import {
  batches,
  batchField,
  checkBatch,
  checkBatchShape,
  CorruptRecordsError,
  readBatchHeader,
  readMarker,
  readRecords,
} from '@millrace/protocol'
import type { ConsumerRecord, TopicPartition } from '../record.ts'

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

export interface ChunkOptions {
  readonly checkCrcs: boolean
  readonly decompressedBytesMax: number
}

// A value that somebody keeps must not keep a whole answer of a broker in memory with it.
const pinnedBytesMax = 64 * 1024

/**
 * What one fetch brought of one partition: whole batches, of which records come out one by one. Batches are checked and
 * unpacked when their turn comes. With `aborted` given, records of those transactions don't come out; markers never do.
 */
export class Chunk {
  readonly #of: TopicPartition
  readonly #bytes: Buffer
  readonly #options: ChunkOptions
  readonly #abortedToCome: AbortedTransaction[]
  readonly #abortedNow = new Set<number>()
  #position = 0
  #header: BatchHeader | undefined
  #records: Iterator<ReadRecord, undefined> | undefined
  /** Bytes of its whole batches. */
  readonly sizeBytes: number
  /** The offset behind its last batch; undefined where it has no whole batch. */
  readonly nextOffset: number | undefined

  constructor(
    of: TopicPartition,
    bytes: Uint8Array,
    aborted: readonly AbortedTransaction[] | null,
    options: ChunkOptions,
  ) {
    this.#of = of
    this.#bytes = asBuffer(bytes)
    this.#options = options
    this.#abortedToCome = (aborted ?? []).toSorted((a, b) => a.firstOffset - b.firstOffset)
    let end = 0
    let nextOffset: number | undefined
    for (const position of batches(bytes)) {
      end = position + batchField.sizeBytes(bytes, position)
      nextOffset = batchField.lastOffset(bytes, position) + 1
    }
    this.sizeBytes = end
    this.nextOffset = nextOffset
  }

  /** The next record at or after `from`; undefined where there is none left. Throws a CorruptRecordsError. */
  next(from: number): ConsumerRecord | undefined {
    for (;;) {
      const { value: record } = this.#records?.next() ?? { value: undefined }
      if (record !== undefined) {
        if (record.offset >= from) return this.#asConsumerRecord(record)
      } else if (!this.#openNextBatch(from)) return undefined
    }
  }

  #openNextBatch(from: number): boolean {
    this.#records = undefined
    while (this.#position < this.sizeBytes) {
      const position = this.#position
      const header = this.#readHeader(position)
      this.#position += header.sizeBytes
      this.#header = header
      if (this.#isHidden(header, position) || header.lastOffset < from) continue
      const { decompressedBytesMax } = this.#options
      this.#records = readRecords(this.#ownBytes(position, header.sizeBytes), { decompressedBytesMax })
      return true
    }
    return false
  }

  #readHeader(position: number): BatchHeader {
    const check = this.#options.checkCrcs ? checkBatch : checkBatchShape
    const wrong = check(this.#bytes, position, this.sizeBytes)
    if (wrong !== null) {
      throw new CorruptRecordsError(`${this.#of.topic}-${this.#of.partition}: ${wrong.message}`)
    }
    return readBatchHeader(this.#bytes, position)
  }

  // Markers end a producer's transaction; what lies between its start and an abort is not shown.
  #isHidden(header: BatchHeader, position: number): boolean {
    while (this.#abortedToCome[0] !== undefined && this.#abortedToCome[0].firstOffset <= header.lastOffset) {
      this.#abortedNow.add(this.#abortedToCome.shift()!.producerId)
    }
    if (header.control) {
      if (header.transactional && this.#abortedNow.has(header.producerId)) this.#endTransaction(header, position)
      return true
    }
    return header.transactional && this.#abortedNow.has(header.producerId)
  }

  #endTransaction(header: BatchHeader, position: number): void {
    for (const record of readRecords(this.#bytes.subarray(position, position + header.sizeBytes))) {
      const marker = readMarker(record)
      if (marker !== null && !marker.committed) this.#abortedNow.delete(header.producerId)
    }
  }

  // Copied where the memory around it is much larger, so that whoever keeps a value doesn't keep all of it.
  #ownBytes(position: number, sizeBytes: number): Buffer {
    const batch = this.#bytes.subarray(position, position + sizeBytes)
    const around = batch.buffer.byteLength
    return around <= pinnedBytesMax || around === sizeBytes ? batch : Buffer.from(batch)
  }

  #asConsumerRecord(record: ReadRecord): ConsumerRecord {
    const header = this.#header!
    return {
      topic: this.#of.topic,
      partition: this.#of.partition,
      offset: record.offset,
      timestamp: record.timestampMs,
      timestampType: header.timestampType,
      leaderEpoch: header.leaderEpoch,
      key: record.key === null ? null : asBuffer(record.key),
      value: record.value === null ? null : asBuffer(record.value),
      headers: record.headers.length === 0 ? noHeaders : record.headers.map(headerPair),
    }
  }
}

const noHeaders: ConsumerRecord['headers'] = []

const headerPair = (header: ReadRecord['headers'][number]): readonly [string, Buffer | null] => [
  header.key,
  header.value === null ? null : asBuffer(header.value),
]

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
