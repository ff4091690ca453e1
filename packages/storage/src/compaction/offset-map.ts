import { KeyHash } from './key-hash.ts'

// Four words of the key's hash, of which the first is never 0 where a slot is taken, and two of the offset: 24 bytes,
// as Kafka's cleaner takes for a key.
const slotWords = 6
const slotBytes = 4 * slotWords

export interface OffsetMapOptions {
  /** `log.cleaner.dedupe.buffer.size`, of one thread. */
  readonly memoryBytes: number
  /** How full it may get: `log.cleaner.io.buffer.load.factor`. */
  readonly loadFactor: number
  /** More keys than this can't come: no more memory is taken than they need. */
  readonly keysMax: number
  /** 16 random bytes that key the hash. */
  readonly secret: Uint8Array
}

// Of a key that is asked for: where its search starts, its hash, and what lay there.
const askedWords = 6

/**
 * The last offset of each key, in bounded memory whatever the keys are: only a hash of each is kept. Keys are asked for
 * many at a time, for each lies somewhere else in memory, and what is waited for together comes in a fraction of the time.
 */
export class OffsetMap {
  readonly slots: number
  readonly #keysMax: number
  readonly #hash: KeyHash
  // Fresh memory of the system is zeros that nobody has touched: what isn't used costs nothing.
  readonly #words: Uint32Array
  #count = 0
  #asked = new Uint32Array(askedWords * 256)
  #askedCount = 0

  constructor({ memoryBytes, loadFactor, keysMax, secret }: OffsetMapOptions) {
    const affordable = Math.floor(memoryBytes / slotBytes)
    this.slots = Math.max(4, Math.min(affordable, Math.ceil(keysMax / loadFactor) + 1))
    // A free slot is where a search ends: there is always one.
    this.#keysMax = Math.max(1, Math.min(Math.floor(this.slots * loadFactor), this.slots - 1))
    this.#hash = new KeyHash(secret)
    this.#words = new Uint32Array(slotWords * this.slots)
  }

  get count(): number {
    return this.#count
  }

  get memoryBytes(): number {
    return this.#words.byteLength
  }

  /** Forgets the keys that were asked for: the next one is number 0. */
  begin(): void {
    this.#askedCount = 0
  }

  /** Asks for the next key. */
  ask(bytes: Uint8Array, start: number, length: number): void {
    const at = askedWords * this.#askedCount
    if (at === this.#asked.length) this.#grow()
    this.#askedCount += 1
    const hash = this.#hash
    hash.of(bytes, start, length)
    const asked = this.#asked
    asked[at] = ((hash.b >>> 0) % this.slots) * slotWords
    asked[at + 1] = hash.a === 0 ? 1 : hash.a
    asked[at + 2] = hash.b
    asked[at + 3] = hash.c
    asked[at + 4] = hash.d
  }

  #grow(): void {
    const larger = new Uint32Array(2 * this.#asked.length)
    larger.set(this.#asked)
    this.#asked = larger
  }

  /** Brings near what was asked for. */
  fetch(): void {
    const asked = this.#asked
    const words = this.#words
    const end = askedWords * this.#askedCount
    // Written down, so that no compiler finds out that nobody needs it.
    for (let at = 0; at < end; at += askedWords) asked[at + 5] = words[asked[at]!]!
  }

  /** Remembers the offset of the key with this number; false where there is no room for another one. */
  put(number: number, offset: number): boolean {
    const at = this.#find(number)
    const words = this.#words
    if (words[at] === 0) {
      if (this.#count >= this.#keysMax) return false
      this.#count += 1
      const from = askedWords * number
      words[at] = this.#asked[from + 1]!
      words[at + 1] = this.#asked[from + 2]!
      words[at + 2] = this.#asked[from + 3]!
      words[at + 3] = this.#asked[from + 4]!
    }
    words[at + 4] = offset % 0x1_0000_0000
    words[at + 5] = Math.floor(offset / 0x1_0000_0000)
    return true
  }

  /** The offset of the key with this number; -1 where it isn't known. */
  get(number: number): number {
    const at = this.#find(number)
    const words = this.#words
    return words[at] === 0 ? -1 : words[at + 5]! * 0x1_0000_0000 + words[at + 4]!
  }

  /** Where the key is, or the free slot where it belongs. */
  #find(number: number): number {
    const asked = this.#asked
    const words = this.#words
    const from = askedWords * number
    const first = asked[from + 1]!
    const second = asked[from + 2]!
    let at = asked[from]!
    for (;;) {
      const found = words[at]!
      if (found === 0) return at
      const isFound = found === first && words[at + 1] === second
      if (isFound && words[at + 2] === asked[from + 3] && words[at + 3] === asked[from + 4]) return at
      at += slotWords
      if (at === words.length) at = 0
    }
  }

  /** Gives its memory back at once, not when it is collected: the next map must not come on top of this one. */
  release(): void {
    ;(this.#words.buffer as ArrayBuffer).transfer(0)
  }
}
