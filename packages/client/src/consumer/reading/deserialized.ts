import type { ConsumerRecord } from '../../record.ts'
import { deserializerOf, type DeserializerTable } from '../../serde/serdes-of-topic.ts'
import type { Deserializer, RecordPart } from '../../serde/serde.ts'
import { DeserializationError } from '../consumer-errors.ts'
import type { FetchedRecord } from './fetched-record.ts'

type Parts = Readonly<Record<RecordPart, Deserializer<unknown> | undefined>>

/** What to do with a record that can't be deserialized: leave it out, or stop before it and throw the error. */
export type OnDeserializationError = (error: DeserializationError) => 'skip' | 'throw'

/** How records are shown that have deserializers; undefined for a record that is left out. */
export function deserializing(
  table: DeserializerTable,
  onError: OnDeserializationError = () => 'throw',
): (record: FetchedRecord) => ConsumerRecord<unknown, unknown> | undefined {
  const byTopic = new Map<string, Parts>()
  const partsOf = (topic: string): Parts => {
    const known = byTopic.get(topic)
    if (known !== undefined) return known
    const parts = { key: deserializerOf(table, topic, 'key'), value: deserializerOf(table, topic, 'value') }
    byTopic.set(topic, parts)
    return parts
  }
  return (record) => {
    const { key, value } = partsOf(record.topic)
    if (key === undefined && value === undefined) return record
    try {
      return { ...record.toJSON(), key: read(record, 'key', key), value: read(record, 'value', value) }
    } catch (error) {
      if (error instanceof DeserializationError && onError(error) === 'skip') return undefined
      throw error
    }
  }
}

function read(record: FetchedRecord, part: RecordPart, deserializer: Deserializer<unknown> | undefined): unknown {
  const bytes = record[part]
  if (bytes === null || deserializer === undefined) return bytes
  try {
    return deserializer.deserialize(bytes, { topic: record.topic, part })
  } catch (error) {
    throw new DeserializationError(record, part, error)
  }
}
