import type { TopicPartitionOffset } from '../record.ts'
import type { AdminCallOptions } from './call.ts'
import type { ConfigEntry } from './configs-api.ts'
import type { AclOperation } from './names.ts'
import type { Outcomes } from './outcome-types.ts'

/** A topic by its name, or by its id: 22 characters of URL-safe base64. */
export type TopicRef = string | { readonly topicId: string }

/** A topic to create. */
export interface NewTopic {
  readonly name: string
  /** The broker's `num.partitions` where not given. */
  readonly partitions?: number
  /** The broker's `default.replication.factor` where not given. */
  readonly replicationFactor?: number
  /** Brokers of each partition's replicas, in place of the two above. */
  readonly replicaAssignment?: readonly (readonly number[])[]
  readonly configs?: Readonly<Record<string, string>>
}

/** How far a topic shall grow. */
export interface NewPartitions {
  readonly topic: string
  /** How many the topic shall have in all. */
  readonly total: number
  /** Brokers of the replicas of each partition that is added; the broker chooses where not given. */
  readonly replicaAssignment?: readonly (readonly number[])[]
}

/** A topic in a list. */
export interface TopicListing {
  readonly name: string
  readonly topicId: string
  readonly internal: boolean
  readonly partitions: number
}

/** A partition: who leads it and who holds it, by the ids of brokers. */
export interface PartitionDescription {
  readonly partition: number
  /** null while there is none. */
  readonly leader: number | null
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  /** Replicas whose broker or log directory is away. */
  readonly offline: readonly number[]
  /** Who may lead without loss while the ISR is empty (KIP-966); null where the broker doesn't say. */
  readonly eligibleLeaders: readonly number[] | null
  readonly lastKnownEligibleLeaders: readonly number[] | null
}

/** A topic with its partitions. */
export interface TopicDescription {
  readonly name: string
  /** All A's where the broker is older than 2.8. */
  readonly topicId: string
  readonly internal: boolean
  readonly partitions: readonly PartitionDescription[]
  /** null where it wasn't asked for. */
  readonly authorizedOperations: readonly AclOperation[] | null
}

/** For calls that may be tried without effect. */
export interface ValidateOptions extends AdminCallOptions {
  /** Only have the broker check it. Default false. */
  readonly validateOnly?: boolean
}

/** For calls that a broker's quota on changes (KIP-599, `controller_mutation_rate`) may hold up. */
export interface QuotaOptions extends AdminCallOptions {
  /** Whether THROTTLING_QUOTA_EXCEEDED is waited out, as long as there is time. Default true. */
  readonly retryOnQuotaViolation?: boolean
}

/** A topic that was created. */
export interface CreatedTopic extends TopicDescription {
  /** -1 where the broker is older than 2.4. */
  readonly replicationFactor: number
  /** Without types, documentation and synonyms; null where we may not see them, or the broker is older than 2.4. */
  readonly configs: readonly ConfigEntry[] | null
}

/** How to describe topics. */
export interface DescribeTopicsOptions extends AdminCallOptions {
  /** Whether to tell what we may do with each (KIP-430). Default false. */
  readonly includeAuthorizedOperations?: boolean
  /** Partitions in one answer of a broker that can page (KIP-966); 2,000, which is also what a broker allows. */
  readonly partitionsPerAnswer?: number
}

/** Topics, their partitions and records. */
export interface TopicsApi {
  /**
   * Creates topics, and waits up to 5 s until a broker shows them with leaders, so that what follows can use them. Calls of
   * this client wait up to 2 s for a broker that hasn't heard of them yet.
   *
   * Fails with TOPIC_ALREADY_EXISTS, INVALID_TOPIC_EXCEPTION, INVALID_PARTITIONS, INVALID_REPLICATION_FACTOR,
   * INVALID_REPLICA_ASSIGNMENT, INVALID_CONFIG, POLICY_VIOLATION or CLUSTER_AUTHORIZATION_FAILED. After a broken
   * connection it is tried again, and finds TOPIC_ALREADY_EXISTS where the first try had gone through. With
   * `validateOnly` the answer is what the topic would be, without leaders and replicas. Kafka: CreateTopics (KIP-4, KIP-195, KIP-599).
   *
   * @example
   * await admin.createTopics([{ name: 'orders', partitions: 6, configs: { 'retention.ms': '86400000' } }])
   */
  createTopics(topics: readonly NewTopic[], options?: ValidateOptions & QuotaOptions): Promise<Outcomes<CreatedTopic>>

  /**
   * Deletes topics with all their records, by name or by id (brokers from 2.8 on); outcomes are under the same text.
   *
   * Fails with UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID, TOPIC_DELETION_DISABLED or TOPIC_AUTHORIZATION_FAILED.
   * Kafka: DeleteTopics (KIP-4, KIP-516).
   *
   * @example
   * valuesOf(await admin.deleteTopics(['orders', { topicId: 'u8YtHN3bQ0CtvIUXsFKZ7g' }]))
   */
  deleteTopics(topics: readonly TopicRef[], options?: QuotaOptions): Promise<Outcomes<null>>

  /**
   * All topics that we may see, by name; without those that brokers keep for themselves unless they are asked for. Rejects
   * where no broker answers in time. Kafka: Metadata.
   *
   * @example
   * const names = (await admin.listTopics({ includeInternal: true })).map(({ name }) => name)
   */
  listTopics(options?: AdminCallOptions & { readonly includeInternal?: boolean }): Promise<TopicListing[]>

  /**
   * Partitions with leaders and replicas. By id from Kafka 3.1 on. Large topics come in several answers where the
   * broker can page.
   *
   * Fails with UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID, INVALID_TOPIC_EXCEPTION or TOPIC_AUTHORIZATION_FAILED.
   * Kafka: DescribeTopicPartitions (KIP-966), Metadata on brokers older than 3.8 and for ids.
   *
   * @example
   * const orders = valuesOf(await admin.describeTopics(['orders'])).get('orders')
   */
  describeTopics(topics: readonly TopicRef[], options?: DescribeTopicsOptions): Promise<Outcomes<TopicDescription>>

  /**
   * Adds partitions to one topic, which rejects with its error, or to several.
   *
   * Fails with INVALID_PARTITIONS where it has as many already, UNKNOWN_TOPIC_OR_PARTITION,
   * INVALID_REPLICA_ASSIGNMENT, REASSIGNMENT_IN_PROGRESS or TOPIC_AUTHORIZATION_FAILED. Kafka: CreatePartitions
   * (KIP-195).
   *
   * @example
   * await admin.createPartitions('orders', 12)
   */
  createPartitions(topic: string, total: number, options?: ValidateOptions & QuotaOptions): Promise<void>
  createPartitions(topics: readonly NewPartitions[], options?: ValidateOptions & QuotaOptions): Promise<Outcomes<null>>

  /**
   * Deletes what lies before an offset of each partition (-1: all up to its high watermark); outcomes are under
   * `topic-partition` and hold the offset of the first record that is left.
   *
   * Fails with OFFSET_OUT_OF_RANGE, POLICY_VIOLATION where the topic is only compacted, UNKNOWN_TOPIC_OR_PARTITION or
   * TOPIC_AUTHORIZATION_FAILED. Kafka: DeleteRecords (KIP-107), sent to each partition's leader.
   *
   * @example
   * await admin.deleteRecords([{ topic: 'orders', partition: 0, offset: 1_000 }])
   */
  deleteRecords(
    before: readonly TopicPartitionOffset[],
    options?: AdminCallOptions,
  ): Promise<Outcomes<{ readonly lowWatermark: number }>>
}
