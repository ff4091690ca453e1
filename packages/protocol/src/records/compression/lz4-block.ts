import { CorruptRecordsError } from '../corrupt-records-error.ts'

// One LZ4 block: sequences of a token (literal length, match length), literals, and a match further back. The rules for
// its end are the format's: the last five bytes are literals, and no match starts within the last twelve.
const minMatch = 4
const lastLiterals = 5
export const matchStartLimit = 12
export const maxDistance = 0xffff
const hashBits = 13
/** Up to here bytes are copied in a loop: cheaper than a call. */
const shortRun = 64

const wrong = (what: string): CorruptRecordsError => new CorruptRecordsError(`an lz4 block is corrupt: ${what}`)

/** The most that a block of `length` bytes can become when nothing in it repeats. */
export const lz4BlockBound = (length: number): number => length + Math.ceil(length / 255) + 16

/** Where each hash was last seen in the block: one table for all, since a block is packed in one go. */
const table = new Int32Array(1 << hashBits)

/** Writes the block of `source` into `target` and returns its length. `target` has room for `lz4BlockBound`. */
export function compressLz4Block(source: Uint8Array, target: Uint8Array): number {
  const words = wordsOf(source)
  const matchesEnd = source.length - matchStartLimit
  table.fill(-1)
  let anchor = 0
  let at = 0
  let out = 0
  while (at < matchesEnd) {
    const word = words.getInt32(at, true)
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - hashBits)
    const candidate = table[slot]!
    table[slot] = at
    if (candidate < 0 || at - candidate > maxDistance || words.getInt32(candidate, true) !== word) {
      // The longer nothing repeats, the bigger the steps.
      at += 1 + ((at - anchor) >> 6)
      continue
    }
    const length = matchLength(words, candidate, at)
    out = writeSequence(source, anchor, at, at - candidate, length, target, out)
    at += length
    anchor = at
  }
  return writeLastLiterals(source, anchor, target, out)
}

/** To read a block four bytes at a time. */
export const wordsOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

/** How much of what stands at `at` stands at `earlier` too, of which four bytes are known to. */
export function matchLength(words: DataView, earlier: number, at: number): number {
  const end = words.byteLength - lastLiterals
  let length = minMatch
  for (; at + length + 4 <= end; length += 4) {
    const differs = words.getInt32(earlier + length, true) ^ words.getInt32(at + length, true)
    if (differs !== 0) return length + ((31 - Math.clz32(differs & -differs)) >> 3)
  }
  while (at + length < end && words.getUint8(earlier + length) === words.getUint8(at + length)) length += 1
  return length
}

export function writeSequence(
  source: Uint8Array,
  anchor: number,
  at: number,
  distance: number,
  length: number,
  target: Uint8Array,
  out: number,
): number {
  const extra = length - minMatch
  let next = writeLiterals(source, anchor, at, Math.min(extra, 15), target, out)
  target[next++] = distance
  target[next++] = distance >> 8
  return extra < 15 ? next : writeLength(target, next, extra - 15)
}

function writeLiterals(
  source: Uint8Array,
  from: number,
  to: number,
  lowNibble: number,
  target: Uint8Array,
  out: number,
): number {
  const count = to - from
  let next = out
  target[next++] = (Math.min(count, 15) << 4) | lowNibble
  if (count >= 15) next = writeLength(target, next, count - 15)
  return copyLiterals(source, from, to, target, next)
}

/** Copies `source[from, to)` and returns where that ended. */
function copyLiterals(source: Uint8Array, from: number, to: number, target: Uint8Array, out: number): number {
  if (to - from > shortRun) target.set(source.subarray(from, to), out)
  else for (let at = from, next = out; at < to;) target[next++] = source[at++]!
  return out + to - from
}

export const writeLastLiterals = (source: Uint8Array, anchor: number, target: Uint8Array, out: number): number =>
  writeLiterals(source, anchor, source.length, 0, target, out)

function writeLength(target: Uint8Array, at: number, rest: number): number {
  let left = rest
  let next = at
  for (; left >= 255; left -= 255) target[next++] = 255
  target[next++] = left
  return next
}

/**
 * Decompresses `source[start, end)` into `target` from `out` on and returns where it ended. Earlier output may be
 * referred to (blocks that depend on each other). Never writes past `target`: that raises.
 */
export function decompressLz4Block(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  out: number,
): number {
  let at = start
  let next = out
  while (at < end) {
    const token = source[at++]!
    let literals = token >> 4
    if (literals === 15) {
      literals += extraLength(source, at, end)
      at += extraBytes(literals - 15)
    }
    if (literals > end - at) throw wrong('literals past its end')
    if (literals > target.length - next) throw wrong('more output than its frame allows')
    next = copyLiterals(source, at, at + literals, target, next)
    at += literals
    if (at === end) return next
    if (end - at < 2) throw wrong('a match without a distance')
    const distance = source[at]! | (source[at + 1]! << 8)
    at += 2
    let length = token & 15
    if (length === 15) {
      length += extraLength(source, at, end)
      at += extraBytes(length - 15)
    }
    length += minMatch
    if (distance === 0 || distance > next) throw wrong(`a match ${distance} bytes back at ${next}`)
    if (length > target.length - next) throw wrong('more output than its frame allows')
    next = repeatMatch(target, distance, length, next)
  }
  throw wrong('it ends after a match')
}

/** Copies what came out `distance` bytes ago, or again and again where that is less than `length`. */
function repeatMatch(target: Uint8Array, distance: number, length: number, out: number): number {
  const end = out + length
  if (length <= shortRun) {
    for (let next = out; next < end; next += 1) target[next] = target[next - distance]!
    return end
  }
  const from = out - distance
  // What was copied can be copied in turn: twice as much each time.
  for (let next = out; next < end;) {
    target.copyWithin(next, from, from + Math.min(next - from, end - next))
    next += next - from
  }
  return end
}

/** How much the block of `source[start, end)` gives, without unpacking it. */
export function measureLz4Block(source: Uint8Array, start: number, end: number): number {
  let at = start
  let size = 0
  while (at < end) {
    const token = source[at++]!
    let literals = token >> 4
    if (literals === 15) {
      literals += extraLength(source, at, end)
      at += extraBytes(literals - 15)
    }
    at += literals
    size += literals
    if (at === end) return size
    if (end - at < 2) throw wrong('literals past its end')
    at += 2
    let length = token & 15
    if (length === 15) {
      length += extraLength(source, at, end)
      at += extraBytes(length - 15)
    }
    size += length + minMatch
  }
  throw wrong('it ends after a match')
}

// A length of 15 goes on in bytes of which the first below 255 is the last.
function extraLength(source: Uint8Array, at: number, end: number): number {
  let sum = 0
  for (let i = at; i < end; i += 1) {
    const byte = source[i]!
    sum += byte
    if (byte < 255) return sum
  }
  throw wrong('a length without an end')
}

const extraBytes = (extra: number): number => Math.floor(extra / 255) + 1
