import type { RecordHeader, RecordToWrite } from '@millrace/protocol'
import type { BytesLike, HeadersInput, ProducerRecord, Sendable } from '../record.ts'
import { plainBytes } from '../serde/sendable.ts'
import type { RecordPart, Serializer } from '../serde/serde.ts'
import { SerializationError } from '../serde/serialization-error.ts'
import type { SerializerTable } from '../serde/serdes-of-topic.ts'
import { serializerOf } from '../serde/serdes-of-topic.ts'

/** A record as it goes into a batch, and how much room it takes there at most. */
export interface SerializedRecord extends RecordToWrite {
  readonly topic: string
  readonly partition: number | undefined
  readonly sizeBytesMax: number
}

/** A record as far as the producer cares before its serializers have seen it. */
export type AnyRecord = ProducerRecord<unknown, unknown>

// Length, attributes, time, offset, two field lengths and a count of headers, each at its longest.
const recordOverheadBytes = 5 + 1 + 10 + 5 + 5 + 5 + 5
const headerOverheadBytes = 5 + 5

export function serialize(record: AnyRecord, nowMs: number, serializers?: SerializerTable): SerializedRecord {
  const key = partOf(record, 'key', serializers)
  const value = partOf(record, 'value', serializers)
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

function partOf(record: AnyRecord, part: RecordPart, table: SerializerTable | undefined): Uint8Array | null {
  const given = record[part]
  if (given === null || (part === 'key' && given === undefined)) return null
  try {
    const serializer: Serializer<unknown> | undefined = serializerOf(table, record.topic, part)
    const bytes = serializer?.serialize(given, { topic: record.topic, part }) ?? plainBytes(given as Sendable)
    return bytesOf(bytes)
  } catch (error) {
    throw new SerializationError({ topic: record.topic, part }, error)
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
