import { readInt16, readInt64, writeInt64 } from '@millrace/protocol'
import { GrowingBytes } from './growing-bytes.ts'

/** A transaction that was aborted, as `.txnindex` keeps it for consumers of committed data. */
export interface AbortedTxnEntry {
  readonly producerId: number
  readonly firstOffset: number
  /** Offset of the marker. */
  readonly lastOffset: number
  /** The last stable offset when the marker was written. */
  readonly lastStableOffset: number
}

// version int16 (0), producer id, first, last and last stable offset, each int64
export const txnEntryBytes = 34

export class TransactionIndex {
  readonly #entries: GrowingBytes
  #writtenBytes: number

  constructor(bytes?: Uint8Array) {
    this.#entries = new GrowingBytes(bytes)
    this.#writtenBytes = this.#entries.length
  }

  get count(): number {
    return this.#entries.length / txnEntryBytes
  }

  get sizeBytes(): number {
    return this.#entries.length
  }

  append(entry: AbortedTxnEntry): void {
    const at = this.#entries.extend(txnEntryBytes)
    const view = this.#entries.view
    view.fill(0, at, at + 2)
    writeInt64(view, at + 2, entry.producerId)
    writeInt64(view, at + 10, entry.firstOffset)
    writeInt64(view, at + 18, entry.lastOffset)
    writeInt64(view, at + 26, entry.lastStableOffset)
  }

  entryAt(slot: number): AbortedTxnEntry {
    const at = slot * txnEntryBytes
    const view = this.#entries.view
    return {
      producerId: readInt64(view, at + 2),
      firstOffset: readInt64(view, at + 10),
      lastOffset: readInt64(view, at + 18),
      lastStableOffset: readInt64(view, at + 26),
    }
  }

  /** Adds those that touch [from, until); says whether later segments can't have any more. */
  collect(from: number, until: number, into: AbortedTxnEntry[]): boolean {
    for (let slot = 0; slot < this.count; slot += 1) {
      const entry = this.entryAt(slot)
      if (entry.lastOffset >= from && entry.firstOffset < until) into.push(entry)
      if (entry.lastStableOffset >= until) return true
    }
    return false
  }

  /** Drops transactions whose marker lies at or past `offset`. */
  truncateTo(offset: number): void {
    let count = Math.floor(this.count)
    while (count > 0 && this.entryAt(count - 1).lastOffset >= offset) count -= 1
    this.#entries.truncate(count * txnEntryBytes)
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

  damage(baseOffset: number): string | undefined {
    if (this.#entries.length % txnEntryBytes !== 0) return `${this.#entries.length} bytes are not whole entries`
    for (let slot = 0; slot < this.count; slot += 1) {
      const version = readInt16(this.#entries.view, slot * txnEntryBytes)
      if (version !== 0) return `entry ${slot} has version ${version}, expected 0`
      const { firstOffset, lastOffset } = this.entryAt(slot)
      if (lastOffset < baseOffset) return `entry ${slot} ends before the segment starts`
      if (lastOffset <= firstOffset) return `entry ${slot} ends at ${lastOffset}, and begins at ${firstOffset}`
      if (slot > 0 && lastOffset <= this.entryAt(slot - 1).lastOffset) return `entry ${slot} does not rise`
    }
    return undefined
  }
}
