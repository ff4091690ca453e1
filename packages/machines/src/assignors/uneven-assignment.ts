import { assert } from '@millrace/kernel'
import type { Assignments, GroupMember } from './assignor.ts'
import { compare, partitionsOf } from './assignor.ts'
import type { TopicPartition } from './consumer-protocol.ts'
import type { StickyAssignment } from './even-assignment.ts'
import { inHashMapOrder } from './hash-map-order.ts'
import type { MemberData, Ownership } from './owned-partitions.ts'
import { keyOf, noGeneration } from './owned-partitions.ts'
import { PartitionMovements } from './partition-movements.ts'
import type { GroupRacks } from './racks.ts'

/**
 * The sticky assignment where members subscribe to different topics: everybody keeps what it may keep, the rest goes
 * to who has least, and partitions move as long as that evens things out. Where racks make a difference only what is near
 * is kept, and what is left goes to members that are near as far as there are any.
 */
export function assignUnevenly(
  members: readonly GroupMember[],
  ownership: Ownership,
  partitionCounts: ReadonlyMap<string, number>,
  dataOf: (member: GroupMember) => MemberData,
  racks: GroupRacks,
): StickyAssignment {
  const work = new UnevenAssignment(members, ownership, partitionCounts, racks)
  work.rememberOlderOwners(members, ownership.maxGeneration, dataOf)
  work.run()
  return { assignments: work.assignments, moving: null }
}

interface OlderOwner {
  readonly memberId: string
  readonly generation: number
}

class UnevenAssignment {
  assignments: Assignments
  readonly #partitionCounts: ReadonlyMap<string, number>
  readonly #racks: GroupRacks
  readonly #topicsOf = new Map<string, string[]>()
  readonly #membersOf = new Map<string, string[]>()
  readonly #olderOwners = new Map<string, OlderOwner>()
  readonly #movements = new PartitionMovements()
  #ownerOf = new Map<string, string>()
  /** Somebody lost what it is no longer subscribed to or isn't near, so things move anyway. */
  #revokes = false

  constructor(
    members: readonly GroupMember[],
    ownership: Ownership,
    partitionCounts: ReadonlyMap<string, number>,
    racks: GroupRacks,
  ) {
    this.#partitionCounts = partitionCounts
    this.#racks = racks
    this.assignments = new Map([...ownership.owned].map(([memberId, partitions]) => [memberId, [...partitions]]))
    for (const topic of partitionCounts.keys()) this.#membersOf.set(topic, [])
    const byId = new Map(members.map((member) => [member.memberId, member]))
    for (const memberId of inHashMapOrder(byId.keys())) this.#subscribe(memberId, byId.get(memberId))
  }

  #subscribe(memberId: string, member: GroupMember | undefined): void {
    const topics = (member?.subscription.topics ?? []).filter((topic) => this.#partitionCounts.has(topic))
    this.#topicsOf.set(memberId, topics)
    for (const topic of topics) this.#membersOf.get(topic)?.push(memberId)
    for (const partition of this.#of(memberId)) this.#ownerOf.set(keyOf(partition), memberId)
  }

  /** Claims of older generations were overruled; still, what evens things out goes back to them first. */
  rememberOlderOwners(
    members: readonly GroupMember[],
    maxGeneration: number,
    dataOf: (member: GroupMember) => MemberData,
  ): void {
    for (const member of members) {
      const { partitions, generation } = dataOf(member)
      if ((generation ?? noGeneration) >= maxGeneration) continue
      for (const partition of partitions) this.#rememberOlder(partition, member.memberId, generation ?? noGeneration)
    }
  }

  #rememberOlder(partition: TopicPartition, memberId: string, generation: number): void {
    const known = this.#olderOwners.get(keyOf(partition))
    if (known === undefined || known.generation < generation) {
      this.#olderOwners.set(keyOf(partition), { memberId, generation })
    }
  }

  run(): void {
    this.#dropWhatCannotStay()
    const all = this.#allPartitions()
    const free = all.filter((partition) => !this.#ownerOf.has(keyOf(partition)))
    const isFirst = this.#mostLoaded() === 0
    const left = this.#racks.matters ? free.filter((partition) => !this.#giveToLeastLoadedNear(partition)) : free
    for (const partition of left) this.#give(partition, this.#leastLoaded(partition.topic))
    this.#balance(all, free, isFirst)
  }

  #dropWhatCannotStay(): void {
    for (const [memberId, partitions] of this.assignments) {
      const kept = partitions.filter(
        (each) => this.#isSubscribed(memberId, each.topic) && !this.#racks.isFar(memberId, each),
      )
      if (kept.length === partitions.length) continue
      this.#revokes = true
      for (const partition of partitions) this.#ownerOf.delete(keyOf(partition))
      for (const partition of kept) this.#ownerOf.set(keyOf(partition), memberId)
      this.assignments.set(memberId, kept)
    }
  }

  // Those that fewest members can have come first.
  #allPartitions(): TopicPartition[] {
    return [...this.#partitionCounts.keys()]
      .toSorted((a, b) => this.#membersFor(a).length - this.#membersFor(b).length || compare(a, b))
      .flatMap((topic) => partitionsOf(topic, this.#partitionCounts.get(topic) ?? 0))
  }

  #giveToLeastLoadedNear(partition: TopicPartition): boolean {
    const near = (memberId: string): boolean => !this.#racks.isFar(memberId, partition)
    return this.#give(partition, this.#leastLoaded(partition.topic, near))
  }

  #give(partition: TopicPartition, memberId: string | undefined): boolean {
    if (memberId === undefined) return false
    this.#of(memberId).push(partition)
    this.#ownerOf.set(keyOf(partition), memberId)
    return true
  }

  #balance(all: readonly TopicPartition[], free: readonly TopicPartition[], isFirst: boolean): void {
    const fixed = this.#setFixedMembersAside()
    const before = new Map([...this.assignments].map(([memberId, partitions]) => [memberId, [...partitions]]))
    const ownersBefore = new Map(this.#ownerOf)
    const canMove = ({ topic }: TopicPartition): boolean => this.#isShared(topic)
    if (!this.#revokes) this.#even(free.filter(canMove))
    const moved = this.#even(all.filter(canMove))
    if (!isFirst && moved && unevenness(this.assignments) >= unevenness(before)) {
      this.assignments = before
      this.#ownerOf = ownersBefore
    }
    for (const [memberId, partitions] of fixed) this.assignments.set(memberId, partitions)
  }

  /** Members that have all they can get, none of which anybody else could have. */
  #setFixedMembersAside(): Assignments {
    const fixed: Assignments = new Map()
    for (const memberId of this.#topicsOf.keys()) {
      const partitions = this.#of(memberId)
      const hasAll = partitions.length >= this.#mostFor(memberId)
      if (!hasAll || partitions.some(({ topic }) => this.#isShared(topic))) continue
      fixed.set(memberId, partitions)
      this.assignments.delete(memberId)
    }
    return fixed
  }

  /** Moves partitions for as long as one can go to somebody who has at least two less; says whether any moved. */
  #even(partitions: readonly TopicPartition[]): boolean {
    let movedAny = false
    for (;;) {
      let moved = false
      for (const partition of partitions) {
        if (this.#isBalanced()) break
        moved = this.#moveIfBetter(partition) || moved
      }
      if (!moved) return movedAny
      movedAny = true
    }
  }

  #moveIfBetter(partition: TopicPartition): boolean {
    const owner = this.#ownerOf.get(keyOf(partition))
    assert(owner !== undefined, `${keyOf(partition)} has members but no owner`)
    const load = this.#of(owner).length
    const older = this.#olderOwners.get(keyOf(partition))?.memberId
    if (older !== undefined && this.#canTake(older, partition) && load > this.#load(older) + 1) {
      this.#move(partition, owner, older)
      return true
    }
    if (!this.#membersFor(partition.topic).some((memberId) => load > this.#load(memberId) + 1)) return false
    const target = this.#leastLoaded(partition.topic)
    assert(target !== undefined, `${partition.topic} has members but nobody to take a partition`)
    this.#move(partition, owner, target)
    return true
  }

  // Moving another partition of the topic that came the opposite way brings it home instead.
  #move(partition: TopicPartition, from: string, to: string): void {
    const actual = this.#movements.better(partition, from, to)
    const owner = this.#ownerOf.get(keyOf(actual)) ?? from
    this.#movements.note(actual, owner, to)
    const left = this.#of(owner).filter((other) => keyOf(other) !== keyOf(actual))
    this.assignments.set(owner, left)
    this.#of(to).push(actual)
    this.#ownerOf.set(keyOf(actual), to)
  }

  #isBalanced(): boolean {
    const loads = [...this.assignments.values()].map((partitions) => partitions.length)
    if (Math.min(...loads) >= Math.max(...loads) - 1) return true
    return [...this.assignments].every(([memberId, partitions]) => this.#canGetNoMore(memberId, partitions.length))
  }

  #canGetNoMore(memberId: string, load: number): boolean {
    if (load === this.#mostFor(memberId)) return true
    return (this.#topicsOf.get(memberId) ?? []).every((topic) =>
      partitionsOf(topic, this.#partitionCounts.get(topic) ?? 0).every((partition) => {
        const owner = this.#ownerOf.get(keyOf(partition))
        return owner === undefined || owner === memberId || load + 1 >= this.#load(owner)
      }),
    )
  }

  #leastLoaded(topic: string, may: (memberId: string) => boolean = () => true): string | undefined {
    return this.#membersFor(topic)
      .filter((memberId) => this.assignments.has(memberId) && may(memberId))
      .toSorted((a, b) => this.#load(a) - this.#load(b) || compare(a, b))[0]
  }

  #mostFor(memberId: string): number {
    const topics = this.#topicsOf.get(memberId) ?? []
    return topics.reduce((sum, topic) => sum + (this.#partitionCounts.get(topic) ?? 0), 0)
  }

  #mostLoaded(): number {
    return Math.max(0, ...[...this.assignments.values()].map((partitions) => partitions.length))
  }

  #of(memberId: string): TopicPartition[] {
    return this.assignments.get(memberId) ?? []
  }

  #load(memberId: string): number {
    return this.#of(memberId).length
  }

  #membersFor(topic: string): readonly string[] {
    return this.#membersOf.get(topic) ?? []
  }

  #canTake(memberId: string, { topic }: TopicPartition): boolean {
    return this.assignments.has(memberId) && this.#isSubscribed(memberId, topic)
  }

  #isShared(topic: string): boolean {
    return this.#membersFor(topic).length >= 2
  }

  #isSubscribed(memberId: string, topic: string): boolean {
    return this.#topicsOf.get(memberId)?.includes(topic) === true
  }
}

/** How far apart the loads of members are, over all pairs. */
function unevenness(assignments: Assignments): number {
  const loads = [...assignments.values()].map((partitions) => partitions.length)
  let sum = 0
  for (const [index, load] of loads.entries()) {
    for (const other of loads.slice(index + 1)) sum += Math.abs(load - other)
  }
  return sum
}
