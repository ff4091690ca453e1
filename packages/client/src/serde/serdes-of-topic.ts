import { jsonSerde } from './json-serde.ts'
import type { Deserializer, RecordPart, Serializer } from './serde.ts'
import { isSchema } from './standard-schema.ts'
import type { DeserializerLike, SerializerLike } from './topic-types.ts'

type ByTopic<Like> = Readonly<Record<string, { readonly [Part in RecordPart]?: Like } | undefined>>

/** A client's serializers with their types forgotten: what is looked into when a topic is first written to. */
export type SerializerTable = ByTopic<SerializerLike<unknown>>
export type DeserializerTable = ByTopic<DeserializerLike<unknown>>

/** What writes this part of the topic's records; undefined where nothing was given and they must be sendable as they are. */
export function serializerOf(
  table: SerializerTable | undefined,
  topic: string,
  part: RecordPart,
): Serializer<unknown> | undefined {
  const given = entryOf(table, topic)?.[part]
  return isSchema(given) ? jsonSerde(given) : given
}

/** What reads this part of the topic's records; undefined where nothing was given and they stay Buffers. */
export function deserializerOf(
  table: DeserializerTable | undefined,
  topic: string,
  part: RecordPart,
): Deserializer<unknown> | undefined {
  const given = entryOf(table, topic)?.[part]
  return isSchema(given) ? jsonSerde(given) : given
}

// A topic may have the name of something that every object has.
function entryOf<Like>(table: ByTopic<Like> | undefined, topic: string): ByTopic<Like>[string] {
  if (table === undefined) return undefined
  return Object.hasOwn(table, topic) ? table[topic] : table['*']
}
