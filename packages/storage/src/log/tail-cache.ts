import type { Placed } from './tail-blocks.ts'
import { TailBlock, TailBlocks } from './tail-blocks.ts'

/** Whole batches in memory, back to back: one append's, or several that lie together. */
export interface TailEntry extends Placed {
  readonly baseOffset: number
  readonly lastOffset: number
}

interface Owned {
  readonly tail: Tail
  readonly block: TailBlock
}

/** What an entry costs besides its bytes; a tail of single records would be several times its budget otherwise. */
const entryOverheadBytes = 256
const mergedBytesMax = 64 * 1024

/**
 * The newest batches of all logs in memory, under one budget, which counts each block whole. The oldest goes first,
 * whichever log it belongs to.
 */
export class TailCache {
  readonly #blocks = new TailBlocks()
  #limitBytes: number
  #heldBytes = 0
  /** All entries of all tails, oldest first; those before the head are gone. */
  #queue: Owned[] = []
  #head = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
    this.#blocks.setBudget(limitBytes)
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  setLimit(limitBytes: number): void {
    this.#limitBytes = limitBytes
    this.#blocks.setBudget(limitBytes)
    this.#evict()
  }

  /** Copies what is to be appended: the memory of a request is used for the next one. `admit` or `release` comes next. */
  place(bytes: Uint8Array): Placed {
    return this.#blocks.place(bytes)
  }

  /** Keeps the bytes of an entry as they are until `release`, whether it stays in the tail or not. */
  hold(entry: Placed): void {
    entry.block.holds += 1
  }

  release(entry: Placed): void {
    this.#blocks.release(entry.block)
  }

  /** Takes in what one turn wrote. */
  admit(turn: readonly { readonly tail: Tail; readonly entry: TailEntry }[]): void {
    for (const { tail, entry } of turn) this.#add(tail, entry)
    this.#evict()
  }

  #add(tail: Tail, entry: TailEntry): void {
    if (tail.merge(entry)) return this.release(entry)
    const { block } = entry
    if (block.entries === 0) this.#heldBytes += block.memory.length
    this.#heldBytes += entryOverheadBytes
    block.entries += 1
    this.#queue.push({ tail, block })
    tail.push(entry)
  }

  #evict(): void {
    while (this.#heldBytes > this.#limitBytes && this.#head < this.#queue.length) {
      const oldest = this.#queue[this.#head]!
      // The slot lives on until the queue is cut: it must not hold the block meanwhile.
      this.#queue[this.#head] = noOwned
      this.#head += 1
      oldest.tail.shift()
      this.#forget(oldest.block)
    }
    if (this.#head > 1_024 && 2 * this.#head > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
  }

  #forget(block: TailBlock): void {
    block.entries -= 1
    this.#heldBytes -= entryOverheadBytes
    if (block.entries === 0) this.#heldBytes -= block.memory.length
    this.#blocks.release(block)
  }

  /** Forgets a log's tail: it was truncated or goes away. Costs a walk over all entries, so only then. */
  drop(tail: Tail): void {
    if (tail.length === 0) return
    const left = this.#queue.slice(this.#head)
    this.#queue = left.filter((owned) => owned.tail !== tail)
    this.#head = 0
    for (const owned of left) if (owned.tail === tail) this.#forget(owned.block)
    tail.clear()
  }
}

const noEntry: TailEntry = { baseOffset: -1, lastOffset: -1, bytes: new Uint8Array(0), block: new TailBlock(0) }

/** The part of one log's end that is in memory, without gaps up to the end. */
export class Tail {
  #entries: TailEntry[] = []
  #head = 0

  get length(): number {
    return this.#entries.length - this.#head
  }

  /** The first offset that is here; undefined where nothing is. */
  get startOffset(): number | undefined {
    return this.#entries[this.#head]?.baseOffset
  }

  push(entry: TailEntry): void {
    this.#entries.push(entry)
  }

  /** Adds to the last entry where the bytes follow it in memory: small appends cost an entry each otherwise. */
  merge({ bytes, block, lastOffset }: TailEntry): boolean {
    const last = this.#entries.at(-1)
    if (last === undefined || last === noEntry || last.block !== block) return false
    const { byteOffset, length } = last.bytes
    if (byteOffset + length !== bytes.byteOffset || length + bytes.length > mergedBytesMax) return false
    const merged = new Uint8Array(bytes.buffer, byteOffset, length + bytes.length)
    this.#entries[this.#entries.length - 1] = { baseOffset: last.baseOffset, lastOffset, bytes: merged, block }
    return true
  }

  shift(): void {
    this.#entries[this.#head] = noEntry
    this.#head += 1
    if (this.#head > 64 && 2 * this.#head > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head)
      this.#head = 0
    }
  }

  clear(): void {
    this.#entries = []
    this.#head = 0
  }

  /** Entries from the one that holds `offset` on. */
  from(offset: number): { readonly entries: readonly TailEntry[]; readonly start: number } {
    let low = this.#head
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#entries[middle]!.lastOffset < offset) low = middle + 1
      else high = middle
    }
    return { entries: this.#entries, start: low }
  }
}

const noOwned: Owned = { tail: new Tail(), block: noEntry.block }
