import type { BatchHeader } from '@millrace/protocol'
import {
  checkBatch,
  checkBatchShape,
  codecOf,
  CorruptRecordsError,
  readBatchHeader,
  RecordCursor,
  saturated,
  unpackRecordsAside,
} from '@millrace/protocol'
import type { TopicPartition } from '../../record.ts'
import { UnreadableBatchError } from '../consumer-errors.ts'
import type { AnswerBytes, AnswerReader } from '../fetch/answer-bytes.ts'
import type { AbortedTransaction } from './aborted-transactions.ts'
import { AbortedTransactions } from './aborted-transactions.ts'
import type { BatchFacts } from './fetched-record.ts'
import { asBuffer, FetchedRecord } from './fetched-record.ts'
import type { WholeBatches } from './slabs.ts'
import { copyOf, slabAt, wholeBatches } from './slabs.ts'

export interface ChunkOptions {
  readonly checkCrcs: boolean
  readonly decompressedBytesMax: number
}

/** A batch that is packed into less than this is unpacked on the spot, if no more than `smallUnpackedBytes` come out. */
const smallPackedBytes = 64 * 1024
const smallUnpackedBytes = 1024 * 1024

interface OpenBatch extends BatchFacts {
  readonly cursor: RecordCursor
  readonly baseOffset: number
  readonly baseTimestampMs: number
  readonly logAppendTimeMs: number | undefined
}

/**
 * What one fetch brought of one partition: whole batches, of which records come out one by one. Batches are copied out of
 * the answer, checked and unpacked when their turn comes: what comes out is fresh in the processor's cache, and is soon
 * garbage. With `aborted` given, records of those transactions don't come out; markers never do.
 */
export class Chunk implements AnswerReader {
  readonly #of: TopicPartition
  /** Of the broker that it came from. */
  readonly #address: string
  readonly #options: ChunkOptions
  readonly #aborted: AbortedTransactions
  readonly #batches: WholeBatches
  /** Whose memory `#bytes` is, until this is done with it. */
  #answer: AnswerBytes | undefined
  /** Its whole batches; those before `#from` were taken out. */
  #bytes: Uint8Array
  #from = 0
  #slab: Buffer | undefined
  #position = 0
  #header: BatchHeader | undefined
  #open: OpenBatch | undefined
  #failure: unknown
  #unpacking: Promise<void> | undefined
  #unpacked: { readonly header: BatchHeader; readonly bytes: Uint8Array } | { readonly error: unknown } | undefined

  constructor(
    of: TopicPartition,
    bytes: Uint8Array,
    aborted: readonly AbortedTransaction[] | null,
    options: ChunkOptions,
    address: string,
    answer?: AnswerBytes,
  ) {
    this.#address = address
    this.#of = of
    this.#options = options
    this.#aborted = new AbortedTransactions(aborted ?? [])
    this.#batches = wholeBatches(bytes)
    this.#bytes = bytes.subarray(0, this.#batches.sizeBytes)
    this.#answer = this.end === undefined ? undefined : answer
    this.#answer?.hold(this)
  }

  /** Bytes of its whole batches. */
  get sizeBytes(): number {
    return this.#batches.sizeBytes
  }

  /** What is behind its last batch; undefined where it has no whole batch. */
  get end(): WholeBatches['end'] {
    return this.#batches.end
  }

  copyOut(): void {
    this.#bytes = copyOf(this.#bytes.subarray(this.#from))
    this.#from = 0
    this.#answer = undefined
  }

  /** Nothing more is read of it. */
  drop(): void {
    this.#bytes = this.#bytes.subarray(0, 0)
    this.#answer?.done(this)
    this.#answer = undefined
  }

  /** Settles, and never rejects, when a large batch is unpacked; until then `next` gives nothing. */
  get unpacking(): Promise<void> | undefined {
    return this.#unpacking
  }

  /**
   * The next record at or after `from`; undefined where there is none left, or none yet. Throws an UnreadableBatchError,
   * and goes on doing so: nothing behind a batch that can't be read comes out of this chunk.
   */
  next(from: number): FetchedRecord | undefined {
    if (this.#failure !== undefined) throw this.#failure
    try {
      return this.#next(from)
    } catch (error) {
      this.#failure = this.#unreadable(error)
      throw this.#failure
    }
  }

  #next(from: number): FetchedRecord | undefined {
    for (;;) {
      const batch = this.#open ?? this.#openNext(from)
      if (batch === undefined) return undefined
      const { cursor } = batch
      while (cursor.next()) {
        const offset = batch.baseOffset + cursor.offsetDelta
        if (offset < from) continue
        const timestampMs = batch.logAppendTimeMs ?? saturated(batch.baseTimestampMs + cursor.timestampDelta)
        return new FetchedRecord(batch, offset, timestampMs, cursor)
      }
      this.#open = undefined
    }
  }

  #openNext(from: number): OpenBatch | undefined {
    if (this.#unpacking !== undefined) return undefined
    const unpacked = this.#unpacked
    this.#unpacked = undefined
    if (unpacked !== undefined) {
      if ('error' in unpacked) throw unpacked.error
      return this.#start(unpacked.header, unpacked.bytes)
    }
    for (let slab = this.#slab ?? this.#nextSlab(); slab !== undefined; slab = this.#nextSlab()) {
      while (this.#position < slab.length) {
        const header = this.#readHeader(slab)
        this.#position += header.sizeBytes
        if (this.#isHidden(header) || header.lastOffset < from) continue
        return this.#unpack(header, slab)
      }
    }
    return undefined
  }

  #nextSlab(): Buffer | undefined {
    this.#slab = this.#from < this.#bytes.length ? slabAt(this.#bytes, this.#from) : undefined
    this.#from += this.#slab?.length ?? 0
    this.#position = 0
    return this.#slab
  }

  #unpack(header: BatchHeader, slab: Buffer): OpenBatch | undefined {
    const { decompressedBytesMax } = this.#options
    const inPlace = codecOf(header.attributes) === 'none'
    if (inPlace || header.sizeBytes <= smallPackedBytes) {
      try {
        return this.#start(header, undefined, Math.min(smallUnpackedBytes, decompressedBytesMax))
      } catch (error) {
        // More comes out of it than may be unpacked here and now.
        const isLarge = error instanceof CorruptRecordsError && error.kind === 'too-large'
        if (!isLarge || decompressedBytesMax <= smallUnpackedBytes) throw error
      }
    }
    this.#unpacking = this.#unpackLater(header, slab)
    return undefined
  }

  async #unpackLater(header: BatchHeader, slab: Buffer): Promise<void> {
    try {
      const { decompressedBytesMax } = this.#options
      const bytes = await unpackRecordsAside(slab, { decompressedBytesMax }, header.position)
      this.#unpacked = { header, bytes }
    } catch (error) {
      this.#unpacked = { error }
    }
    this.#unpacking = undefined
  }

  #start(header: BatchHeader, unpacked?: Uint8Array, decompressedBytesMax?: number): OpenBatch {
    const limits = decompressedBytesMax === undefined ? {} : { decompressedBytesMax }
    const cursor = new RecordCursor(this.#slab!, limits, header.position, unpacked)
    this.#open = {
      topic: this.#of.topic,
      partition: this.#of.partition,
      timestampType: header.timestampType,
      leaderEpoch: header.leaderEpoch,
      bytes: asBuffer(cursor.bytes),
      cursor,
      baseOffset: header.baseOffset,
      baseTimestampMs: header.baseTimestampMs,
      logAppendTimeMs: header.timestampType === 'LogAppendTime' ? header.maxTimestampMs : undefined,
    }
    return this.#open
  }

  #readHeader(slab: Buffer): BatchHeader {
    this.#header = undefined
    const wrongShape = checkBatchShape(slab, this.#position, slab.length)
    if (wrongShape !== null) throw new CorruptRecordsError(wrongShape.message)
    this.#header = readBatchHeader(slab, this.#position)
    const wrong = this.#options.checkCrcs ? checkBatch(slab, this.#position, slab.length) : null
    if (wrong !== null) throw new CorruptRecordsError(wrong.message)
    return this.#header
  }

  // Markers are for us, not for who reads.
  #isHidden(header: BatchHeader): boolean {
    return this.#aborted.hides(header) || header.control
  }

  // Where a batch is so broken that its own end can't be believed, what is behind this chunk is what is behind it.
  #unreadable(error: unknown): unknown {
    if (!(error instanceof CorruptRecordsError)) return error
    const nextOffset = this.#header?.nextOffset ?? this.end?.offset ?? 0
    return new UnreadableBatchError(this.#of, nextOffset, error, this.#address)
  }
}
