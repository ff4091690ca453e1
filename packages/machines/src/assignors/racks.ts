import type { GroupMember, PartitionRacks } from './assignor.ts'
import type { TopicPartition } from './consumer-protocol.ts'

/** Where a member is; null where it doesn't say. */
export const rackOf = ({ subscription: { rackId } }: GroupMember): string | null => (rackId === '' ? null : rackId)

/** The racks of each of a topic's partitions; of one of which nothing is known there are none. */
export const racksOfTopic = (topic: string, count: number, racks: PartitionRacks): ReadonlySet<string>[] =>
  Array.from({ length: count }, (_, partition) => new Set(racks.get(topic)?.[partition]))

/** Whether racks make a difference: some member is where some replica is, and not every rack has every partition. */
export function isWorthMatching(memberRacks: ReadonlySet<string>, partitions: readonly ReadonlySet<string>[]): boolean {
  const all = new Set(partitions.flatMap((racks) => [...racks]))
  return [...memberRacks].some((rack) => all.has(rack)) && partitions.some(({ size }) => size !== all.size)
}

/** Who is near which partitions, of all members and topics of a group (KIP-881). */
export class GroupRacks {
  /** Whether members should be near what they get. */
  readonly matters: boolean
  readonly #rackOf = new Map<string, string>()
  readonly #racks = new Map<string, readonly ReadonlySet<string>[]>()

  constructor(members: readonly GroupMember[], partitionCounts: ReadonlyMap<string, number>, racks: PartitionRacks) {
    for (const member of members) {
      const rack = rackOf(member)
      if (rack !== null) this.#rackOf.set(member.memberId, rack)
    }
    if (this.#rackOf.size > 0) {
      for (const [topic, count] of partitionCounts) this.#racks.set(topic, racksOfTopic(topic, count, racks))
    }
    this.matters = isWorthMatching(new Set(this.#rackOf.values()), [...this.#racks.values()].flat())
  }

  /** Whether the member is in a rack that has no replica of the partition. */
  isFar(memberId: string, partition: TopicPartition): boolean {
    const rack = this.#rackOf.get(memberId)
    return this.matters && rack !== undefined && !this.#of(partition).has(rack)
  }

  /** Those first that fewest members are near. */
  inOrder(partitions: readonly TopicPartition[]): readonly TopicPartition[] {
    if (!this.matters) return partitions
    const members = new Map<string, number>()
    for (const rack of this.#rackOf.values()) members.set(rack, (members.get(rack) ?? 0) + 1)
    const near = (each: TopicPartition): number =>
      [...this.#of(each)].reduce((sum, rack) => sum + (members.get(rack) ?? 0), 0)
    return partitions
      .map((partition) => ({ partition, near: near(partition) }))
      .toSorted((a, b) => a.near - b.near)
      .map(({ partition }) => partition)
  }

  /** Where in the list the next member is, from `first` on and round, that has a replica in its rack; -1 where none is. */
  next(partition: TopicPartition, memberIds: readonly string[], first: number): number {
    const racks = this.#of(partition)
    for (let i = 0; i < memberIds.length; i += 1) {
      const at = (first + i) % memberIds.length
      const rack = this.#rackOf.get(memberIds[at] ?? '')
      if (rack !== undefined && racks.has(rack)) return at
    }
    return -1
  }

  #of({ topic, partition }: TopicPartition): ReadonlySet<string> {
    return this.#racks.get(topic)?.[partition] ?? none
  }
}

const none: ReadonlySet<string> = new Set()
