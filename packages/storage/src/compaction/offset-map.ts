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

/** The last offset of each key, in bounded memory whatever the keys are: only a hash of each is kept. */
export class OffsetMap {
  readonly slots: number
  readonly #keysMax: number
  readonly #hash: KeyHash
  // Fresh memory of the system is zeros that nobody has touched: what isn't used costs nothing.
  readonly #words: Uint32Array
  #count = 0

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

  /** Remembers the offset; false where there is no room for another key. */
  put(bytes: Uint8Array, start: number, length: number, offset: number): boolean {
    const at = this.#find(bytes, start, length)
    const words = this.#words
    if (words[at] === 0) {
      if (this.#count >= this.#keysMax) return false
      this.#count += 1
      words[at] = this.#hash.a === 0 ? 1 : this.#hash.a
      words[at + 1] = this.#hash.b
      words[at + 2] = this.#hash.c
      words[at + 3] = this.#hash.d
    }
    words[at + 4] = offset % 0x1_0000_0000
    words[at + 5] = Math.floor(offset / 0x1_0000_0000)
    return true
  }

  /** -1 where the key isn't known. */
  get(bytes: Uint8Array, start: number, length: number): number {
    const at = this.#find(bytes, start, length)
    const words = this.#words
    return words[at] === 0 ? -1 : words[at + 5]! * 0x1_0000_0000 + words[at + 4]!
  }

  /** Where the key is, or the free slot where it belongs. */
  #find(bytes: Uint8Array, start: number, length: number): number {
    const hash = this.#hash
    hash.of(bytes, start, length)
    const words = this.#words
    const first = hash.a === 0 ? 1 : hash.a >>> 0
    const second = hash.b >>> 0
    const third = hash.c >>> 0
    const fourth = hash.d >>> 0
    let at = (second % this.slots) * slotWords
    for (;;) {
      const found = words[at]!
      if (found === 0) return at
      if (found === first && words[at + 1] === second && words[at + 2] === third && words[at + 3] === fourth) return at
      at += slotWords
      if (at === words.length) at = 0
    }
  }

  /** Gives its memory back at once, not when it is collected: the next map must not come on top of this one. */
  release(): void {
    ;(this.#words.buffer as ArrayBuffer).transfer(0)
  }
}
