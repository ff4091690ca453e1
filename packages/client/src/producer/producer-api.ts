import type { Codec } from '@millrace/protocol'
import type { CallOptions, ClientOptions } from '../client-options.ts'
import type { ClientMetrics } from '../cluster/client-metrics.ts'
import type { RecordMetadata } from '../record.ts'
import type { AnyTopics, NeededSerializers, RecordToSend, Serializers } from '../serde/topic-types.ts'
import type { TracingOptions } from '../telemetry/open-telemetry-api.ts'
import type { ProducerMetrics } from './producer-metrics.ts'

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
  /** 1 (fast) to 9 (small). Default -1: 6. */
  readonly compressionGzipLevel?: number
  /** 1 to 17 (small). Default 9, which is the fast one; the others take much longer. */
  readonly compressionLz4Level?: number
  /** -131,072 (fast) to 22 (small). Default 3. */
  readonly compressionZstdLevel?: number
  /**
   * How long a record may take from its batch to its answer, retries included, in ms. Default 120,000. What fails so may
   * have been written, if it was sent.
   */
  readonly deliveryTimeoutMs?: number
  /** How long `send` may wait for metadata or buffer memory, in ms. Default 60,000. */
  readonly maxBlockMs?: number
  /** How often a batch is sent again; `deliveryTimeoutMs` is the better bound. Default 2,147,483,647. */
  readonly retries?: number
  /** Each record is written once and in order, whatever is retried. Default true where `acks` is `all`. */
  readonly enableIdempotence?: boolean
  /** Requests to one broker that wait for an answer; 1 to 5 with idempotence. Default 5. */
  readonly maxInFlightRequestsPerConnection?: number
  /** Whether a topic that isn't there may be created by the broker. Default true. */
  readonly allowAutoTopicCreation?: boolean
  /** A topic that nothing was sent to for so long is no longer asked for with the others (KIP-526). Default 300,000 ms. */
  readonly metadataMaxIdleMs?: number
  /** `round-robin` goes to the next partition with each record that has no key. Default `sticky`, as Java's. */
  readonly partitioner?: 'sticky' | 'round-robin' | ((input: PartitionerInput) => number)
  /** Keys say nothing about the partition. Default false. */
  readonly partitionerIgnoreKeys?: boolean
  /** Records without a key go more to partitions for which less waits. Default true. */
  readonly partitionerAdaptivePartitioningEnable?: boolean
  /**
   * Partitions for which a batch has waited as long as this, in ms, get no records without a key while others are there;
   * 0 (the default) turns that off.
   */
  readonly partitionerAvailabilityTimeoutMs?: number
  /** Spans of OpenTelemetry for what is sent, with their context in the records' headers. Default: none. */
  readonly tracing?: TracingOptions
}

/** How to end a producer. */
export interface CloseOptions extends CallOptions {
  /** How long what was sent may take to be answered, in ms; what isn't fails. Default: as long as `deliveryTimeoutMs` lets it. */
  readonly timeoutMs?: number
}

/** What `Producer` offers. */
export interface ProducerApi<T = AnyTopics> extends AsyncDisposable {
  /**
   * Sends one record, or many in order, and resolves with where they are once the broker has answered. Rejects with a
   * KafkaError where it can't be delivered, and with a SerializationError where its serializer doesn't take it. Of an
   * array all are tried: where some fail it rejects with a SendError, whose `results` have what became of each.
   *
   * It waits up to `maxBlockMs` for room in the buffer and for the topic's metadata. A signal ends the wait: what isn't in
   * a batch by then is not sent; what is may still be written. Bytes that were given must not change until it resolves.
   *
   * @example const { partition, offset } = await producer.send({ topic: 'orders', key: 'k', value: 'v' })
   */
  send(record: RecordToSend<T>, options?: CallOptions): Promise<RecordMetadata>
  send(records: readonly RecordToSend<T>[], options?: CallOptions): Promise<RecordMetadata[]>
  /**
   * Sends a record if there is room for it in the buffer now, else it returns undefined and nothing is sent: for who
   * would rather drop or keep a record than wait. What it returns rejects as `send` does.
   *
   * @example if (producer.trySend(record)?.catch(report) === undefined) dropped += 1
   */
  trySend(record: RecordToSend<T>): Promise<RecordMetadata> | undefined
  /**
   * A stream that sends what is written to it, records or arrays of them. Writing waits for room in the buffer, not for
   * answers; the first record that can't be delivered fails the stream. Closing it waits for all answers and leaves the
   * producer open.
   *
   * @example await source.pipeTo(producer.writable())
   */
  writable(): WritableStream<RecordToSend<T> | readonly RecordToSend<T>[]>
  /**
   * Sends what waits without lingering, and resolves when everything sent before is answered, well or not: what fails
   * rejects where it was sent. Rejects only with the reason of `signal`.
   *
   * @example await producer.flush({ signal: AbortSignal.timeout(5_000) })
   */
  flush(options?: CallOptions): Promise<void>
  /**
   * What it did so far, and what went over its connections, in all and by broker; costs nothing but the call.
   *
   * @example const { recordSendTotal, recordErrorTotal, waitingRecords } = producer.metrics()
   */
  metrics(): ProducerMetrics & ClientMetrics
  /**
   * Flushes and disconnects; `send` rejects from then on. What isn't answered in time, or when the signal is set, fails.
   * Called again, it ends by the shortest of the times.
   *
   * @example process.once('SIGTERM', () => void producer.close({ timeoutMs: 5_000 }))
   */
  close(options?: CloseOptions): Promise<void>
}
