import type { Assignor } from '@millrace/machines'
import type { CallOptions, ClientOptions } from '../client-options.ts'
import type { ClientMetrics } from '../cluster/client-metrics.ts'
import type { ConsumerRecord, TopicPartition, TopicPartitionOffset } from '../record.ts'
import type { AnyTopics, Deserializers, NeededDeserializers, TopicTypes } from '../serde/topic-types.ts'
import type { TracingOptions } from '../telemetry/open-telemetry-api.ts'
import type { ConsumerMetrics } from './consumer-metrics.ts'
import type { OnDeserializationError } from './reading/deserialized.ts'

/** Where to start reading: an offset, the first record at or after a time (ms since 1970), or an end of the partition. */
export type StartPosition =
  | 'earliest'
  | 'latest'
  | { readonly offset: number; readonly leaderEpoch?: number }
  | { readonly timestamp: number }

/** A partition to read without joining a group, and from where. */
export interface ManualAssignment extends TopicPartition {
  /** Default: the group's committed offset where there is a `groupId`, else `autoOffsetReset`. */
  readonly start?: StartPosition
}

/** Kafka's ways to share partitions out. `cooperative-sticky` moves only those that must move (KIP-429). */
export type AssignorName = 'range' | 'roundrobin' | 'sticky' | 'cooperative-sticky'

/** How the leader of a group shares partitions out, where none of Kafka's ways will do. Members must all have it. */
export type PartitionAssignor = Assignor

/** `by_duration:` goes before a duration of ISO 8601, such as `PT24H` (KIP-1106). */
export type AutoOffsetReset = 'earliest' | 'latest' | 'none' | `by_duration:${string}`

/** What a consumer takes besides where the cluster is. Names are camelCase of Kafka's, defaults are Kafka's. */
export type ConsumerOptions<T extends TopicTypes<T> = AnyTopics> = PlainConsumerOptions & {
  /**
   * How keys and values are read, by topic (`*` for those that aren't named): by a serde, a deserializer, or a Standard
   * Schema (zod, valibot, arktype), which checks JSON. Where none is given they are Buffers.
   *
   * @example deserializers: { orders: { key: serde.string, value: z.object({ id: z.int() }) } }
   */
  readonly deserializers?: Deserializers<T>
} & NeededDeserializers<T>

/** What a consumer takes besides its deserializers. */
export interface PlainConsumerOptions extends ClientOptions {
  /** With a group, the group's coordinator gives out the partitions and keeps the offsets. */
  readonly groupId?: string
  /** A name that outlives this process: a restart within the session timeout causes no rebalance (KIP-345). */
  readonly groupInstanceId?: string
  /**
   * Topics to read: with a group the partitions that it gives us, without one all of them. A pattern is compared with
   * all topics that aren't internal, anew every `metadataMaxAgeMs`.
   */
  readonly topics?: string | readonly string[] | RegExp
  /** Partitions to read, in place of `topics`. With a `groupId` its committed offsets are used and kept. */
  readonly assignment?: readonly ManualAssignment[]
  /**
   * Where to start a partition of `topics`, committed offset or not. One that comes back after a rebalance goes on where the
   * group has it. Default: the committed offset.
   */
  readonly start?: StartPosition
  /** Where to start where no offset is committed, or the one there is gone. Default `latest`. */
  readonly autoOffsetReset?: AutoOffsetReset
  /** Ends the loop at what was each partition's end when it was assigned. Default false. */
  readonly stopAtEnd?: boolean
  /** Commits what the loop is done with, each `autoCommitIntervalMs` and at the end. Default true with a group. */
  readonly enableAutoCommit?: boolean
  /**
   * Commits records before they come out, up to 500 at a time, so that none comes twice; those that were committed and
   * not handed out are lost where the program dies. In place of `enableAutoCommit`. Default false: at least once.
   */
  readonly atMostOnce?: boolean
  /** Default 5,000. */
  readonly autoCommitIntervalMs?: number
  /** Default `read_uncommitted`. */
  readonly isolationLevel?: 'read_uncommitted' | 'read_committed'
  /** How long the group waits for a member that is silent. Default 45,000 ms. */
  readonly sessionTimeoutMs?: number
  /** Default 3,000 ms. */
  readonly heartbeatIntervalMs?: number
  /** How long the loop may take for what it was given before the member leaves the group. Default 300,000 ms. */
  readonly maxPollIntervalMs?: number
  /** Assignors that the group may choose from. Default `['range', 'cooperative-sticky']`, as in Kafka. */
  readonly partitionAssignmentStrategy?: readonly (AssignorName | PartitionAssignor)[]
  /** A fetch is answered when this many bytes are there. Default 1. */
  readonly fetchMinBytes?: number
  /** ... or when this much time has passed. Default 500 ms. */
  readonly fetchMaxWaitMs?: number
  /** Bytes that are fetched and wait to be read, of all partitions; one batch may go beyond it. Default 52,428,800. */
  readonly fetchMaxBytes?: number
  /** Bytes that a fetch may bring of one partition. Default 1,048,576. */
  readonly maxPartitionFetchBytes?: number
  /** What one batch may decompress to, in bytes, and the largest batch that is taken from a fetch. Default 128 MiB. */
  readonly maxDecompressedBytes?: number
  /** Checks the CRC of every batch. Default true. */
  readonly checkCrcs?: boolean
  /**
   * The rack we are in: where the broker names a replica there, that one is fetched from (KIP-392), and a group gives us
   * partitions that have one, where the assignor isn't `roundrobin` (KIP-881).
   */
  readonly clientRack?: string
  /** Whether a topic that isn't there may be created by the broker. Default true. */
  readonly allowAutoTopicCreation?: boolean
  /** Called with the partitions that were added; reading of them starts when it has resolved. */
  readonly onAssigned?: (partitions: readonly TopicPartition[]) => void | Promise<void>
  /** Called before partitions go to another member, also by `close`: the last moment to commit for them. */
  readonly onRevoked?: (partitions: readonly TopicPartition[]) => void | Promise<void>
  /** Called when partitions are gone already (the group moved on without us). */
  readonly onLost?: (partitions: readonly TopicPartition[]) => void | Promise<void>
  /**
   * What to do with a record that its deserializer doesn't take: `skip` leaves it out (it is done with the record behind
   * it), `throw`, the default, stops before it with a DeserializationError, until somebody seeks past it.
   */
  readonly onDeserializationError?: OnDeserializationError
  /** Spans of OpenTelemetry for what is read; `inTraceOf` runs something within them. Default: none. */
  readonly tracing?: TracingOptions
  /** Ends every wait, the loop included, and leaves the group. */
  readonly signal?: AbortSignal
}

/** How far the reading of a partition has got. The offset is -1 while no broker can say where it is to start. */
export interface PartitionPosition extends TopicPartitionOffset {
  /** End of what may be read, as of the last fetch; -1 before the first. */
  readonly endOffset: number
  /** Records between the position and that end; -1 before the first fetch. */
  readonly lag: number
  /** Whether `pause` holds it. */
  readonly paused: boolean
}

/** Records of one partition, in order. */
export interface ConsumerBatch<Shown = ConsumerRecord> extends TopicPartition {
  /** At least one. */
  readonly records: readonly Shown[]
  /**
   * Aborted when the partition goes to another member, or the consumer is closed: both wait for the batch, which may end
   * early by throwing the signal's reason. It then isn't done and comes again to whoever reads on, behind what of it was
   * committed; the run doesn't fail of it. To return is to say that the batch is done.
   */
  readonly signal: AbortSignal
}

/**
 * How `run` works.
 *
 * @example
 * await consumer.run({ partitionsConcurrently: 8, eachBatch: async ({ records }) => store(records) })
 */
export interface RunOptions<Shown = ConsumerRecord> {
  /** The batch is done when this has resolved. What it throws ends the run; the batch then comes again. */
  readonly eachBatch: (batch: ConsumerBatch<Shown>) => void | Promise<void>
  /** Partitions that are worked on at one time, each in order. Default 1. */
  readonly partitionsConcurrently?: number
  /** Records of a batch at most. Default: as many as a fetch brought of the partition. */
  readonly maxBatchRecords?: number
}

/** Who a consumer is in its group, for a producer's transaction (KIP-447). */
export interface ConsumerGroupMetadata {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
}

/** What a group has committed of a partition: the next offset to read. */
export interface CommittedPosition extends TopicPartitionOffset {
  /** -1 where the one who committed didn't say. */
  readonly leaderEpoch: number
}

/** What is to be committed of a partition: the next offset to read. */
export interface OffsetCommit extends TopicPartitionOffset {
  readonly leaderEpoch?: number
  /** Kept with the offset for whoever asks. */
  readonly metadata?: string
}

/**
 * What `Consumer` offers. A record counts as done when the loop asks for the next one; automatic commits, `break` and
 * `close` commit only what is done.
 *
 * @example for await (const record of consumer) console.log(record.topic, record.offset, record.value?.toString())
 */
export interface ConsumerApi<Shown = ConsumerRecord> extends AsyncIterable<Shown>, AsyncDisposable {
  /**
   * Gives batches to a function, a partition's one after the other, several partitions at a time. Resolves when the
   * consumer is closed, or at the end with `stopAtEnd`; rejects with what `eachBatch` threw, or with what a loop would
   * throw: a KafkaError that doesn't pass, a DeserializationError, an UnreadableBatchError, a LogTruncationError.
   *
   * @example await consumer.run({ eachBatch: async ({ topic, records }) => store(topic, records) })
   */
  run(options: RunOptions<Shown>): Promise<void>
  /**
   * Commits the record's offset + 1, of several records the last of each partition, or with no argument everything that
   * is done; resolves when the group has it. Rejects with a CommitFailedError where the partition is somebody else's, and
   * with a TypeError without a group.
   *
   * @example await consumer.commit(record)
   */
  commit(records?: ConsumedFrom | readonly ConsumedFrom[], options?: CallOptions): Promise<void>
  /**
   * Commits these offsets as they are: each is the next to read. Rejects as `commit` does.
   *
   * @example await consumer.commitOffsets([{ topic: 'orders', partition: 0, offset: 43, metadata: 'by hand' }])
   */
  commitOffsets(offsets: readonly OffsetCommit[], options?: CallOptions): Promise<void>
  /**
   * What the group has committed, of these partitions or of those that are read now; those without are left out. Rejects
   * with a KafkaError where the group's coordinator doesn't answer in time, or refuses.
   *
   * @example const [position] = await consumer.committed([{ topic: 'orders', partition: 0 }])
   */
  committed(partitions?: readonly TopicPartition[], options?: CallOptions): Promise<CommittedPosition[]>
  /**
   * Reads on from there; what is buffered of the partition is dropped. Rejects with a RangeError where the partition
   * isn't read, and with a TimeoutError where no broker can say where a time or an end is.
   *
   * @example await consumer.seek({ topic: 'orders', partition: 0 }, { timestamp: Date.now() - 3_600_000 })
   */
  seek(partition: TopicPartition, to: StartPosition, options?: CallOptions): Promise<void>
  /**
   * No more records of these come out until `resume`; other partitions go on. Also within `onAssigned`.
   *
   * @example consumer.pause([{ topic: 'orders', partition: 0 }])
   */
  pause(partitions: readonly TopicPartition[]): void
  /**
   * Records of these come out again.
   *
   * @example setTimeout(() => consumer.resume(consumer.assignment()), 30_000)
   */
  resume(partitions: readonly TopicPartition[]): void
  /**
   * The partitions that are read now.
   *
   * @example consumer.pause(consumer.assignment())
   */
  assignment(): TopicPartition[]
  /**
   * The same with the position of each, the next record that comes out, and its lag: known from the fetches.
   *
   * @example for (const { topic, partition, lag } of consumer.positions()) gauge.set({ topic, partition }, lag)
   */
  positions(): PartitionPosition[]
  /**
   * The offset of the next record that comes out; undefined where the partition isn't read, or nobody can say it yet.
   *
   * @example const next = consumer.position({ topic: 'orders', partition: 0 })
   */
  position(partition: TopicPartition): number | undefined
  /**
   * Records that were not handed out yet, as of the last fetch; undefined where that isn't known.
   *
   * @example if ((consumer.lag(record) ?? 0) > 10_000) console.warn('behind')
   */
  lag(partition: TopicPartition): number | undefined
  /**
   * Offsets that a position has now, asked of the brokers; a time after the last record is the partition's end. Rejects
   * with a KafkaError where a leader doesn't answer in time or refuses, with a RangeError for a partition that isn't there.
   *
   * @example const [end] = await consumer.offsetsOf([{ topic: 'orders', partition: 0 }], 'latest')
   */
  offsetsOf(
    partitions: readonly TopicPartition[],
    at: StartPosition,
    options?: CallOptions,
  ): Promise<TopicPartitionOffset[]>
  /**
   * Who the consumer is in its group; undefined without a group.
   *
   * @example console.log(consumer.groupMetadata()?.memberId)
   */
  groupMetadata(): ConsumerGroupMetadata | undefined
  /**
   * Runs a function within the span of the record that the loop has in hand, so that spans it makes belong to it. Without
   * `tracing` it is only called. In `eachBatch` the batch's span is there without it.
   *
   * @example for await (const record of consumer) await consumer.inTraceOf(record, () => store(record.value))
   */
  inTraceOf<R>(record: Shown, run: () => R): R
  /**
   * Asks the group to share the partitions out anew (KIP-568), and returns at once; without a group it does nothing. What
   * fails of it, fails the loop.
   *
   * @example consumer.enforceRebalance('another rack')
   */
  enforceRebalance(reason?: string): void
  /**
   * What it read, and what went over its connections so far, in all and by broker; costs nothing but the call.
   *
   * @example const { recordsConsumedTotal, recordsLagMax } = consumer.metrics()
   */
  metrics(): ConsumerMetrics & ClientMetrics
  /**
   * Ends a loop that waits, waits for batches that `eachBatch` works on, commits what is done where that is asked for,
   * leaves the group and disconnects. A loop's record in hand isn't waited for, and isn't done. Within `eachBatch`,
   * `onAssigned`, `onRevoked` and `onLost` it resolves at once, and is done when they are.
   *
   * @example process.once('SIGTERM', () => void consumer.close())
   */
  close(options?: ConsumerCloseOptions): Promise<void>
}

/** What a commit needs to know of a record. */
export type ConsumedFrom = TopicPartitionOffset & { readonly leaderEpoch?: number }

/** How to end a consumer. */
export interface ConsumerCloseOptions extends CallOptions {
  /** Default: true, but false with a `groupInstanceId`, which may come back within the session timeout (KIP-1092). */
  readonly leaveGroup?: boolean
  /**
   * How long batches that `eachBatch` works on are waited for, in ms; so does `signal` end that wait. What isn't done by
   * then isn't committed. Default 30,000, as in Kafka.
   */
  readonly timeoutMs?: number
}
