/** What a serde is told of the record besides the value. */
export interface SerdeContext {
  readonly topic: string
  readonly part: RecordPart
}

/** Which of the two a serde has in hand. */
export type RecordPart = 'key' | 'value'

/**
 * Turns keys or values into bytes; text goes as UTF-8. `null` never comes to it: a null value is a tombstone and stays
 * null. Throws where it can't; it can't be asynchronous, for records would overtake one another.
 */
export interface Serializer<in T> {
  serialize(value: T, context: SerdeContext): Uint8Array | string
}

/** Turns bytes into keys or values. `null` never comes to it. Throws for bytes that aren't its own. */
export interface Deserializer<out T> {
  deserialize(bytes: Buffer, context: SerdeContext): T
}

/** Both ways. `In` and `Out` differ where reading does more than undo writing: defaults of a schema, for one. */
export interface Serde<in In, out Out = In> extends Serializer<In>, Deserializer<Out> {}
