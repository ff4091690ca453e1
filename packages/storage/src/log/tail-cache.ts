/** One append's bytes in memory: whole batches, back to back. */
export interface TailEntry {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly bytes: Uint8Array
}

interface Owned {
  readonly tail: Tail
  readonly buffer: ArrayBufferLike
}

const slabBytes = 256 * 1024

/**
 * The newest batches of all logs in memory, under one budget. It counts each underlying ArrayBuffer once and whole. A
 * batch is kept by reference where what one turn keeps of its buffer fills at least half of it; else it is copied into
 * a slab, for a small frame would pin a chunk of 64 KiB. The oldest goes first, whichever log it belongs to.
 */
export class TailCache {
  #limitBytes: number
  #heldBytes = 0
  /** How many entries use each buffer. */
  readonly #uses = new Map<ArrayBufferLike, number>()
  /** All entries of all tails, oldest first; those before the head are gone. */
  #queue: Owned[] = []
  #head = 0
  #slab = new Uint8Array(0)
  #slabUsed = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  setLimit(limitBytes: number): void {
    this.#limitBytes = limitBytes
    this.#evict()
  }

  /** Takes in what one turn wrote. */
  admit(turn: readonly { readonly tail: Tail; readonly entry: TailEntry }[]): void {
    const keptOf = new Map<ArrayBufferLike, number>()
    for (const { entry } of turn) {
      const { buffer, length } = entry.bytes
      keptOf.set(buffer, (keptOf.get(buffer) ?? 0) + length)
    }
    for (const { tail, entry } of turn) {
      const { buffer } = entry.bytes
      const byReference = 2 * (keptOf.get(buffer) ?? 0) >= buffer.byteLength
      this.#add(tail, byReference ? entry : { ...entry, bytes: this.#copied(entry.bytes) })
    }
    this.#evict()
  }

  #add(tail: Tail, entry: TailEntry): void {
    const { buffer } = entry.bytes
    const uses = this.#uses.get(buffer) ?? 0
    if (uses === 0) this.#heldBytes += buffer.byteLength
    this.#uses.set(buffer, uses + 1)
    this.#queue.push({ tail, buffer })
    tail.push(entry)
  }

  #copied(bytes: Uint8Array): Uint8Array {
    if (bytes.length > slabBytes / 4) return bytes.slice()
    if (this.#slabUsed + bytes.length > this.#slab.length) {
      this.#slab = new Uint8Array(slabBytes)
      this.#slabUsed = 0
    }
    const place = this.#slab.subarray(this.#slabUsed, this.#slabUsed + bytes.length)
    place.set(bytes)
    this.#slabUsed += bytes.length
    return place
  }

  #evict(): void {
    while (this.#heldBytes > this.#limitBytes && this.#head < this.#queue.length) {
      const oldest = this.#queue[this.#head]!
      // The slot lives on until the queue is cut: it must not hold the bytes meanwhile.
      this.#queue[this.#head] = noOwned
      this.#head += 1
      oldest.tail.shift()
      this.#release(oldest.buffer)
    }
    if (this.#head > 1_024 && 2 * this.#head > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
  }

  #release(buffer: ArrayBufferLike): void {
    const uses = (this.#uses.get(buffer) ?? 1) - 1
    if (uses > 0) {
      this.#uses.set(buffer, uses)
      return
    }
    this.#uses.delete(buffer)
    this.#heldBytes -= buffer.byteLength
    if (this.#slab.buffer === buffer) this.#slab = new Uint8Array(0)
  }

  /** Forgets a log's tail: it was truncated or goes away. Costs a walk over all entries, so only then. */
  drop(tail: Tail): void {
    if (tail.length === 0) return
    const left = this.#queue.slice(this.#head)
    this.#queue = left.filter((owned) => owned.tail !== tail)
    this.#head = 0
    for (const owned of left) if (owned.tail === tail) this.#release(owned.buffer)
    tail.clear()
  }
}

const noEntry: TailEntry = { baseOffset: -1, lastOffset: -1, bytes: new Uint8Array(0) }

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

const noOwned: Owned = { tail: new Tail(), buffer: noEntry.bytes.buffer }
