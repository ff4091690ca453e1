import { readInt32, writeInt32 } from '@millrace/protocol'
import { GrowingBytes } from './growing-bytes.ts'

/** Kafka's `.index`: relative offset int32, byte position int32, rising in both. One entry every few KiB of log. */
export const offsetEntryBytes = 8

/** Offsets behind a segment's base must fit 31 bits; a segment is rolled before they don't. */
export const relativeOffsetMax = 0x7fff_ffff

export class OffsetIndex {
  readonly #baseOffset: number
  readonly #entries: GrowingBytes
  /** How much of it a file holds. */
  #writtenBytes: number

  constructor(baseOffset: number, bytes?: Uint8Array) {
    this.#baseOffset = baseOffset
    this.#entries = new GrowingBytes(bytes)
    this.#writtenBytes = this.#entries.length
  }

  get count(): number {
    return this.#entries.length / offsetEntryBytes
  }

  get sizeBytes(): number {
    return this.#entries.length
  }

  /** Offset of the last entry; the base offset where there is none. */
  get lastOffset(): number {
    return this.count === 0 ? this.#baseOffset : this.#offsetAt(this.count - 1)
  }

  get lastPosition(): number {
    return this.count === 0 ? 0 : this.#positionAt(this.count - 1)
  }

  append(offset: number, position: number): void {
    const at = this.#entries.extend(offsetEntryBytes)
    writeInt32(this.#entries.view, at, offset - this.#baseOffset)
    writeInt32(this.#entries.view, at + 4, position)
  }

  /** A batch that ends at `offset` starts at `position`. */
  entryAt(slot: number): { readonly offset: number; readonly position: number } {
    return { offset: this.#offsetAt(slot), position: this.#positionAt(slot) }
  }

  /** Where to start looking for `offset`: the position of the last entry at or before it. */
  lookup(offset: number): number {
    const slot = this.#slotAtOrBefore(offset)
    return slot < 0 ? 0 : this.#positionAt(slot)
  }

  /** Position of the first entry past `position`; undefined where none is. Bounds what a read must fetch. */
  positionAfter(position: number): number | undefined {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#positionAt(middle) <= position) low = middle + 1
      else high = middle
    }
    return low < this.count ? this.#positionAt(low) : undefined
  }

  /** Drops entries for `offset` and what follows. */
  truncateTo(offset: number): void {
    this.#keep(this.#slotAtOrBefore(offset - 1) + 1)
  }

  /** Drops entries that point at or past `position`. */
  truncateToPosition(position: number): void {
    let count = this.count
    while (count > 0 && this.#positionAt(count - 1) >= position) count -= 1
    this.#keep(count)
  }

  #keep(count: number): void {
    this.#entries.truncate(count * offsetEntryBytes)
    this.#writtenBytes = Math.min(this.#writtenBytes, this.#entries.length)
  }

  /** Valid until the next entry is appended. */
  whole(): Uint8Array {
    return this.#entries.slice(0)
  }

  /** What its file lacks, and where that belongs. */
  unwritten(): { readonly bytes: Uint8Array; readonly position: number } {
    return { bytes: this.#entries.slice(this.#writtenBytes), position: this.#writtenBytes }
  }

  markWritten(): void {
    this.#writtenBytes = this.#entries.length
  }

  /** Why these entries can't be those of a segment of `logBytes`; undefined where nothing speaks against it. */
  damage(logBytes: number): string | undefined {
    if (this.#entries.length % offsetEntryBytes !== 0) return `${this.#entries.length} bytes are not whole entries`
    if (this.count === 0) return undefined
    if (this.#positionAt(this.count - 1) >= logBytes) return 'its last entry points past the end of the log'
    for (let slot = 0; slot < this.count; slot += 1) {
      const rises = slot === 0 || this.#rises(slot)
      if (!rises || this.#positionAt(slot) < 0 || readInt32(this.#entries.view, slot * offsetEntryBytes) < 0) {
        return `entry ${slot} does not rise`
      }
    }
    return undefined
  }

  #rises(slot: number): boolean {
    return this.#offsetAt(slot) > this.#offsetAt(slot - 1) && this.#positionAt(slot) > this.#positionAt(slot - 1)
  }

  #slotAtOrBefore(offset: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#offsetAt(middle) <= offset) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  #offsetAt(slot: number): number {
    return this.#baseOffset + readInt32(this.#entries.view, slot * offsetEntryBytes)
  }

  #positionAt(slot: number): number {
    return readInt32(this.#entries.view, slot * offsetEntryBytes + 4)
  }
}
