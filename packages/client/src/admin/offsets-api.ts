import type { TopicPartition, TopicPartitionOffset } from '../record.ts'
import type { AdminCallOptions } from './call.ts'
import type { Outcomes } from './outcome-types.ts'

/** What a group has committed of a partition: the next offset to read. */
export interface CommittedOffset extends TopicPartitionOffset {
  /** -1 where the committer gave none. */
  readonly leaderEpoch: number
  readonly metadata: string
}

/** What a group shall have of a partition: the next offset to read. */
export interface OffsetToCommit extends TopicPartitionOffset {
  /** Of the record before it; -1 (the default) where it isn't known. */
  readonly leaderEpoch?: number
  readonly metadata?: string
}

/** A group, and which of its partitions are asked for: all of them where none are named. */
export interface GroupPartitions {
  readonly groupId: string
  readonly partitions?: readonly TopicPartition[]
}

/** How to ask for committed offsets. */
export interface FetchOffsetsOptions extends AdminCallOptions {
  /** Wait for offsets that an open transaction is about to commit (KIP-447). Default false. */
  readonly requireStable?: boolean
}

/** How far a share group is with a partition. */
export interface ShareOffset extends TopicPartition {
  /** The first record that isn't done with (the share-partition start offset); -1 where the group hasn't read it. */
  readonly offset: number
  readonly leaderEpoch: number
  /** Records up to the end that aren't done with; -1 where the broker (before 4.2) doesn't say. */
  readonly lag: number
}

/**
 * What an offset is asked for by; a number is a timestamp in ms, and gives the first record that is as late.
 * `max-timestamp` (Kafka 3.0) is the record with the largest timestamp; the last three are about tiered storage:
 * the first on the leader's own disk (3.5), the last one uploaded (3.9), the first not uploaded yet (4.2).
 */
export type OffsetSpec =
  | 'earliest'
  | 'latest'
  | 'max-timestamp'
  | 'earliest-local'
  | 'latest-tiered'
  | 'earliest-pending-upload'
  | number

/** A partition, and which offset of it is asked for. */
export type AskedOffset = TopicPartition & { readonly at: OffsetSpec }

/** An offset of a partition. */
export interface ListedOffset extends TopicPartition {
  /** -1 where no record is that late. */
  readonly offset: number
  /** Of the record, in ms; -1 where it isn't told. */
  readonly timestamp: number
  readonly leaderEpoch: number
}

/** How to ask for offsets. */
export interface ListOffsetsOptions extends AdminCallOptions {
  /** With `read_committed`, `latest` is the first offset that an open transaction may still change. */
  readonly isolationLevel?: 'read_uncommitted' | 'read_committed'
}

/** Offsets of partitions, and those that groups have committed. */
export interface OffsetsApi {
  /**
   * Offsets by place or by time, under `topic-partition`. A partition is asked for once.
   *
   * Fails with UNKNOWN_TOPIC_OR_PARTITION (after 2 s: it may be new), LEADER_NOT_AVAILABLE or
   * TOPIC_AUTHORIZATION_FAILED; rejects with UNSUPPORTED_VERSION where a broker is too old for what is asked. Kafka:
   * ListOffsets (KIP-79, KIP-734, KIP-405, KIP-1005, KIP-1023), sent to each partition's leader.
   *
   * @example
   * const ends = valuesOf(await admin.listOffsets([{ topic: 'orders', partition: 0, at: 'latest' }]))
   */
  listOffsets(asked: readonly AskedOffset[], options?: ListOffsetsOptions): Promise<Outcomes<ListedOffset>>

  /**
   * Committed offsets of one group (any type but Share), which rejects with its error, or of several under their ids.
   * Partitions without a committed offset are left out; a group that isn't there has none.
   *
   * Fails with GROUP_AUTHORIZATION_FAILED, TOPIC_AUTHORIZATION_FAILED or UNSTABLE_OFFSET_COMMIT. Kafka: OffsetFetch
   * (KIP-88, KIP-447, KIP-709).
   *
   * @example
   * const committed = await admin.fetchOffsets('warehouse')
   */
  fetchOffsets(
    groupId: string,
    partitions?: readonly TopicPartition[],
    options?: FetchOffsetsOptions,
  ): Promise<CommittedOffset[]>
  fetchOffsets(
    groups: readonly GroupPartitions[],
    options?: FetchOffsetsOptions,
  ): Promise<Outcomes<readonly CommittedOffset[]>>

  /**
   * Sets committed offsets of a group without members, which is made where it isn't there; under `topic-partition`.
   *
   * Fails with UNKNOWN_MEMBER_ID where the group has members, UNKNOWN_TOPIC_OR_PARTITION, OFFSET_METADATA_TOO_LARGE or
   * an authorization error. Kafka: OffsetCommit (KIP-396).
   *
   * @example
   * valuesOf(await admin.commitOffsets('warehouse', [{ topic: 'orders', partition: 0, offset: 42 }]))
   */
  commitOffsets(
    groupId: string,
    offsets: readonly OffsetToCommit[],
    options?: AdminCallOptions,
  ): Promise<Outcomes<null>>

  /**
   * Forgets committed offsets, under `topic-partition`.
   *
   * Fails with GROUP_SUBSCRIBED_TO_TOPIC where a member reads the topic; rejects with GROUP_ID_NOT_FOUND,
   * NON_EMPTY_GROUP or an authorization error. Kafka: OffsetDelete (KIP-496).
   *
   * @example
   * await admin.deleteOffsets('warehouse', [{ topic: 'orders', partition: 0 }])
   */
  deleteOffsets(
    groupId: string,
    partitions: readonly TopicPartition[],
    options?: AdminCallOptions,
  ): Promise<Outcomes<null>>

  /**
   * How far a share group is, in all of its partitions or in these, which rejects with the group's or a partition's error;
   * or how far several are, under their ids. A group that isn't there has none.
   *
   * Fails with GROUP_AUTHORIZATION_FAILED, TOPIC_AUTHORIZATION_FAILED or UNKNOWN_TOPIC_OR_PARTITION. Kafka:
   * DescribeShareGroupOffsets (KIP-932, KIP-1226), from 4.1 on.
   *
   * @example
   * const positions = await admin.fetchShareOffsets('workers')
   */
  fetchShareOffsets(
    groupId: string,
    partitions?: readonly TopicPartition[],
    options?: AdminCallOptions,
  ): Promise<ShareOffset[]>
  fetchShareOffsets(
    groups: readonly GroupPartitions[],
    options?: AdminCallOptions,
  ): Promise<Outcomes<readonly ShareOffset[]>>

  /**
   * Moves a share group without members; what was between is delivered again or never. Under `topic-partition`.
   *
   * Rejects with NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND or an authorization error; fails with
   * UNKNOWN_TOPIC_OR_PARTITION. Kafka: AlterShareGroupOffsets (KIP-932), from 4.1 on.
   *
   * @example
   * await admin.alterShareOffsets('workers', [{ topic: 'jobs', partition: 0, offset: 0 }])
   */
  alterShareOffsets(
    groupId: string,
    offsets: readonly TopicPartitionOffset[],
    options?: AdminCallOptions,
  ): Promise<Outcomes<null>>

  /**
   * Forgets how far a share group without members is in whole topics; outcomes are under the topics' names.
   *
   * Rejects with NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND or an authorization error; fails with
   * UNKNOWN_TOPIC_OR_PARTITION. Kafka: DeleteShareGroupOffsets (KIP-932), from 4.1 on.
   *
   * @example
   * await admin.deleteShareOffsets('workers', ['jobs'])
   */
  deleteShareOffsets(groupId: string, topics: readonly string[], options?: AdminCallOptions): Promise<Outcomes<null>>
}
