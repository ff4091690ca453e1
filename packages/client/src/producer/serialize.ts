import type { RecordHeader, RecordToWrite } from '@millrace/protocol'
import type { BytesLike, HeadersInput, ProducerRecord } from '../record.ts'

/** A record as it goes into a batch, and how much room it takes there at most. */
export interface SerializedRecord extends RecordToWrite {
  readonly topic: string
  readonly partition: number | undefined
  readonly sizeBytesMax: number
}

// Length, attributes, time, offset, two field lengths and a count of headers, each at its longest.
const recordOverheadBytes = 5 + 1 + 10 + 5 + 5 + 5 + 5
const headerOverheadBytes = 5 + 5

export function serialize(record: ProducerRecord, nowMs: number): SerializedRecord {
  const key = record.key === undefined ? null : bytesOf(record.key)
  const value = bytesOf(record.value)
  const headers = record.headers === undefined ? noHeaders : headersOf(record.headers)
  let sizeBytesMax = recordOverheadBytes + (key?.length ?? 0) + (value?.length ?? 0)
  for (const header of headers) {
    // A UTF-16 unit takes at most three bytes in UTF-8.
    sizeBytesMax += headerOverheadBytes + header.key.length * 3 + (header.value?.length ?? 0)
  }
  return {
    topic: record.topic,
    partition: record.partition,
    key,
    value,
    headers,
    timestampMs: record.timestamp ?? nowMs,
    sizeBytesMax,
  }
}

const bytesOf = (value: BytesLike | null): Uint8Array | null => (typeof value === 'string' ? Buffer.from(value) : value)

const noHeaders: readonly RecordHeader[] = []

function headersOf(headers: HeadersInput): readonly RecordHeader[] {
  const pairs: Iterable<readonly [string, BytesLike | null]> = isPairs(headers) ? headers : Object.entries(headers)
  return Array.from(pairs, ([key, value]) => ({ key, value: bytesOf(value) }))
}

const isPairs = (headers: HeadersInput): headers is readonly (readonly [string, BytesLike | null])[] =>
  Array.isArray(headers)
