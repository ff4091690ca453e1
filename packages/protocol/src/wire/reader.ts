import { type WireError, wireError } from './wire-error.ts'
import { KnownTexts } from './known-texts.ts'
import { zeroUuid } from './uuid.ts'

const stringBytesMax = 0x7fff
/** More tagged fields in one struct than any client sends: 20 million of them once took brokers down (CVE-2026-111115). */
const tagsMax = 64
// An element of one byte on the wire takes 8 in memory, a struct of three bytes a hundred: each is reckoned as more bytes
// than it may be, and together they may not be many more than the message has.
const elementBytes = 4
const structBytes = 16
const reckonedBytesBase = 4_000_000
const uuidBytes = 16
const twoTo32 = 0x1_0000_0000

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
// What isn't UTF-8 becomes U+FFFD, as in Apache Kafka.
const strings = new KnownTexts((bytes, start, end) => asBuffer(bytes).toString('utf8', start, end))
const uuids = new KnownTexts((bytes, start, end) => asBuffer(bytes).toString('base64url', start, end))

/** Reads one message. `at` is the field that is read, an index into the paths of the message's layout. */
export class Reader {
  readonly bytes: Uint8Array
  position = 0
  end: number
  readonly #paths: readonly string[]
  #reckonedBytesLeft: number

  constructor(bytes: Uint8Array, paths: readonly string[]) {
    this.bytes = bytes
    this.end = bytes.length
    this.#paths = paths
    this.#reckonedBytesLeft = reckonedBytesBase + bytes.length
  }

  fail(what: string, got: unknown, expected: string, at: number): WireError {
    return wireError({ what, got, expected, field: this.#paths[at] ?? 'a message' })
  }

  #short(neededBytes: number, at: number): WireError {
    return this.fail('bytes left', this.end - this.position, `at least ${neededBytes}`, at)
  }

  #byte(position: number): number {
    return this.bytes[position] as number
  }

  bool(at: number): boolean {
    return this.int8(at) !== 0
  }

  int8(at: number): number {
    const start = this.position
    if (start + 1 > this.end) throw this.#short(1, at)
    this.position = start + 1
    return (this.#byte(start) << 24) >> 24
  }

  int16(at: number): number {
    return (this.uint16(at) << 16) >> 16
  }

  uint16(at: number): number {
    const start = this.position
    if (start + 2 > this.end) throw this.#short(2, at)
    this.position = start + 2
    return (this.#byte(start) << 8) | this.#byte(start + 1)
  }

  int32(at: number): number {
    const start = this.position
    if (start + 4 > this.end) throw this.#short(4, at)
    this.position = start + 4
    return (
      (this.#byte(start) << 24) | (this.#byte(start + 1) << 16) | (this.#byte(start + 2) << 8) | this.#byte(start + 3)
    )
  }

  int64(at: number): number {
    const high = this.int32(at)
    const value = high * twoTo32 + (this.int32(at) >>> 0)
    if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER) {
      throw this.fail('int64', value, 'a number between -(2^53-1) and 2^53-1', at)
    }
    return value
  }

  millis(at: number): number {
    const high = this.int32(at)
    const value = high * twoTo32 + (this.int32(at) >>> 0)
    return Math.min(Math.max(value, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)
  }

  float64(at: number): number {
    const start = this.#advance(8, at)
    return asBuffer(this.bytes).readDoubleBE(start)
  }

  hash64(at: number): Uint8Array {
    return this.#view(8, at)
  }

  uuid(at: number): string {
    const start = this.#advance(uuidBytes, at)
    const end = start + uuidBytes
    for (let i = start; i < end; i++) {
      if (this.#byte(i) !== 0) return uuids.text(this.bytes, start, end)
    }
    return zeroUuid
  }

  string(at: number): string {
    return this.#string(this.#present(this.int16(at), at), at)
  }

  nullableString(at: number): string | null {
    const length = this.int16(at)
    return length === -1 ? null : this.#string(length, at)
  }

  compactString(at: number): string {
    return this.#string(this.#present(this.uvarint(at) - 1, at), at)
  }

  compactNullableString(at: number): string | null {
    const length = this.uvarint(at) - 1
    return length === -1 ? null : this.#string(length, at)
  }

  data(at: number): Uint8Array {
    return this.#view(this.#present(this.int32(at), at), at)
  }

  nullableData(at: number): Uint8Array | null {
    const length = this.int32(at)
    return length === -1 ? null : this.#view(length, at)
  }

  compactData(at: number): Uint8Array {
    return this.#view(this.#present(this.uvarint(at) - 1, at), at)
  }

  compactNullableData(at: number): Uint8Array | null {
    const length = this.uvarint(at) - 1
    return length === -1 ? null : this.#view(length, at)
  }

  /** The count of an array whose elements take at least `elementBytesMin` each; -1 is null. */
  count(elementBytesMin: number, at: number): number {
    return this.#count(this.int32(at), elementBytesMin, at)
  }

  compactCount(elementBytesMin: number, at: number): number {
    return this.#count(this.uvarint(at) - 1, elementBytesMin, at)
  }

  #count(count: number, elementBytesMin: number, at: number): number {
    if (count < -1 || count > (this.end - this.position) / elementBytesMin) {
      const left = this.end - this.position
      throw this.fail('elements of an array', count, `what fits into ${left} bytes at ${elementBytesMin} each`, at)
    }
    return count
  }

  /** Called before the elements of an array are read. */
  elements(count: number, areStructs: boolean, at: number): void {
    if (count <= 0) return
    this.#reckonedBytesLeft -= count * (areStructs ? structBytes : elementBytes)
    if (this.#reckonedBytesLeft < 0) {
      throw this.fail('elements of an array', count, `fewer in a message of ${this.bytes.length} bytes`, at)
    }
  }

  notNull(at: number): WireError {
    return this.fail('value', null, 'one that is not null', at)
  }

  uvarint(at: number): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      if (this.position >= this.end) throw this.#short(1, at)
      const byte = this.#byte(this.position++)
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw this.fail('varint', 'more than 5 bytes', 'at most 5 bytes', at)
  }

  tagCount(at: number): number {
    const count = this.uvarint(at)
    if (count > tagsMax) throw this.fail('tagged fields', count, `at most ${tagsMax}`, at)
    return count
  }

  /** A tag after `previous`. */
  tag(previous: number, at: number): number {
    const tag = this.uvarint(at)
    if (tag <= previous) throw this.fail('tag', tag, `one above ${previous}`, at)
    return tag
  }

  /** Holds what follows within a tagged field; returns the end to go back to. */
  enter(at: number): number {
    const outerEnd = this.end
    const sizeBytes = this.uvarint(at)
    if (sizeBytes > outerEnd - this.position) throw this.#short(sizeBytes, at)
    this.end = this.position + sizeBytes
    return outerEnd
  }

  leave(outerEnd: number, at: number): void {
    this.finish(at)
    this.end = outerEnd
  }

  /** Passes over a tagged field that nobody here knows. */
  skip(at: number): void {
    this.#advance(this.uvarint(at), at)
  }

  finish(at: number): void {
    if (this.position !== this.end) throw this.fail('bytes after the end', this.end - this.position, 'none', at)
  }

  #present(length: number, at: number): number {
    if (length === -1) throw this.notNull(at)
    return length
  }

  #advance(sizeBytes: number, at: number): number {
    const start = this.position
    if (sizeBytes < 0) throw this.fail('length', sizeBytes, 'at least -1', at)
    if (sizeBytes > this.end - start) throw this.#short(sizeBytes, at)
    this.position = start + sizeBytes
    return start
  }

  #view(sizeBytes: number, at: number): Uint8Array {
    const start = this.#advance(sizeBytes, at)
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + start, sizeBytes)
  }

  #string(sizeBytes: number, at: number): string {
    if (sizeBytes > stringBytesMax) throw this.fail('length of a string', sizeBytes, `at most ${stringBytesMax}`, at)
    const start = this.#advance(sizeBytes, at)
    return strings.text(this.bytes, start, start + sizeBytes)
  }
}
