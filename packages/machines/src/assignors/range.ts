import type { Assignments, Assignor, GroupMember, PartitionRacks } from './assignor.ts'
import { compare, emptyAssignments, inMemberOrder } from './assignor.ts'
import { inHashMapOrder } from './hash-map-order.ts'
import { isWorthMatching, rackOf, racksOfTopic } from './racks.ts'

/**
 * Topic by topic, each member gets a run of neighbouring partitions; the first ones get one more if it doesn't divide.
 * Where racks make a difference each member first gets what is near (KIP-881), as much as its share allows; of topics with
 * the same members and equally many partitions the same ones, so that they can be joined.
 */
export const rangeAssignor: Assignor = {
  name: 'range',
  protocols: ['EAGER'],
  userData: () => null,
  assign: (members, partitionCounts, racks = new Map()) => {
    const assignments = emptyAssignments(members)
    const ordered = inMemberOrder(members)
    const topics = inHashMapOrder(partitionCounts.keys()).map((topic) => {
      const subscribers = ordered.filter(({ subscription }) => subscription.topics.includes(topic))
      return new TopicShares(topic, partitionCounts.get(topic) ?? 0, subscribers, racks)
    })
    const matches = topics.some(({ needsRacks }) => needsRacks)
    if (matches) for (const alike of alikeTopics(topics)) giveNear(alike)
    for (const shares of topics) shares.giveRanges(() => true)
    for (const shares of topics) shares.addTo(assignments)
    if (matches) for (const partitions of assignments.values()) partitions.sort(byPlace)
    return assignments
  },
}

const byPlace = (a: { topic: string; partition: number }, b: { topic: string; partition: number }): number =>
  compare(a.topic, b.topic) || a.partition - b.partition

/** Topics that have the same members and equally many partitions. */
function alikeTopics(topics: readonly TopicShares[]): TopicShares[][] {
  return [
    ...Map.groupBy(topics, ({ count, subscribers }) =>
      [count, ...subscribers.map((each) => each.memberId)].join('\n'),
    ).values(),
  ]
}

function giveNear(alike: readonly TopicShares[]): void {
  const [first] = alike
  if (first === undefined) return
  if (alike.length > 1) giveNearAlike(alike, first)
  else if (first.needsRacks) first.giveRanges((member, partition) => first.isNear(member, partition))
}

// The same partition of all of them goes to a member that is near to all.
function giveNearAlike(alike: readonly TopicShares[], { count, subscribers, hasRacks }: TopicShares): void {
  if (!hasRacks) return
  let open = [...subscribers]
  for (let partition = 0; partition < count && open.length > 0; partition += 1) {
    const near = open.find((member) => alike.every((each) => each.isNear(member, partition) && each.room(member) > 0))
    if (near === undefined) continue
    for (const each of alike) each.give(near, [partition])
    if (alike.every((each) => each.room(near) === 0)) open = open.filter((member) => member !== near)
  }
}

/** How one topic is shared out. */
class TopicShares {
  readonly count: number
  readonly subscribers: readonly GroupMember[]
  /** Whether any of its members says where it is. */
  readonly hasRacks: boolean
  /** Whether racks make a difference to it. */
  readonly needsRacks: boolean
  readonly #topic: string
  readonly #racks: readonly ReadonlySet<string>[]
  readonly #free: Set<number>
  readonly #given: Map<GroupMember, number[]>
  readonly #each: number
  /** How many members may still have one more than the others. */
  #withOneMore: number

  constructor(topic: string, count: number, subscribers: readonly GroupMember[], racks: PartitionRacks) {
    this.#topic = topic
    this.count = count
    this.subscribers = subscribers
    this.#free = new Set(Array.from({ length: count }, (_, partition) => partition))
    this.#given = new Map(subscribers.map((member) => [member, []]))
    this.#each = Math.floor(count / subscribers.length)
    this.#withOneMore = count % subscribers.length
    const memberRacks = new Set(subscribers.flatMap((member) => rackOf(member) ?? []))
    this.hasRacks = memberRacks.size > 0
    this.#racks = this.hasRacks ? racksOfTopic(topic, count, racks) : []
    this.needsRacks = isWorthMatching(memberRacks, this.#racks)
  }

  isNear(member: GroupMember, partition: number): boolean {
    const rack = rackOf(member)
    return rack === null || this.#racks[partition]?.has(rack) === true
  }

  /** How many more the member may have. */
  room(member: GroupMember): number {
    const most = this.#each + (this.#withOneMore > 0 ? 1 : 0)
    return Math.max(0, most - this.#of(member).length)
  }

  give(member: GroupMember, partitions: readonly number[]): void {
    const mine = this.#of(member)
    mine.push(...partitions)
    if (mine.length > this.#each) this.#withOneMore -= 1
    for (const partition of partitions) this.#free.delete(partition)
  }

  /** To each member in turn the first that it may have, up to its share. */
  giveRanges(mayHave: (member: GroupMember, partition: number) => boolean): void {
    for (const member of this.subscribers) {
      if (this.#free.size === 0) return
      const partitions: number[] = []
      const room = this.room(member)
      for (const partition of this.#free) {
        if (partitions.length === room) break
        if (mayHave(member, partition)) partitions.push(partition)
      }
      if (partitions.length > 0) this.give(member, partitions)
    }
  }

  addTo(assignments: Assignments): void {
    for (const [{ memberId }, partitions] of this.#given) {
      assignments.get(memberId)?.push(...partitions.map((partition) => ({ topic: this.#topic, partition })))
    }
  }

  #of(member: GroupMember): number[] {
    return this.#given.get(member) ?? []
  }
}
