import type { Assignor, Assignments, GroupMember as Subscriber } from '@millrace/machines'
import { decodeSubscription, encodeAssignment } from '@millrace/machines'
import type { JoinGroupResponse } from '@millrace/protocol'
import { KafkaError } from '@millrace/protocol'
import { keyOf } from '../reading/partition-state.ts'
import type { ConsumerContext } from '../consumer-context.ts'
import type { SubscribedTopics } from '../topics.ts'
import type { Share } from './group-requests.ts'
import { haveMoved, partitionRacks, type ReplicaRacks, replicaRacks } from './replica-racks.ts'

/** What the leader of a group does: share the partitions out, and see when that has to be done anew. */
export class SharingOut {
  readonly #context: ConsumerContext
  readonly #topics: SubscribedTopics
  /** Partition counts as they were shared out; undefined in a member that doesn't lead. */
  #counts: ReadonlyMap<string, number> | undefined
  /** Where replicas were then. */
  #racks: ReplicaRacks = new Map()
  /** What we said that we are subscribed to. */
  #subscribed: readonly string[] = []

  constructor(context: ConsumerContext, topics: SubscribedTopics) {
    this.#context = context
    this.#topics = topics
  }

  /** A round begins in which we say this. */
  begin(subscribed: readonly string[]): void {
    this.#counts = undefined
    this.#subscribed = subscribed
  }

  /** The shares of all members. */
  async share(join: JoinGroupResponse): Promise<Share[]> {
    const members = join.members.map((member): Subscriber => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      subscription: decodeSubscription(member.metadata),
    }))
    const names = new Set(members.flatMap(({ subscription }) => subscription.topics))
    await this.#context.cluster.refresh([...names], this.#context.stop)
    const counts = this.#knownCounts(names)
    this.#counts = counts
    this.#racks = replicaRacks(this.#context.cluster.image, counts.keys())
    // A static leader that came back: everybody keeps what they have.
    if (join.skipAssignment) return []
    const assignor = this.#context.settings.assignors.find(({ name }) => name === join.protocolName)
    if (assignor === undefined) {
      throw new KafkaError('INCONSISTENT_GROUP_PROTOCOL', `the group chose '${join.protocolName}', which we don't have`)
    }
    const shares = assignor.assign(members, counts, partitionRacks(this.#racks))
    checkShares(assignor, members, counts, shares)
    return Array.from(shares, ([memberId, partitions]) => ({
      memberId,
      assignment: encodeAssignment({ partitions, userData: null }),
    }))
  }

  /** Why the group has to begin a new round, if it has to: topics came, went or grew, or replicas changed racks. */
  async outdated(): Promise<string | undefined> {
    await this.#topics.refreshWhenOld()
    const { names } = this.#topics
    const same = names.length === this.#subscribed.length && names.every((name, i) => this.#subscribed[i] === name)
    if (!same) return 'the topics that fit the subscription changed'
    this.#context.cluster.refreshWhenOld()
    const shared = this.#counts
    if (shared === undefined) return undefined
    const now = this.#knownCounts(new Set([...shared.keys(), ...names]))
    const changed = now.size !== shared.size || [...now].some(([name, count]) => shared.get(name) !== count)
    if (changed) return 'the partitions of the topics changed'
    // Who says where it is asks for what is near: as Kafka's consumer, only then it minds where replicas are (KIP-881).
    const { image } = this.#context.cluster
    const minds = this.#context.settings.clientRack !== ''
    return minds && haveMoved(this.#racks, replicaRacks(image, shared.keys())) ? 'replicas changed racks' : undefined
  }

  #knownCounts(names: Iterable<string>): ReadonlyMap<string, number> {
    const counts = new Map<string, number>()
    for (const name of names) {
      const topic = this.#context.cluster.image.topics.get(name)
      if (topic !== undefined) counts.set(name, topic.partitions.length)
    }
    return counts
  }
}

// An assignor may be the program's own: what it says is looked at before the group gets it.
function checkShares(
  { name }: Assignor,
  members: readonly Subscriber[],
  counts: ReadonlyMap<string, number>,
  shares: Assignments,
): void {
  const wrong = (what: string): Error => new RangeError(`the assignor '${name}' ${what}`)
  if (!isMap(shares)) throw wrong(`gave ${shown(shares)}, expected a Map of member ids to lists of partitions`)
  const known = new Map(members.map((member) => [member.memberId, new Set(member.subscription.topics)]))
  const given = new Set<string>()
  for (const [memberId, partitions] of shares) {
    const topics = known.get(memberId)
    if (topics === undefined) throw wrong(`gave partitions to '${memberId}', who isn't in the group`)
    if (!Array.isArray(partitions))
      throw wrong(`gave '${memberId}' ${shown(partitions)}, expected a list of partitions`)
    for (const each of partitions) {
      const key = keyOf(each)
      if (given.has(key)) throw wrong(`gave ${key} to two members`)
      if (!topics.has(each.topic)) throw wrong(`gave ${key} to a member that isn't subscribed to ${each.topic}`)
      const isThere = Number.isInteger(each.partition) && each.partition >= 0
      if (!isThere || each.partition >= (counts.get(each.topic) ?? 0)) throw wrong(`gave ${key}, which isn't there`)
      given.add(key)
    }
  }
}

const isMap = (shares: unknown): boolean => shares instanceof Map

const shown = (what: unknown): string => JSON.stringify(what) ?? String(what)
