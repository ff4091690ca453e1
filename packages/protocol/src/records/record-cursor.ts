import { batchField } from './batch-header.ts'
import { CorruptRecordsError } from './corrupt-records-error.ts'
import type { ReadLimits } from './read-records.ts'
import { unpackRecords } from './read-records.ts'
import { VarintReader } from './varint.ts'

/**
 * Walks a batch's records without making an object for each: for work that looks at every record of a log. The fields
 * are those of the record that `next` went to; places are in `bytes`. Headers are not looked into. Whatever is wrong
 * is a CorruptRecordsError; the CRC is not looked at.
 */
export class RecordCursor {
  /** The batch's records, decompressed. */
  readonly bytes: Uint8Array
  /** Where the record starts and ends, its length included. */
  start = 0
  end = 0
  timestampDelta = 0
  offsetDelta = 0
  keyStart = 0
  /** -1 for a null key. */
  keyLength = 0
  /** The headers start behind the value, and end where the record does. */
  valueStart = 0
  /** -1 for a null value. */
  valueLength = 0
  readonly #reader: VarintReader
  readonly #lastOffsetDelta: number
  #left: number

  /** Of the batch at `position`; `unpacked` is what it holds, where that is decompressed already. */
  constructor(batch: Uint8Array, limits: ReadLimits = {}, position = 0, unpacked?: Uint8Array) {
    this.bytes = unpacked ?? unpackRecords(batch, limits, position)
    this.#reader = new VarintReader(this.bytes)
    this.#left = batchField.recordCount(batch, position)
    this.#lastOffsetDelta = batchField.lastOffsetDelta(batch, position)
  }

  /** Goes to the next record; false behind the last. */
  next(): boolean {
    const reader = this.#reader
    if (this.#left === 0) {
      if (reader.at === reader.end) return false
      throw new CorruptRecordsError(`${reader.end - reader.at} bytes follow a batch's last record`)
    }
    this.#left -= 1
    this.start = reader.at
    const length = reader.varint()
    this.end = reader.at + length
    if (length < 0 || this.end > reader.end) {
      throw new CorruptRecordsError(`a record says ${length} bytes, ${reader.end - reader.at} are left`)
    }
    reader.at += 1 // the record's attributes: no bit of them has a meaning
    this.timestampDelta = reader.varlong()
    this.offsetDelta = reader.varint()
    if (this.offsetDelta < 0 || this.offsetDelta > this.#lastOffsetDelta) {
      const ends = `the batch ends at ${this.#lastOffsetDelta}`
      throw new CorruptRecordsError(`a record has offset delta ${this.offsetDelta}, ${ends}`)
    }
    this.keyLength = this.#field()
    this.keyStart = reader.at
    reader.at += Math.max(0, this.keyLength)
    this.valueLength = this.#field()
    this.valueStart = reader.at
    reader.at = this.end
    return true
  }

  #field(): number {
    const reader = this.#reader
    const length = reader.varint()
    if (length > this.end - reader.at) {
      throw new CorruptRecordsError(`a field says ${length} bytes, ${this.end - reader.at} are left in its record`)
    }
    return length
  }
}
