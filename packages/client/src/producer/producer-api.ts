import type { Codec } from '@millrace/protocol'
import type { CallOptions, ClientOptions } from '../client-options.ts'
import type { RecordMetadata } from '../record.ts'
import type { AnyTopics, NeededSerializers, RecordToSend, Serializers } from '../serde/topic-types.ts'

/** What a custom partitioner is told of a record. `key` is as it goes on the wire. */
export interface PartitionerInput {
  readonly topic: string
  readonly key: Uint8Array | null
  readonly partitions: number
}

/** What a producer of these topics takes. */
export type ProducerOptions<T = AnyTopics> = PlainProducerOptions & {
  /**
   * How keys and values are written, by topic, `*` for topics that aren't named: a serializer, a serde, or a schema of
   * zod, valibot or arktype, which checks JSON. What has none must be text, a number or bytes.
   *
   * @example { orders: { key: serde.string, value: z.object({ id: z.int() }) } }
   */
  readonly serializers?: Serializers<T>
} & NeededSerializers<T>

/** What a producer takes besides where the cluster is. Names are camelCase of Kafka's, defaults are Kafka's. */
export interface PlainProducerOptions extends ClientOptions {
  /** `all` (-1) waits for every in-sync replica, 1 for the leader, 0 for nobody. Default `all`. */
  readonly acks?: 'all' | -1 | 0 | 1
  /** How long a batch waits for more records, in ms. Default 5. */
  readonly lingerMs?: number
  /** Size in bytes at which a batch is sent at once. Default 16,384. */
  readonly batchSize?: number
  /** The largest record, and the largest request, in bytes. Default 1,048,576. */
  readonly maxRequestSize?: number
  /** Bytes of records that may wait to be sent; `send` waits for room beyond it. Default 33,554,432. */
  readonly bufferMemory?: number
  /** Default `none`. */
  readonly compressionType?: Codec
  /** For gzip 1-9 (default 6) and zstd 1-22 (default 3). */
  readonly compressionLevel?: number
  /** How long a record may take from `send` to its answer, retries included, in ms. Default 120,000. */
  readonly deliveryTimeoutMs?: number
  /** How long `send` may wait for metadata or buffer memory, in ms. Default 60,000. */
  readonly maxBlockMs?: number
  /** Each record is written once and in order, whatever is retried. Default true where `acks` is `all`. */
  readonly enableIdempotence?: boolean
  /** Requests to one broker that wait for an answer; 1 to 5 with idempotence. Default 5. */
  readonly maxInFlightRequestsPerConnection?: number
  /** Whether a topic that isn't there may be created by the broker. Default true. */
  readonly allowAutoTopicCreation?: boolean
  /** `round-robin` goes to the next partition with each record that has no key. Default `sticky`, as Java's. */
  readonly partitioner?: 'sticky' | 'round-robin' | ((input: PartitionerInput) => number)
}

/** What `Producer` offers. */
export interface ProducerApi<T = AnyTopics> extends AsyncDisposable {
  /**
   * Sends one record, or many in order, and resolves with where they are once the broker has answered. Rejects with a
   * KafkaError where it can't be delivered; of an array, with the first record's error that failed.
   *
   * @example const { partition, offset } = await producer.send({ topic: 'orders', key: 'k', value: 'v' })
   */
  send(record: RecordToSend<T>, options?: CallOptions): Promise<RecordMetadata>
  send(records: readonly RecordToSend<T>[], options?: CallOptions): Promise<RecordMetadata[]>
  /** Sends what waits without lingering, and resolves when everything sent before is answered, well or not. */
  flush(options?: CallOptions): Promise<void>
  /** Flushes and disconnects; `send` rejects from then on. With a signal what isn't answered when it is set fails. */
  close(options?: CallOptions): Promise<void>
}
