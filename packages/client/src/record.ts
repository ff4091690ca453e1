/** Text or bytes; text goes as UTF-8. */
export type BytesLike = string | Uint8Array

/** Headers keep their order and may repeat a name: pairs. An object is taken for input. */
export type HeadersInput =
  | Readonly<Record<string, BytesLike | null>>
  | readonly (readonly [name: string, value: BytesLike | null])[]

export interface ProducerRecord {
  readonly topic: string
  readonly value: BytesLike | null
  readonly key?: BytesLike | null
  readonly headers?: HeadersInput
  /** Chosen by the key's hash, or round robin in sticky batches, where not given. */
  readonly partition?: number
  /** Milliseconds since the Unix epoch; the time of the call where not given. */
  readonly timestamp?: number
}

/** Where a record went. */
export interface RecordMetadata {
  readonly topic: string
  readonly partition: number
  /** -1 with acks 0. */
  readonly offset: number
  readonly timestamp: number
}

export interface ConsumerRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  readonly leaderEpoch: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[]
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface TopicPartitionOffset extends TopicPartition {
  readonly offset: number
}
