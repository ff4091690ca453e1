import { assert } from '@millrace/kernel'
import type { Assignments } from './assignor.ts'
import { compare, partitionsOf } from './assignor.ts'
import type { TopicPartition } from './consumer-protocol.ts'
import type { Ownership } from './owned-partitions.ts'
import { keyOf } from './owned-partitions.ts'
import type { GroupRacks } from './racks.ts'

/** A sticky assignment, and what moves in it from one member to another. */
export interface StickyAssignment {
  readonly assignments: Assignments
  /** The new owner by partition; null where whoever needs it has to work it out. */
  readonly moving: ReadonlyMap<string, string> | null
}

/**
 * The sticky assignment where all members subscribe to the same topics: everybody keeps what it has up to its share,
 * and the rest goes round those that have less. Where racks make a difference only what is near is kept, and what is near
 * goes round first.
 */
export function assignEvenly(
  ownership: Ownership,
  partitionCounts: ReadonlyMap<string, number>,
  racks: GroupRacks,
): StickyAssignment {
  const total = [...partitionCounts.values()].reduce((sum, count) => sum + count, 0)
  const work = new EvenAssignment(ownership, total, racks)
  work.keepOwned()
  work.dealOut(partitionCounts)
  return { assignments: work.assignments, moving: work.moving }
}

class EvenAssignment {
  readonly assignments: Assignments
  readonly moving = new Map<string, string>()
  readonly #ownership: Ownership
  readonly #racks: GroupRacks
  readonly #minQuota: number
  readonly #maxQuota: number
  /** How many members are to have one partition more than the others, and how many have. */
  readonly #expectedOverMin: number
  #overMin = 0
  readonly #kept = new Set<string>()
  readonly #givenUpBy = new Map<string, string>()
  #underMin: string[] = []
  #exactlyMin: string[] = []

  constructor(ownership: Ownership, total: number, racks: GroupRacks) {
    const members = [...ownership.owned.keys()]
    this.#ownership = ownership
    this.#racks = racks
    this.assignments = new Map(members.map((memberId) => [memberId, []]))
    this.#minQuota = Math.floor(total / members.length)
    this.#maxQuota = Math.ceil(total / members.length)
    this.#expectedOverMin = total % members.length
  }

  keepOwned(): void {
    for (const [memberId, partitions] of this.#ownership.owned) {
      const [near, far] = this.#byRack(memberId, partitions)
      for (const partition of far) this.#givenUpBy.set(keyOf(partition), memberId)
      const owned = near
        .filter((partition) => !this.#ownership.contested.has(keyOf(partition)))
        .toSorted((a, b) => a.partition - b.partition || compare(a.topic, b.topic))
      const quota = this.#quotaOf(memberId, owned.length)
      this.#keep(memberId, owned.slice(0, quota))
      for (const partition of owned.slice(quota)) this.#givenUpBy.set(keyOf(partition), memberId)
    }
    this.#underMin.sort(compare)
    this.#exactlyMin.sort(compare)
  }

  #byRack(memberId: string, partitions: readonly TopicPartition[]): [near: TopicPartition[], far: TopicPartition[]] {
    const isFar = (each: TopicPartition): boolean => this.#racks.isFar(memberId, each)
    return [partitions.filter((each) => !isFar(each)), partitions.filter(isFar)]
  }

  #quotaOf(memberId: string, owned: number): number {
    if (owned < this.#minQuota) {
      this.#underMin.push(memberId)
      return owned
    }
    if (owned >= this.#maxQuota && this.#overMin < this.#expectedOverMin) {
      this.#overMin += 1
      if (this.#overMin === this.#expectedOverMin) this.#exactlyMin = []
      return this.#maxQuota
    }
    if (this.#overMin < this.#expectedOverMin) this.#exactlyMin.push(memberId)
    return this.#minQuota
  }

  #keep(memberId: string, partitions: readonly TopicPartition[]): void {
    this.#of(memberId).push(...partitions)
    for (const partition of partitions) this.#kept.add(keyOf(partition))
  }

  #of(memberId: string): TopicPartition[] {
    const partitions = this.assignments.get(memberId)
    assert(partitions !== undefined, `${memberId} is no member of the group that is assigned`)
    return partitions
  }

  dealOut(partitionCounts: ReadonlyMap<string, number>): void {
    const free = [...partitionCounts.keys()]
      .toSorted(compare)
      .flatMap((topic) => partitionsOf(topic, partitionCounts.get(topic) ?? 0))
      .filter((partition) => !this.#kept.has(keyOf(partition)))
    let turn = 0
    for (const partition of this.#dealOutNear(this.#racks.inOrder(free))) {
      if (turn >= this.#underMin.length) turn = 0
      const memberId = this.#underMin[turn] ?? this.#exactlyMin.shift()
      assert(memberId !== undefined, 'there are more partitions than the members have quotas for')
      const isFull = this.#give(partition, memberId)
      if (isFull) this.#underMin.splice(turn, 1)
      else turn += 1
    }
  }

  /** Gives what it can to members that are near, within their quotas; what is left comes back. */
  #dealOutNear(free: readonly TopicPartition[]): readonly TopicPartition[] {
    if (!this.#racks.matters) return free
    let turn = 0
    return free.filter((partition) => {
      const at = this.#racks.next(partition, this.#underMin, turn)
      if (at < 0) return !this.#giveOneMore(partition)
      turn = this.#giveUnderMin(partition, at)
      return false
    })
  }

  /** Gives it to that member of those below the minimum; says whose turn is next. */
  #giveUnderMin(partition: TopicPartition, at: number): number {
    const memberId = this.#underMin[at] ?? ''
    const load = this.#add(partition, memberId)
    let next = at + 1
    if (load >= this.#minQuota) {
      this.#underMin.splice(at, 1)
      next = at
      if (load < this.#maxQuota && this.#overMin < this.#expectedOverMin) this.#exactlyMin.push(memberId)
    }
    return this.#underMin.length === 0 ? 0 : next % this.#underMin.length
  }

  /** Gives it to a member that is near, has the minimum, and may have one more; false where there is none. */
  #giveOneMore(partition: TopicPartition): boolean {
    const at = this.#racks.next(partition, this.#exactlyMin, 0)
    if (at < 0) return false
    this.#add(partition, this.#exactlyMin[at] ?? '')
    this.#exactlyMin.splice(at, 1)
    this.#overMin += 1
    if (this.#overMin === this.#expectedOverMin) this.#exactlyMin = []
    return true
  }

  /** Whether the member has its minimum now, and steps out of the round. */
  #give(partition: TopicPartition, memberId: string): boolean {
    if (this.#add(partition, memberId) !== this.#minQuota) return false
    this.#exactlyMin.push(memberId)
    return true
  }

  #add(partition: TopicPartition, memberId: string): number {
    const partitions = this.#of(memberId)
    partitions.push(partition)
    const key = keyOf(partition)
    const formerly = this.#givenUpBy.get(key)
    const moves = formerly !== undefined && formerly !== memberId
    if (moves || this.#ownership.contested.has(key)) this.moving.set(key, memberId)
    return partitions.length
  }
}
