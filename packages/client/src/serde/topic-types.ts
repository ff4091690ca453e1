import type { ConsumerRecord, ProducerRecord, Sendable } from '../record.ts'
import type { Deserializer, Serializer } from './serde.ts'
import type { StandardSchema } from './standard-schema.ts'

/**
 * What the keys and values of topics are, by the topic's name; `*` is every topic that isn't named. It is inferred from
 * the serializers or deserializers that a client is given, or written out: `Producer<{ orders: { value: Order } }>`.
 */
export type TopicTypes<T> = { readonly [Topic in keyof T]: { readonly key?: unknown; readonly value?: unknown } }

/** Topics of which nothing is known: text, numbers and bytes go out, Buffers come in. */
export interface AnyTopics {
  readonly '*': object
}

/** What writes a key or a value; a schema stands for JSON that it checks. */
export type SerializerLike<T> = Serializer<T> | StandardSchema<T, unknown>
/** What reads a key or a value; a schema stands for JSON that it checks. */
export type DeserializerLike<T> = Deserializer<T> | StandardSchema<unknown, T>

/** How the keys and values of each topic are written; `*` for every topic that isn't named. */
export type Serializers<T> = {
  readonly [Topic in keyof T]?: { readonly [Part in keyof T[Topic]]?: SerializerLike<T[Topic][Part]> }
}

/** How the keys and values of each topic are read; `*` for every topic that isn't named. */
export type Deserializers<T> = {
  readonly [Topic in keyof T]?: { readonly [Part in keyof T[Topic]]?: DeserializerLike<T[Topic][Part]> }
}

/** Those that can't be left out, for types that were written out: what can't be sent as it is. */
export type NeededSerializers<T> = keyof Needed<T> extends never ? object : { readonly serializers: Needed<T> }

type Needed<T> = {
  readonly [Topic in keyof T as NeededParts<T[Topic]> extends never ? never : Topic]: {
    readonly [Part in NeededParts<T[Topic]>]: unknown
  }
}
type NeededParts<Types> = {
  [Part in keyof Types]-?: Exclude<Types[Part], undefined> extends Sendable | null ? never : Part
}[keyof Types]

/** Those that can't be left out, for types that were written out: all but Buffers. */
export type NeededDeserializers<T> = keyof NeededToRead<T> extends never
  ? object
  : { readonly deserializers: NeededToRead<T> }

type NeededToRead<T> = {
  readonly [Topic in keyof T as NotBuffers<T[Topic]> extends never ? never : Topic]: {
    readonly [Part in NotBuffers<T[Topic]>]: unknown
  }
}
type NotBuffers<Types> = {
  [Part in keyof Types]-?: Buffer extends Exclude<Types[Part], null | undefined> ? never : Part
}[keyof Types]

type NameOf<Topic> = Topic extends '*' ? string : Topic & string
type PartOf<Types, Part extends 'key' | 'value', Default> =
  Types extends Readonly<Record<Part, infer T>> ? Exclude<T, null> : Default

/** A record that may be sent: its topic says what its key and value are. */
export type RecordToSend<T> = {
  [Topic in keyof T]: ProducerRecord<
    PartOf<T[Topic], 'key', Sendable>,
    PartOf<T[Topic], 'value', Sendable>,
    NameOf<Topic>
  >
}[keyof T]

/** A record that was read: its topic says what its key and value are. */
export type RecordRead<T> = {
  [Topic in keyof T]: ConsumerRecord<PartOf<T[Topic], 'key', Buffer>, PartOf<T[Topic], 'value', Buffer>, NameOf<Topic>>
}[keyof T]
