import { WireError } from '@millrace/protocol'
import type { Assignments, Assignor, GroupMember, PartitionRacks } from './assignor.ts'
import { decodeStickyUserData, encodeStickyUserData } from './consumer-protocol.ts'
import type { StickyAssignment } from './even-assignment.ts'
import { assignEvenly } from './even-assignment.ts'
import type { MemberData } from './owned-partitions.ts'
import { keyOf, noGeneration, settleOwnership } from './owned-partitions.ts'
import { GroupRacks } from './racks.ts'
import { assignUnevenly } from './uneven-assignment.ts'

/**
 * Shares evenly and moves as little as possible, though to members that are near (KIP-881); members give everything up
 * while they rebalance.
 */
export const stickyAssignor: Assignor = {
  name: 'sticky',
  protocols: ['EAGER'],
  userData: (previous) => (previous === null ? null : encodeStickyUserData(previous.partitions, previous.generation)),
  assign: (members, partitionCounts, racks) => assignSticky(members, partitionCounts, eagerData, racks).assignments,
}

/**
 * As sticky, but members keep their partitions while they rebalance: one that moves is left out first, so that its old
 * owner gives it up, and its new owner gets it in the rebalance that follows.
 */
export const cooperativeStickyAssignor: Assignor = {
  name: 'cooperative-sticky',
  protocols: ['COOPERATIVE', 'EAGER'],
  userData: (previous) => {
    const bytes = new Uint8Array(4)
    new DataView(bytes.buffer).setInt32(0, previous?.generation ?? noGeneration)
    return bytes
  },
  assign: (members, partitionCounts, racks) => {
    const { assignments, moving } = assignSticky(members, partitionCounts, cooperativeData, racks)
    return withoutMoving(assignments, moving ?? movingPartitions(members, assignments))
  },
}

function assignSticky(
  members: readonly GroupMember[],
  allCounts: ReadonlyMap<string, number>,
  dataOf: (member: GroupMember) => MemberData,
  partitionRacks: PartitionRacks = new Map(),
): StickyAssignment {
  if (members.length === 0) return { assignments: new Map(), moving: new Map() }
  const subscribed = new Set(members.flatMap(({ subscription }) => subscription.topics))
  const counts = new Map([...allCounts].filter(([topic, count]) => subscribed.has(topic) && count > 0))
  const ownership = settleOwnership(members, counts, dataOf)
  const racks = new GroupRacks(members, counts, partitionRacks)
  return ownership.sameSubscriptions
    ? assignEvenly(ownership, counts, racks)
    : assignUnevenly(members, ownership, counts, dataOf, racks)
}

/** An eager member owns nothing any more when it joins: what it had is in its user data. */
function eagerData({ subscription: { userData } }: GroupMember): MemberData {
  if (userData === null || userData.length === 0) return { partitions: [], generation: null }
  return readable(() => decodeStickyUserData(userData), { partitions: [], generation: noGeneration })
}

function cooperativeData({ subscription }: GroupMember): MemberData {
  const { ownedPartitions: partitions, generationId, userData } = subscription
  if (generationId !== null || userData === null) return { partitions, generation: generationId }
  const generation = readable(
    () => new DataView(userData.buffer, userData.byteOffset, userData.length).getInt32(0),
    noGeneration,
  )
  return { partitions, generation }
}

// Another client's data that can't be read is as good as none.
function readable<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof WireError || error instanceof RangeError) return otherwise
    throw error
  }
}

/** New owners of partitions that somebody else still has, and they don't. */
function movingPartitions(members: readonly GroupMember[], assignments: Assignments): ReadonlyMap<string, string> {
  const moving = new Map<string, string>()
  const owned = members.map(({ subscription }) => new Set(subscription.ownedPartitions.map(keyOf)))
  for (const [index, { memberId }] of members.entries()) {
    for (const partition of assignments.get(memberId) ?? []) {
      const key = keyOf(partition)
      const isNew = owned[index]?.has(key) !== true
      if (isNew && owned.some((others) => others.has(key))) moving.set(key, memberId)
    }
  }
  return moving
}

const withoutMoving = (assignments: Assignments, moving: ReadonlyMap<string, string>): Assignments =>
  new Map(
    [...assignments].map(([memberId, partitions]) => [
      memberId,
      partitions.filter((partition) => moving.get(keyOf(partition)) !== memberId),
    ]),
  )
