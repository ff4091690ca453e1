import type { Subscription, TopicPartition } from './consumer-protocol.ts'

/** One member of a group as its leader hears of it. */
export interface GroupMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly subscription: Subscription
}

/** What this member got last, and in which generation; what sticky assignors tell the leader next time. */
export interface PreviousAssignment {
  readonly partitions: readonly TopicPartition[]
  readonly generation: number
}

/** The racks that have a replica of each partition, in order of the partitions' numbers, by topic. */
export type PartitionRacks = ReadonlyMap<string, readonly (readonly string[])[]>

/** Partitions by member id; every member is in it. */
export type Assignments = Map<string, TopicPartition[]>

/**
 * Shares the partitions of topics among members, as Kafka's Java assignor of the same name does. Pure: the leader of a
 * group calls `assign`, every member `userData` before it joins.
 */
export interface Assignor {
  readonly name: string
  /** Whether members keep their partitions while they rebalance (COOPERATIVE) or give them all up before (EAGER). */
  readonly protocols: readonly ('COOPERATIVE' | 'EAGER')[]
  userData(previous: PreviousAssignment | null): Uint8Array | null
  /**
   * `partitionCounts` has the topics that exist; others are left out. With `partitionRacks` members are given what has a
   * replica in their rack, where that costs no balance (KIP-881).
   */
  assign(
    members: readonly GroupMember[],
    partitionCounts: ReadonlyMap<string, number>,
    partitionRacks?: PartitionRacks,
  ): Assignments
}

/** Static members come first, by instance id, then the others by member id: so that a restart changes nothing. */
export function inMemberOrder(members: readonly GroupMember[]): GroupMember[] {
  return members.toSorted((a, b) => {
    if (a.groupInstanceId !== null && b.groupInstanceId !== null) return compare(a.groupInstanceId, b.groupInstanceId)
    if (a.groupInstanceId !== null) return -1
    if (b.groupInstanceId !== null) return 1
    return compare(a.memberId, b.memberId)
  })
}

export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export const emptyAssignments = (members: readonly GroupMember[]): Assignments =>
  new Map(members.map(({ memberId }) => [memberId, []]))

export const partitionsOf = (topic: string, count: number): TopicPartition[] =>
  Array.from({ length: count }, (_, partition) => ({ topic, partition }))
