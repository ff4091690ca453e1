/** Text or bytes; text goes as UTF-8. */
export type BytesLike = string | Uint8Array

/** Headers keep their order and may repeat a name: pairs. An object is taken for input. */
export type HeadersInput =
  | Readonly<Record<string, BytesLike | null>>
  | readonly (readonly [name: string, value: BytesLike | null])[]

/** What needs no serializer: text goes as UTF-8, numbers as decimal text, bytes as they are. */
export type Sendable = string | number | bigint | ArrayBufferLike | ArrayBufferView

export interface ProducerRecord<Key = Sendable, Value = Sendable, Topic extends string = string> {
  readonly topic: Topic
  /** Null deletes the key in a compacted topic. */
  readonly value: Value | null
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
  readonly timestamp: number
}

export interface ConsumerRecord<Key = Buffer, Value = Buffer, Topic extends string = string> {
  readonly topic: Topic
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  readonly leaderEpoch: number
  readonly key: Key | null
  readonly value: Value | null
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[]
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface TopicPartitionOffset extends TopicPartition {
  readonly offset: number
}
