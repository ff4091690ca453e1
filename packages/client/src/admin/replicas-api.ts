import type { TopicPartition } from '../record.ts'
import type { AdminCallOptions } from './call.ts'
import type { Outcomes } from './outcome-types.ts'

/** Where a partition shall be. */
export interface Reassignment extends TopicPartition {
  /** Brokers that shall hold the partition, its preferred leader first; null stops a move that is under way. */
  readonly replicas: readonly number[] | null
}

/** A move that is under way, by the ids of brokers. */
export interface OngoingReassignment extends TopicPartition {
  readonly replicas: readonly number[]
  readonly adding: readonly number[]
  readonly removing: readonly number[]
}

/** What moves may do. */
export interface AlterReassignmentsOptions extends AdminCallOptions {
  /** Whether partitions may get more or fewer replicas; false needs Kafka 4.1 (KIP-860). Default true. */
  readonly allowReplicationFactorChange?: boolean
}

/** Whether the preferred replica shall lead, or any that is there, also at the cost of records. */
export type ElectionType = 'preferred' | 'unclean'

/** Which brokers hold partitions, and which of them leads. */
export interface ReplicasApi {
  /**
   * Starts, changes and stops moves of partitions between brokers; outcomes are under `topic-partition`. A move is
   * under way when this resolves.
   *
   * Fails with UNKNOWN_TOPIC_OR_PARTITION, INVALID_REPLICA_ASSIGNMENT, NO_REASSIGNMENT_IN_PROGRESS (nothing to stop),
   * INVALID_REPLICATION_FACTOR; rejects with CLUSTER_AUTHORIZATION_FAILED. Kafka: AlterPartitionReassignments
   * (KIP-455), from 2.4 on.
   *
   * @example
   * await admin.alterPartitionReassignments([
   *   { topic: 'orders', partition: 0, replicas: [2, 3] },
   *   { topic: 'orders', partition: 1, replicas: null },
   * ])
   */
  alterPartitionReassignments(
    reassignments: readonly Reassignment[],
    options?: AlterReassignmentsOptions,
  ): Promise<Outcomes<null>>

  /**
   * The moves that are under way, of these partitions or of all. Rejects with CLUSTER_AUTHORIZATION_FAILED. Kafka:
   * ListPartitionReassignments (KIP-455), from
   * 2.4 on.
   *
   * @example
   * const moving = await admin.listPartitionReassignments()
   */
  listPartitionReassignments(
    partitions?: readonly TopicPartition[],
    options?: AdminCallOptions,
  ): Promise<OngoingReassignment[]>

  /**
   * Elects the preferred replica, or where nobody in sync is left any replica that lives (which loses what only the
   * others had), in these partitions or in all; outcomes are under `topic-partition`.
   *
   * Fails with ELECTION_NOT_NEEDED, PREFERRED_LEADER_NOT_AVAILABLE, ELIGIBLE_LEADERS_NOT_AVAILABLE or
   * UNKNOWN_TOPIC_OR_PARTITION; rejects with CLUSTER_AUTHORIZATION_FAILED. Kafka: ElectLeaders (KIP-183; KIP-460 for
   * unclean, from 2.4 on).
   *
   * @example
   * await admin.electLeaders('preferred', [{ topic: 'orders', partition: 0 }])
   */
  electLeaders(
    type: ElectionType,
    partitions?: readonly TopicPartition[],
    options?: AdminCallOptions,
  ): Promise<Outcomes<null>>
}
