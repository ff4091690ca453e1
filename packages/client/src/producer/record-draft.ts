import { isUint8Array } from 'node:util/types'
import type { RecordHeader } from '@millrace/protocol'
import type { HeadersInput, ProducerRecord, Sendable } from '../record.ts'
import { refuseLater } from '../serde/at-once.ts'
import { plainBytes } from '../serde/sendable.ts'
import type { SerdeContext, Serializer } from '../serde/serde.ts'
import { SerializationError } from '../serde/serialization-error.ts'

/** A record as far as the producer cares before its serializers have seen it. */
export type AnyRecord = ProducerRecord<unknown, unknown>

/** How one part of a topic's records is written. */
export interface PartWriter {
  readonly serializer: Serializer<unknown> | undefined
  readonly context: SerdeContext
}

// Length, attributes, time, offset, two field lengths and a count of headers, each at its longest.
const recordOverheadBytes = 5 + 1 + 10 + 5 + 5 + 5 + 5
const headerOverheadBytes = 5 + 5

const noHeaders: readonly RecordHeader[] = []
const scratchBytes = 256
const shortKeyLength = 64

/**
 * A record between `send` and its batch. The producer fills one object again and again; a record that has to wait takes
 * a copy. A key that is text lies in memory of the draft, so that nothing is allocated for it.
 */
export class RecordDraft {
  topic = ''
  partition: number | undefined
  /** Its first `keyBytes` count. */
  key: Uint8Array | null = null
  keyBytes = 0
  /** Text that takes `valueBytes` in UTF-8, or bytes. */
  value: Uint8Array | string | null = null
  valueBytes = 0
  headers: readonly RecordHeader[] = noHeaders
  timestampMs = 0
  /** What it takes in a batch at most. */
  sizeBytesMax = 0
  #scratch: Buffer | undefined

  /** Throws what `send` rejects with. */
  set(record: AnyRecord, key: PartWriter, value: PartWriter, nowMs: number): void {
    // Serializers are the caller's code: nothing is kept before they are through.
    const keyGiven = record.key === undefined ? null : partOf(record.key, key)
    const valueGiven = partOf(record.value, value)
    const headers = record.headers === undefined ? noHeaders : headersOf(record.headers)
    this.topic = record.topic
    this.partition = record.partition
    this.timestampMs = record.timestamp === undefined ? nowMs : checkedTime(record.timestamp)
    this.headers = headers
    this.#takeKey(keyGiven)
    this.value = valueGiven
    this.valueBytes = sizeOf(valueGiven)
    this.sizeBytesMax = recordOverheadBytes + this.keyBytes + this.valueBytes
    if (headers.length > 0) this.sizeBytesMax += headersSizeMax(headers)
  }

  /** The same record in an object of its own. */
  copy(): RecordDraft {
    const copy = new RecordDraft()
    copy.topic = this.topic
    copy.partition = this.partition
    copy.key = this.keyOfItsOwn()
    copy.keyBytes = this.keyBytes
    copy.value = this.value
    copy.valueBytes = this.valueBytes
    copy.headers = this.headers
    copy.timestampMs = this.timestampMs
    copy.sizeBytesMax = this.sizeBytesMax
    return copy
  }

  /** The key as bytes that nobody writes to. */
  keyOfItsOwn(): Uint8Array | null {
    return this.key === null ? null : new Uint8Array(this.key.subarray(0, this.keyBytes))
  }

  #takeKey(given: Uint8Array | string | null): void {
    if (typeof given !== 'string') {
      this.key = given
      this.keyBytes = given === null ? 0 : given.length
    } else if (given.length * 3 > scratchBytes) {
      this.key = Buffer.from(given)
      this.keyBytes = this.key.length
    } else {
      this.#scratch ??= Buffer.allocUnsafeSlow(scratchBytes)
      this.key = this.#scratch
      this.keyBytes = writeText(this.#scratch, given)
    }
  }
}

// A loop over short ASCII is faster than the call that knows all of UTF-8.
function writeText(bytes: Buffer, text: string): number {
  const { length } = text
  if (length > shortKeyLength) return bytes.write(text)
  for (let i = 0; i < length; i += 1) {
    const unit = text.charCodeAt(i)
    if (unit > 0x7f) return bytes.write(text)
    bytes[i] = unit
  }
  return length
}

function partOf(given: unknown, writer: PartWriter): Uint8Array | string | null {
  if (given === null) return null
  if (writer.serializer === undefined && (typeof given === 'string' || given instanceof Uint8Array)) return given
  try {
    return writer.serializer === undefined ? plainBytes(given as Sendable) : written(given, writer.serializer, writer)
  } catch (error) {
    throw new SerializationError(writer.context, error)
  }
}

// Looked at here, for the buffer's bound and the batches count on a length.
function written(given: unknown, serializer: Serializer<unknown>, { context }: PartWriter): Uint8Array | string {
  const bytes: unknown = serializer.serialize(given, context)
  if (typeof bytes === 'string' || isUint8Array(bytes)) return bytes
  refuseLater(bytes, 'an asynchronous serializer can not write records')
  throw new TypeError(`its serializer gave ${shown(bytes)}, expected text or a Uint8Array`)
}

const shown = (given: unknown): string => (given === null ? 'null' : typeof given)

const sizeOf = (bytes: Uint8Array | string | null): number =>
  bytes === null ? 0 : typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length

function checkedTime(timestampMs: number): number {
  if (Number.isSafeInteger(timestampMs) && timestampMs >= 0) return timestampMs
  throw new RangeError(`timestamp is ${timestampMs}, expected milliseconds since 1970, 0 or more`)
}

function headersOf(headers: HeadersInput): readonly RecordHeader[] {
  const given: unknown = headers
  if (typeof given !== 'object' || given === null)
    throw new TypeError(`headers are ${String(given)}, expected an object or pairs`)
  const pairs = Symbol.iterator in given ? (given as Iterable<unknown>) : Object.entries(given)
  return Array.from(pairs, headerOf)
}

// Looked at here, for a batch can't refuse a part of a record.
function headerOf(pair: unknown): RecordHeader {
  const [key, value]: readonly unknown[] = Array.isArray(pair) ? pair : []
  if (typeof key !== 'string') throw new TypeError('a header has no name, expected [name, value]')
  if (typeof value === 'string') return { key, value: Buffer.from(value) }
  if (value === null || value instanceof Uint8Array) return { key, value }
  throw new TypeError(`the header '${key}' is ${typeof value}, expected text, a Uint8Array or null`)
}

// A UTF-16 unit takes at most three bytes in UTF-8.
const headersSizeMax = (headers: readonly RecordHeader[]): number =>
  headers.reduce((sum, { key, value }) => sum + headerOverheadBytes + key.length * 3 + (value?.length ?? 0), 0)
