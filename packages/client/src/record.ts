/** Text or bytes; text goes as UTF-8. */
export type BytesLike = string | Uint8Array

/** Headers keep their order and may repeat a name: pairs. An object is taken for input. */
export type HeadersInput =
  | Readonly<Record<string, BytesLike | null>>
  | readonly (readonly [name: string, value: BytesLike | null])[]

/** What needs no serializer: text goes as UTF-8, numbers as decimal text, bytes as they are. */
export type Sendable = string | number | bigint | ArrayBufferLike | ArrayBufferView

/**
 * A record to send.
 *
 * @example { topic: 'orders', key: '42', value: 'two lamps', headers: { source: 'shop' } }
 */
export interface ProducerRecord<Key = Sendable, Value = Sendable, Topic extends string = string> {
  readonly topic: Topic
  /** Null deletes the key in a compacted topic. */
  readonly value: Value | null
  /** What decides about the partition, and what compaction keeps one record of. */
  readonly key?: Key | null | undefined
  readonly headers?: HeadersInput | undefined
  /** Chosen by the key's hash, or round robin in sticky batches, where not given. */
  readonly partition?: number | undefined
  /** Milliseconds since the Unix epoch; the time of the call where not given. */
  readonly timestamp?: number | undefined
}

/** Where a record went. */
export interface RecordMetadata {
  readonly topic: string
  readonly partition: number
  /** -1 with acks 0. */
  readonly offset: number
  /** Milliseconds since the Unix epoch: the record's own, or the broker's where the topic has LogAppendTime. */
  readonly timestamp: number
}

/** A record that was read. It is a view of the batch that it came in; `{ ...record }` has no key, value or headers. */
export interface ConsumerRecord<Key = Buffer, Value = Buffer, Topic extends string = string> {
  readonly topic: Topic
  readonly partition: number
  readonly offset: number
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number
  /** Whether the time is the sender's or the broker's. */
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  /** Of the leader that wrote it; -1 where that isn't known. Goes along with a commit. */
  readonly leaderEpoch: number
  /** Null for a record without a key. */
  readonly key: Key | null
  /** Null for a tombstone. */
  readonly value: Value | null
  /** Pairs in the order of the sender; a name may be there twice. */
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[]
}

/** A partition. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** A place in a partition. */
export interface TopicPartitionOffset extends TopicPartition {
  readonly offset: number
}
