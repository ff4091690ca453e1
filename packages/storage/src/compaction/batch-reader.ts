import { batchField, batchHeaderBytes, checkBatch } from '@millrace/protocol'
import type { FileHandle } from '../io/file-system.ts'
import { DamagedSegmentError } from './compaction-job.ts'

/**
 * Reads a segment's batches in order through one buffer of fixed size, which grows only for a batch that is larger.
 * `refill` reads, `next` steps through what was read: between them others may have their turn.
 */
export class BatchReader {
  readonly #file: FileHandle
  readonly #until: number
  readonly #bufferBytes: number
  #buffer: Uint8Array
  #filled = 0
  /** Where the first byte of the buffer lies in the file. */
  #start = 0
  /** Where the next batch begins in the buffer. */
  #at = 0

  constructor(file: FileHandle, until: number, bufferBytes: number) {
    this.#file = file
    this.#until = until
    this.#bufferBytes = Math.max(bufferBytes, batchHeaderBytes)
    this.#buffer = allocate(Math.min(this.#bufferBytes, until))
  }

  /** Whether all batches were given. */
  get atEnd(): boolean {
    return this.#start + this.#at >= this.#until
  }

  /** Reads on from the next batch; returns how many bytes were read. */
  refill(): number {
    const start = this.#start + this.#at
    let read = this.#read(start, this.#bufferBytes)
    if (read >= batchHeaderBytes) {
      const sizeBytes = batchField.sizeBytes(this.#buffer, 0)
      // A length that lies doesn't make us read more than is there.
      if (sizeBytes > read && sizeBytes <= this.#until - start) read += this.#read(start, sizeBytes)
    }
    return read
  }

  #read(start: number, bytes: number): number {
    const wanted = Math.min(bytes, this.#until - start)
    const fits = this.#buffer.length >= wanted && this.#buffer.length <= this.#bufferBytes
    if (!fits) this.#buffer = allocate(wanted)
    this.#filled = this.#file.read(this.#buffer.subarray(0, wanted), start)
    this.#start = start
    this.#at = 0
    return this.#filled
  }

  /** The next batch of what was read, good until `refill`; undefined where it isn't all there. */
  next(): Uint8Array | undefined {
    const at = this.#at
    const left = this.#filled - at
    if (left === 0) return undefined
    if (left < batchHeaderBytes && at > 0) return undefined
    const sizeBytes = left < batchHeaderBytes ? 0 : batchField.sizeBytes(this.#buffer, at)
    const isCutByBuffer = sizeBytes > left && sizeBytes <= this.#until - this.#start - at
    if (isCutByBuffer && at > 0) return undefined
    const problem = checkBatch(this.#buffer, at, this.#filled)
    if (problem !== null) {
      throw new DamagedSegmentError(`${this.#file.path} is damaged at byte ${this.#start + at}: ${problem.message}`)
    }
    this.#at += sizeBytes
    return this.#buffer.subarray(at, at + sizeBytes)
  }
}

const allocate = (bytes: number): Uint8Array => Buffer.allocUnsafeSlow(bytes)
