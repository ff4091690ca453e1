import { readInt32, readInt64, writeInt32, writeInt64 } from '@millrace/protocol'
import { GrowingBytes } from './growing-bytes.ts'

/** Kafka's `.timeindex`: timestamp int64, relative offset int32: no record before that offset is later than that. */
export const timeEntryBytes = 12

export interface TimeEntry {
  readonly timestampMs: number
  readonly offset: number
}

export class TimeIndex {
  readonly #baseOffset: number
  readonly #entries: GrowingBytes
  #writtenBytes: number

  constructor(baseOffset: number, bytes?: Uint8Array) {
    this.#baseOffset = baseOffset
    this.#entries = new GrowingBytes(bytes)
    this.#writtenBytes = this.#entries.length
  }

  get count(): number {
    return this.#entries.length / timeEntryBytes
  }

  get sizeBytes(): number {
    return this.#entries.length
  }

  /** The largest timestamp that the index knows; -1 where it is empty. */
  get last(): TimeEntry {
    return this.count === 0 ? { timestampMs: -1, offset: this.#baseOffset } : this.entryAt(this.count - 1)
  }

  /** Only where it is later than the last: the entries rise. */
  maybeAppend(timestampMs: number, offset: number): void {
    if (timestampMs <= this.last.timestampMs) return
    const at = this.#entries.extend(timeEntryBytes)
    writeInt64(this.#entries.view, at, timestampMs)
    writeInt32(this.#entries.view, at + 8, offset - this.#baseOffset)
  }

  /** The offset from which to look for a record at or after `timestampMs`. */
  lookup(timestampMs: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.entryAt(middle).timestampMs <= timestampMs) low = middle + 1
      else high = middle
    }
    return low === 0 ? this.#baseOffset : this.entryAt(low - 1).offset
  }

  truncateTo(offset: number): void {
    let count = this.count
    while (count > 0 && this.entryAt(count - 1).offset >= offset) count -= 1
    this.#entries.truncate(count * timeEntryBytes)
    this.#writtenBytes = Math.min(this.#writtenBytes, this.#entries.length)
  }

  /** Valid until the next entry is appended. */
  whole(): Uint8Array {
    return this.#entries.slice(0)
  }

  unwritten(): { readonly bytes: Uint8Array; readonly position: number } {
    return { bytes: this.#entries.slice(this.#writtenBytes), position: this.#writtenBytes }
  }

  markWritten(): void {
    this.#writtenBytes = this.#entries.length
  }

  damage(): string | undefined {
    if (this.#entries.length % timeEntryBytes !== 0) return `${this.#entries.length} bytes are not whole entries`
    for (let slot = 0; slot < this.count; slot += 1) {
      const entry = this.entryAt(slot)
      const before = slot === 0 ? undefined : this.entryAt(slot - 1)
      const rises = before === undefined || (entry.timestampMs > before.timestampMs && entry.offset >= before.offset)
      if (!rises || entry.offset < this.#baseOffset) return `entry ${slot} does not rise`
    }
    return undefined
  }

  entryAt(slot: number): TimeEntry {
    const at = slot * timeEntryBytes
    const view = this.#entries.view
    return { timestampMs: readInt64(view, at), offset: this.#baseOffset + readInt32(view, at + 8) }
  }
}
