import { type WireError, wireError } from './wire-error.ts'
import { writeUuid } from './uuid.ts'

const stringBytesMax = 0x7fff
const shortStringLength = 32
const startBytes = 64 * 1024
/** A larger buffer is given up after its message. */
const keptBytesMax = 1024 * 1024
const messageBytesMax = 0x7fff_ffff
const slabBytes = 8 * 1024
const fromSlabBytesMax = 1024
const twoTo32 = 0x1_0000_0000

/** Records that stand in the message at `position` without having been copied into it. */
interface Cut {
  readonly position: number
  readonly chunks: readonly Uint8Array[]
}

let slab = new ArrayBuffer(slabBytes)
let slabUsed = 0

// An ArrayBuffer of its own costs more than a small message.
function allocate(sizeBytes: number): Uint8Array {
  if (sizeBytes > fromSlabBytesMax) return new Uint8Array(sizeBytes)
  if (slabUsed + sizeBytes > slabBytes) {
    slab = new ArrayBuffer(slabBytes)
    slabUsed = 0
  }
  const bytes = new Uint8Array(slab, slabUsed, sizeBytes)
  slabUsed += sizeBytes
  return bytes
}

/** Writes one message. `at` is the field that is written, an index into `paths`. */
export class Writer {
  #bytes = Buffer.allocUnsafeSlow(startBytes)
  position = 0
  /** Paths of the fields of the message that is being written. */
  paths: readonly string[] = []
  /** Whether `records` stay where they are. */
  byReference = false
  #cuts: Cut[] = []
  #cutBytes = 0

  /** Bytes of the message so far, with what isn't copied. */
  get sizeBytes(): number {
    return this.position + this.#cutBytes
  }

  reset(byReference: boolean): void {
    this.position = 0
    this.byReference = byReference
    this.#cuts = []
    this.#cutBytes = 0
    if (this.#bytes.length > keptBytesMax) this.#bytes = Buffer.allocUnsafeSlow(startBytes)
  }

  /** What was written without references, in a buffer of its own. */
  take(): Uint8Array {
    const taken = allocate(this.position)
    taken.set(new Uint8Array(this.#bytes.buffer, 0, this.position))
    return taken
  }

  /** What was written, as chunks to be sent one after the other. */
  takeChunks(): Uint8Array[] {
    const taken = this.take()
    if (this.#cuts.length === 0) return [taken]
    const chunks: Uint8Array[] = []
    let start = 0
    for (const cut of this.#cuts) {
      if (cut.position > start) chunks.push(taken.subarray(start, cut.position))
      for (const chunk of cut.chunks) if (chunk.length > 0) chunks.push(chunk)
      start = cut.position
    }
    if (start < taken.length) chunks.push(taken.subarray(start))
    return chunks
  }

  fail(what: string, got: unknown, expected: string, at: number): WireError {
    return wireError({ what, got, expected, field: this.paths[at] ?? 'a message' })
  }

  /** For a value that its version has no place for. */
  refuse(got: unknown, version: number, at: number): WireError {
    return this.fail(`value for version ${version}`, got, 'its default: the version has no such field', at)
  }

  #room(sizeBytes: number): number {
    const start = this.position
    const end = start + sizeBytes
    if (end > this.#bytes.length) this.#grow(end)
    this.position = end
    return start
  }

  #grow(neededBytes: number): void {
    if (neededBytes > messageBytesMax)
      throw this.fail('bytes of a message', neededBytes, `at most ${messageBytesMax}`, 0)
    const grown = Buffer.allocUnsafeSlow(Math.min(messageBytesMax, Math.max(neededBytes, 2 * this.#bytes.length)))
    this.#bytes.copy(grown, 0, 0, this.position)
    this.#bytes = grown
  }

  bool(value: boolean, at: number): void {
    if (typeof value !== 'boolean') throw this.fail('value', value, 'true or false', at)
    const start = this.#room(1)
    this.#bytes[start] = value ? 1 : 0
  }

  int8(value: number, at: number): void {
    if ((value << 24) >> 24 !== value) throw this.fail('value', value, 'an int8', at)
    const start = this.#room(1)
    this.#bytes[start] = value
  }

  int16(value: number, at: number): void {
    if ((value << 16) >> 16 !== value) throw this.fail('value', value, 'an int16', at)
    this.#store16(value)
  }

  uint16(value: number, at: number): void {
    if ((value & 0xffff) !== value) throw this.fail('value', value, 'a uint16', at)
    this.#store16(value)
  }

  int32(value: number, at: number): void {
    if ((value | 0) !== value) throw this.fail('value', value, 'an int32', at)
    this.#store32(value)
  }

  int64(value: number, at: number): void {
    if (!Number.isSafeInteger(value)) throw this.fail('value', value, 'a safe integer', at)
    this.#store32(Math.floor(value / twoTo32))
    this.#store32(value | 0)
  }

  millis(value: number, at: number): void {
    this.int64(value, at)
  }

  float64(value: number, at: number): void {
    if (typeof value !== 'number') throw this.fail('value', value, 'a number', at)
    const start = this.#room(8)
    this.#bytes.writeDoubleBE(value, start)
  }

  hash64(value: Uint8Array, at: number): void {
    if (!(value instanceof Uint8Array) || value.length !== 8) throw this.fail('value', value, '8 bytes', at)
    this.#copy(value)
  }

  uuid(value: string, at: number): void {
    const start = this.#room(16)
    if (typeof value !== 'string' || !writeUuid(value, this.#bytes, start)) {
      throw this.fail('value', value, 'a uuid of 22 characters', at)
    }
  }

  string(value: string, at: number): void {
    if (typeof value !== 'string') throw this.fail('value', value, 'a string', at)
    const length = value.length
    if (length < shortStringLength) {
      const start = this.#room(2 + length)
      this.#bytes[start] = 0
      this.#bytes[start + 1] = length
      if (this.#storeAscii(value, start + 2)) return
      this.position = start
    }
    const text = wellFormed(value)
    const sizeBytes = this.#stringBytes(text, at)
    this.#store16(sizeBytes)
    this.#storeUtf8(text, sizeBytes)
  }

  compactString(value: string, at: number): void {
    if (typeof value !== 'string') throw this.fail('value', value, 'a string', at)
    const length = value.length
    if (length < shortStringLength) {
      const start = this.#room(1 + length)
      this.#bytes[start] = length + 1
      if (this.#storeAscii(value, start + 1)) return
      this.position = start
    }
    const text = wellFormed(value)
    const sizeBytes = this.#stringBytes(text, at)
    this.uvarint(sizeBytes + 1)
    this.#storeUtf8(text, sizeBytes)
  }

  #storeAscii(value: string, start: number): boolean {
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i)
      if (code >= 0x80) return false
      this.#bytes[start + i] = code
    }
    return true
  }

  #storeUtf8(text: string, sizeBytes: number): void {
    const start = this.#room(sizeBytes)
    this.#bytes.write(text, start, 'utf8')
  }

  #stringBytes(value: string, at: number): number {
    const sizeBytes = Buffer.byteLength(value, 'utf8')
    if (sizeBytes > stringBytesMax) throw this.fail('bytes of a string', sizeBytes, `at most ${stringBytesMax}`, at)
    return sizeBytes
  }

  data(value: Uint8Array, at: number): void {
    if (!(value instanceof Uint8Array)) throw this.fail('value', value, 'a Uint8Array', at)
    this.#store32(value.length)
    this.#copy(value)
  }

  compactData(value: Uint8Array, at: number): void {
    if (!(value instanceof Uint8Array)) throw this.fail('value', value, 'a Uint8Array', at)
    this.uvarint(value.length + 1)
    this.#copy(value)
  }

  records(value: Uint8Array | readonly Uint8Array[], at: number): void {
    this.#store32(this.#recordsBytes(value, at))
    this.#records(value)
  }

  compactRecords(value: Uint8Array | readonly Uint8Array[], at: number): void {
    this.uvarint(this.#recordsBytes(value, at) + 1)
    this.#records(value)
  }

  #recordsBytes(value: Uint8Array | readonly Uint8Array[], at: number): number {
    if (value instanceof Uint8Array) return value.length
    if (!Array.isArray(value)) throw this.fail('value', value, 'a Uint8Array or a list of them', at)
    let sizeBytes = 0
    for (const chunk of value) sizeBytes += chunk.length
    return sizeBytes
  }

  #records(value: Uint8Array | readonly Uint8Array[]): void {
    const chunks = value instanceof Uint8Array ? [value] : value
    for (const chunk of chunks) {
      if (this.byReference) this.#cutBytes += chunk.length
      else this.#copy(chunk)
    }
    if (this.byReference) this.#cuts.push({ position: this.position, chunks })
  }

  nullString(): void {
    this.#store16(-1)
  }

  nullLength(): void {
    this.#store32(-1)
  }

  /** Null of everything compact, and the end of a struct without tagged fields. */
  zero(): void {
    const start = this.#room(1)
    this.#bytes[start] = 0
  }

  count(value: readonly unknown[], at: number): void {
    if (!Array.isArray(value)) throw this.fail('value', value, 'an array', at)
    this.#store32(value.length)
  }

  compactCount(value: readonly unknown[], at: number): void {
    if (!Array.isArray(value)) throw this.fail('value', value, 'an array', at)
    this.uvarint(value.length + 1)
  }

  uvarint(value: number): void {
    let rest = value
    // Room first: it may change the buffer.
    let position = this.#room(uvarintBytes(value))
    while (rest > 0x7f) {
      this.#bytes[position++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#bytes[position] = rest
  }

  /** Begins a tagged field; its size is filled in by `endTag` with what this returns. */
  beginTag(tag: number): number {
    this.uvarint(tag)
    return this.#room(1)
  }

  endTag(sizePosition: number): void {
    const start = sizePosition + 1
    const sizeBytes = this.position - start
    const extraBytes = uvarintBytes(sizeBytes) - 1
    if (extraBytes > 0) {
      this.#room(extraBytes)
      this.#bytes.copyWithin(start + extraBytes, start, start + sizeBytes)
    }
    this.position = sizePosition
    this.uvarint(sizeBytes)
    this.position += sizeBytes
  }

  /** Leaves room for what is patched in later. */
  skip(sizeBytes: number): void {
    this.#room(sizeBytes)
  }

  /** Sets an int32 written before, such as a frame's length. */
  patch32(position: number, value: number): void {
    this.#bytes.writeInt32BE(value, position)
  }

  #store16(value: number): void {
    const start = this.#room(2)
    this.#bytes[start] = value >> 8
    this.#bytes[start + 1] = value
  }

  #store32(value: number): void {
    const start = this.#room(4)
    this.#bytes[start] = value >> 24
    this.#bytes[start + 1] = value >> 16
    this.#bytes[start + 2] = value >> 8
    this.#bytes[start + 3] = value
  }

  #copy(value: Uint8Array): void {
    const start = this.#room(value.length)
    this.#bytes.set(value, start)
  }
}

/** As Java writes text: half of a surrogate pair becomes a question mark. */
const wellFormed = (text: string): string => (text.isWellFormed() ? text : text.replace(/\p{Surrogate}/gu, '?'))

const uvarintBytes = (value: number): number => {
  let sizeBytes = 1
  for (let rest = value; rest > 0x7f; rest >>>= 7) sizeBytes++
  return sizeBytes
}

let idle: Writer | undefined = new Writer()

/** Lends the one writer, whose buffer is used again and again; a write within a write gets one of its own. */
export function withWriter<T>(byReference: boolean, write: (writer: Writer) => T): T {
  const writer = idle ?? new Writer()
  idle = undefined
  try {
    writer.reset(byReference)
    return write(writer)
  } finally {
    idle = writer
  }
}
