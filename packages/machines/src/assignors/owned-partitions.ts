import type { GroupMember } from './assignor.ts'
import type { TopicPartition } from './consumer-protocol.ts'
import { inHashMapOrder } from './hash-map-order.ts'

/** What a member says that it had, and from which generation that is. */
export interface MemberData {
  readonly partitions: readonly TopicPartition[]
  readonly generation: number | null
}

export const noGeneration = -1

/** Who has what before a sticky assignment, with doubtful claims settled. */
export interface Ownership {
  /** Members in the order of Java's maps, which breaks ties. */
  readonly owned: ReadonlyMap<string, readonly TopicPartition[]>
  /** Claimed by two members of one generation: neither may be believed. */
  readonly contested: ReadonlySet<string>
  readonly maxGeneration: number
  /** Whether all members subscribe to the same topics. */
  readonly sameSubscriptions: boolean
}

/** A partition as a key of maps and sets; a topic's name has no colon. */
export const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}:${partition}`

export function settleOwnership(
  members: readonly GroupMember[],
  partitionCounts: ReadonlyMap<string, number>,
  dataOf: (member: GroupMember) => MemberData,
): Ownership {
  const byId = new Map(members.map((member) => [member.memberId, member]))
  const claims = new Claims(byId)
  for (const memberId of inHashMapOrder(byId.keys())) {
    const member = byId.get(memberId)
    if (member !== undefined) claims.add(member, dataOf(member), partitionCounts)
  }
  return { ...claims.result(), sameSubscriptions: subscribeToTheSame(members) }
}

function subscribeToTheSame(members: readonly GroupMember[]): boolean {
  const first = new Set(members[0]?.subscription.topics)
  return members.every(
    ({ subscription }) =>
      subscription.topics.length === first.size && subscription.topics.every((topic) => first.has(topic)),
  )
}

class Claims {
  readonly #members: ReadonlyMap<string, GroupMember>
  readonly #owned = new Map<string, TopicPartition[]>()
  readonly #ownerOf = new Map<string, string>()
  readonly #contested = new Set<string>()
  #maxGeneration = noGeneration

  constructor(members: ReadonlyMap<string, GroupMember>) {
    this.#members = members
  }

  result(): Omit<Ownership, 'sameSubscriptions'> {
    return { owned: this.#owned, contested: this.#contested, maxGeneration: this.#maxGeneration }
  }

  add({ memberId }: GroupMember, data: MemberData, partitionCounts: ReadonlyMap<string, number>): void {
    const generation = data.generation ?? noGeneration
    this.#maxGeneration = Math.max(this.#maxGeneration, generation)
    this.#owned.set(memberId, [])
    for (const partition of data.partitions) {
      if (partition.partition < (partitionCounts.get(partition.topic) ?? 0))
        this.#claim(memberId, partition, generation)
    }
  }

  // Of two that claim a partition the one of the newer generation has it; in one generation nobody can say.
  #claim(memberId: string, partition: TopicPartition, generation: number): void {
    const key = keyOf(partition)
    const other = this.#ownerOf.get(key)
    const otherGeneration = other === undefined ? noGeneration : this.#generationOf(other)
    if (other !== undefined && generation < otherGeneration) return
    if (other !== undefined) this.#take(other, key)
    if (other !== undefined && generation === otherGeneration) this.#contested.add(key)
    else this.#owned.get(memberId)?.push(partition)
    this.#ownerOf.set(key, memberId)
  }

  #generationOf(memberId: string): number {
    return this.#members.get(memberId)?.subscription.generationId ?? noGeneration
  }

  #take(memberId: string, key: string): void {
    const left = (this.#owned.get(memberId) ?? []).filter((partition) => keyOf(partition) !== key)
    this.#owned.set(memberId, left)
  }
}
