import { matchLength, matchStartLimit, maxDistance, wordsOf, writeLastLiterals, writeSequence } from './lz4-block.ts'

const hashBits = 15
const nowhere = -1

/**
 * As `compressLz4Block`, but it looks at up to `tries` earlier places for the longest match, and takes a longer one that
 * starts a byte later: smaller, and slower.
 */
export function searchLz4Block(source: Uint8Array, target: Uint8Array, tries: number): number {
  const places = new Places(source, tries)
  const end = source.length - matchStartLimit
  let anchor = 0
  let at = 0
  let out = 0
  while (at < end) {
    places.add(at)
    const length = places.longest(at)
    const from = places.found
    if (length === 0) {
      at += 1
      continue
    }
    if (at + 1 < end) {
      places.add(at + 1)
      if (places.longest(at + 1) > length) {
        at += 1
        continue
      }
    }
    out = writeSequence(source, anchor, at, at - from, length, target, out)
    for (let i = at + 2; i < Math.min(at + length, end); i += 1) places.add(i)
    at += length
    anchor = at
  }
  return writeLastLiterals(source, anchor, target, out)
}

/** Where in a block each run of four bytes was, those that came last first. */
class Places {
  readonly #words: DataView
  readonly #tries: number
  readonly #last = new Int32Array(1 << hashBits).fill(nowhere)
  /** For each place the one before it with the same hash. */
  readonly #before: Int32Array
  #added = 0
  /** Where the match lies that `longest` found. */
  found = nowhere

  constructor(source: Uint8Array, tries: number) {
    this.#words = wordsOf(source)
    this.#tries = tries
    this.#before = new Int32Array(source.length)
  }

  /** In rising order; one that is there already is passed over. */
  add(at: number): void {
    if (at < this.#added) return
    const slot = Math.imul(this.#words.getInt32(at, true), 0x9e3779b1) >>> (32 - hashBits)
    this.#before[at] = this.#last[slot]!
    this.#last[slot] = at
    this.#added = at + 1
  }

  /** The length of the longest match for what stands at this place, which was added; 0 where there is none. */
  longest(at: number): number {
    const word = this.#words.getInt32(at, true)
    let best = 0
    let from = this.#before[at]!
    for (let tries = this.#tries; tries > 0 && from !== nowhere && at - from <= maxDistance; tries -= 1) {
      if (this.#words.getInt32(from, true) === word) {
        const length = matchLength(this.#words, from, at)
        if (length > best) {
          best = length
          this.found = from
        }
      }
      from = this.#before[from]!
    }
    return best
  }
}
