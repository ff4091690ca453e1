import type { BrokerId } from '@millrace/kernel'
import { asLeaderEpoch, asPartitionEpoch } from '@millrace/kernel'
import type { ControllerView } from './decision.ts'
import { opsPerTransactionMax } from './decision.ts'
import type { BrokerRegistration, MetadataImage, PartitionImage } from './image.ts'
import { hasReplica, noBroker } from './image.ts'
import { partitionKey, topicKey } from './keys.ts'
import { firstState, isrMembers, partitionIs, putPartition } from './partition-writes.ts'
import { isActive } from './placement.ts'
import type { StoreCondition, StoreOp, StoreTransaction } from './store-types.ts'
import type { IsrMember, PartitionValue } from './values.ts'

/** What an election may have cost, for the log. */
export interface ElectionNotice {
  /**
   * `unclean`: the topic allows a leader from outside the ISR. `suspect`: the whole ISR came back after a crash of
   * its machines, so that what the leader has is all there is, but maybe not all there was. `leaderless`: nobody
   * may lead.
   */
  readonly kind: 'unclean' | 'suspect' | 'leaderless'
  readonly topic: string
  readonly partition: number
  readonly leader: BrokerId
}

/** What is to be written about one partition, and under which conditions. */
export interface PartitionWrite {
  readonly conditions: readonly StoreCondition[]
  readonly op: StoreOp
}

export interface Reconciliation {
  readonly writes: readonly PartitionWrite[]
  readonly notices: readonly ElectionNotice[]
}

/**
 * What the partitions need, given who is there: a first state for the new ones, a leader where the one they had has
 * gone, restarted or is leaving, an ISR without the dead; and the end of states whose topic is gone. Deciding twice
 * about one image changes nothing more. `before` is an image that was decided about: topics that are the same object
 * in both are skipped, unless brokers changed.
 */
export function reconcile(view: ControllerView, before: MetadataImage | null = null): Reconciliation {
  const { image } = view
  const writes: PartitionWrite[] = []
  const notices: ElectionNotice[] = []
  const sameBrokers = before !== null && before.brokers === image.brokers && before.configs === image.configs
  for (const topic of image.topicsByName.values()) {
    if (sameBrokers && before.topicsByName.get(topic.name) === topic) continue
    for (const partition of topic.partitions) {
      const election = electLeader(view, partition)
      if (election === null) continue
      writes.push(partitionWrite(image, partition, election.value))
      if (election.notice !== null) notices.push(noticeOf(partition, election.value, election.notice))
    }
  }
  return { writes: [...writes, ...orphans(image, before)], notices }
}

/** The writes in transactions of many partitions. One that conflicts is tried again with each write on its own. */
export function batchWrites(author: StoreCondition, writes: readonly PartitionWrite[]): PartitionBatch[] {
  // Half of the bound: a write of a new partition has two conditions.
  const perTransaction = opsPerTransactionMax / 2
  const batches: PartitionBatch[] = []
  for (let i = 0; i < writes.length; i += perTransaction) {
    const batch = writes.slice(i, i + perTransaction)
    batches.push({ writes: batch, transaction: transactionOf(author, batch) })
  }
  return batches
}

export interface PartitionBatch {
  readonly writes: readonly PartitionWrite[]
  readonly transaction: StoreTransaction
}

export const transactionOf = (author: StoreCondition, writes: readonly PartitionWrite[]): StoreTransaction => ({
  conditions: [author, ...writes.flatMap((write) => write.conditions)],
  ops: writes.map((write) => write.op),
})

interface Election {
  readonly value: PartitionValue
  readonly notice: ElectionNotice['kind'] | null
}

const noticeOf = (
  { topic, partition }: PartitionImage,
  { leader }: PartitionValue,
  kind: ElectionNotice['kind'],
): ElectionNotice => ({ kind, topic, partition, leader })

function partitionWrite(image: MetadataImage, partition: PartitionImage, value: PartitionValue): PartitionWrite {
  const topic = image.topicsByName.get(partition.topic)
  const conditions: StoreCondition[] = [partitionIs(partition)]
  // A first state must not outlive a topic that is deleted meanwhile; later ones are fenced by the state's revision.
  if (partition.modRevision === 0 && topic !== undefined) {
    conditions.push({ key: topicKey(topic.name), createRevision: topic.createRevision })
  }
  return { conditions, op: putPartition(partition.topicId, partition.partition, value) }
}

/** The partition's next state, or null where it may stay as it is. */
function electLeader(view: ControllerView, partition: PartitionImage): Election | null {
  if (partition.modRevision === 0) {
    const value = firstState(view.image, partition.replicas)
    return value === null ? null : { value, notice: null }
  }
  const members = isrMembers(partition)
  // Who has lost its replica with a log directory neither leads nor follows, for as long as it lives.
  const living = members.filter(
    (member) => lifeOf(view.image, member) === 'same' && isUsable(view.image, member.brokerId, partition),
  )
  const staying = living.filter(({ brokerId }) => isActive(view.image.brokers.get(brokerId)))
  const leaderLives = living.some(({ brokerId }) => brokerId === partition.leader)
  if (staying.length === 0) return leaderLives ? null : electReturned(view, partition, members)
  const leads = staying.some(({ brokerId }) => brokerId === partition.leader)
  if (leads && staying.length === members.length) return null
  const leader = leads ? partition.leader : first(partition.replicas, staying)
  return { value: nextState(partition, leader, staying), notice: null }
}

const isUsable = (image: MetadataImage, id: BrokerId, partition: PartitionImage): boolean => {
  const broker = image.brokers.get(id)
  return broker !== undefined && hasReplica(broker, partition)
}

/**
 * How a registration stands to an ISR entry: the life that joined, a later one that lost nothing since, a later one
 * that may have, or nobody.
 */
function lifeOf(image: MetadataImage, member: IsrMember): 'same' | 'intact' | 'suspect' | 'none' {
  const broker = image.brokers.get(member.brokerId)
  if (broker === undefined) return 'none'
  if (broker.epoch === member.brokerEpoch) return 'same'
  return broker.intactSince !== null && member.brokerEpoch >= broker.intactSince ? 'intact' : 'suspect'
}

// Nobody of the ISR has lived through it. Those that came back whole have all that was committed: any of them may
// lead. Where all came back and none is sure, what they have is all there is.
function electReturned(
  view: ControllerView,
  partition: PartitionImage,
  members: readonly IsrMember[],
): Election | null {
  const returned = (life: 'intact' | 'suspect'): BrokerRegistration[] =>
    members
      .filter((member) => lifeOf(view.image, member) === life && isUsable(view.image, member.brokerId, partition))
      .map(({ brokerId }) => view.image.brokers.get(brokerId))
      .filter(isActive)
  const intact = returned('intact').map(joinedNow)
  if (intact.length > 0) {
    return { value: nextState(partition, first(partition.replicas, intact), intact), notice: null }
  }
  const suspect = returned('suspect').map(joinedNow)
  if (suspect.length === members.length) return elected(partition, suspect, 'suspect')
  return electUnclean(view, partition, members)
}

const joinedNow = (broker: BrokerRegistration): IsrMember => ({ brokerId: broker.id, brokerEpoch: broker.epoch })

function electUnclean(view: ControllerView, partition: PartitionImage, members: readonly IsrMember[]): Election | null {
  if (view.rules.uncleanElection(view.image, partition.topic)) {
    const active = partition.replicas
      .filter((id) => isUsable(view.image, id, partition))
      .map((id) => view.image.brokers.get(id))
      .filter(isActive)
    if (active.length > 0) return elected(partition, active.map(joinedNow), 'unclean')
  }
  if (partition.leader === noBroker) return null
  // The ISR stays: whoever of it comes back may lead.
  return { value: nextState(partition, noBroker, members), notice: 'leaderless' }
}

/** One of those leads and is alone in the ISR: what the others have may differ from what it has. */
function elected(partition: PartitionImage, among: readonly IsrMember[], notice: 'suspect' | 'unclean'): Election {
  const leader = first(partition.replicas, among)
  const isr = among.filter(({ brokerId }) => brokerId === leader)
  return { value: nextState(partition, leader, isr), notice }
}

/** The one that comes first in the order of the replicas. */
function first(replicas: readonly BrokerId[], among: readonly IsrMember[]): BrokerId {
  const leader = replicas.find((id) => among.some(({ brokerId }) => brokerId === id))
  return leader ?? among[0]?.brokerId ?? noBroker
}

function nextState(partition: PartitionImage, leader: BrokerId, isr: readonly IsrMember[]): PartitionValue {
  // A leader that goes on goes on in its epoch; everything else is a new one, also the same broker in a new life.
  const goesOn = leader === partition.leader && keepsLife(partition, leader, isr)
  return {
    leader,
    leaderEpoch: asLeaderEpoch(partition.leaderEpoch + (goesOn ? 0 : 1)),
    isr,
    partitionEpoch: asPartitionEpoch(partition.partitionEpoch + 1),
  }
}

const keepsLife = (partition: PartitionImage, leader: BrokerId, isr: readonly IsrMember[]): boolean =>
  isrMembers(partition).some(
    (member) =>
      member.brokerId === leader &&
      isr.some(({ brokerId, brokerEpoch }) => brokerId === leader && brokerEpoch === member.brokerEpoch),
  )

/** States whose topic is gone: what is left of the deletion of a large one. */
function orphans(image: MetadataImage, before: MetadataImage | null): PartitionWrite[] {
  if (before !== null && before.partitionStates === image.partitionStates && before.topicsById === image.topicsById) {
    return []
  }
  const writes: PartitionWrite[] = []
  for (const [topicId, states] of image.partitionStates) {
    if (image.topicsById.has(topicId)) continue
    for (const [partition, { modRevision }] of states) {
      const key = partitionKey(topicId, partition)
      writes.push({ conditions: [{ key, modRevision }], op: { kind: 'delete', key } })
    }
  }
  return writes
}
