// One partition on several brokers, with the real controller, leaders and followers of @millrace/machines on logs that
// are arrays. Every step is one thing that can happen anywhere: brokers see the metadata late, the store's answers get
// lost or come late, processes stop and come back. What must hold whatever happens is asserted in each step.
import type { BrokerEpoch, BrokerId, LeaderEpoch, Offset } from '@millrace/kernel'
import { asBrokerId, asLeaderEpoch, asOffset, assert } from '@millrace/kernel'
import type {
  CommittedState,
  FollowerState,
  IsrProposal,
  LeaderAction,
  LeaderEvent,
  LeaderState,
  MetadataImage,
  PartitionImage,
  StoreTransaction,
} from '@millrace/machines'
import {
  authorOfBroker,
  becomeLeader,
  changeIsr,
  createTopics,
  isUnderMinIsr,
  leadsPartition,
  partitionOf,
  stepFollower,
  stepLeader,
} from '@millrace/machines'
import { MetadataDouble } from '../metadata/metadata-double.ts'
import type { LogRecord } from './epoch-log.ts'
import { EpochLog } from './epoch-log.ts'

export interface ReplicatedPartitionOptions {
  readonly replicas: number
  readonly minInsyncReplicas: number
  readonly seed?: number
}

/** What becomes of a transaction on its way to the store and back. */
export type StoreFate = 'answered' | 'answerLost' | 'requestLost' | 'late'

interface Replica {
  readonly id: BrokerId
  readonly log: EpochLog
  alive: boolean
  epoch: BrokerEpoch
  /** Since which epoch the log has lost nothing. */
  intactSince: BrokerEpoch | null
  /** What it knows of the metadata. */
  image: MetadataImage
  leader: LeaderState | null
  follower: FollowerState | null
  leaderEpoch: LeaderEpoch
  highWatermark: Offset
  proposals: IsrProposal[]
}

interface AckWaiter {
  readonly leader: BrokerId
  readonly epoch: LeaderEpoch
  readonly offset: number
  readonly value: number
}

const topicName = 'orders'
const replicaLagMaxMs = 1_000

export class ReplicatedPartition {
  readonly cluster: MetadataDouble
  readonly #replicas: Replica[]
  readonly #minInsyncReplicas: number
  readonly #late: StoreTransaction[] = []
  /** What some reader has seen: it must never be anything else. */
  readonly #seen: number[] = []
  /** Values that were answered to an acks=all producer, by offset. */
  readonly acked = new Map<number, number>()
  readonly #ackedBy = new Map<LeaderEpoch, BrokerId>()
  #waiting: AckWaiter[] = []
  #nowMs = 0
  #lostPower = false
  #lastValue = 0

  constructor({ replicas, minInsyncReplicas, seed = 1 }: ReplicatedPartitionOptions) {
    this.cluster = new MetadataDouble(seed)
    this.#minInsyncReplicas = minInsyncReplicas
    this.#replicas = Array.from({ length: replicas }, (_, i) => this.#newReplica(i + 1))
    const brokerIds = this.#replicas.map(({ id }) => id)
    const assignments = [{ partitionIndex: 0, brokerIds }]
    const topic = { name: topicName, numPartitions: -1, replicationFactor: -1, assignments, configs: [] }
    this.cluster.commit(createTopics(this.cluster.view(), { topics: [topic], validateOnly: false }))
    for (const replica of this.#replicas) this.see(replica.id)
  }

  get image(): PartitionImage {
    const partition = partitionOf(this.cluster.image, topicName, 0)
    assert(partition !== undefined, 'the partition is there')
    return partition
  }

  highWatermark(id: number): Offset {
    return this.#replica(id).highWatermark
  }

  values(id: number): readonly number[] {
    return this.#replica(id).log.records.map(({ value }) => value)
  }

  /** An acks=all producer sends to who thinks that it leads. */
  produce(id: number): void {
    const { leader, alive, log } = this.#replica(id)
    if (!alive || leader === null || isUnderMinIsr(leader)) return
    this.#lastValue += 1
    const epoch = leader.committed.leaderEpoch
    this.#waiting.push({ leader: leader.brokerId, epoch, offset: log.records.length, value: this.#lastValue })
    log.append([{ epoch, value: this.#lastValue }])
    this.#step(id, { kind: 'appended', logEnd: log.end })
  }

  /** The follower asks the leader it knows of, and gets up to `records` records. */
  fetch(id: number, records = Infinity): void {
    const { follower, alive, epoch, log } = this.#replica(id)
    if (!alive || follower === null || follower.leader < 0) return
    const source = this.#replica(follower.leader)
    const { leader } = source
    if (!source.alive || leader === null || leader.committed.leaderEpoch !== follower.leaderEpoch) return
    const offset = log.end
    const end = source.log.endOfEpoch(log.lastEpoch)
    if (log.lastEpoch >= 0 && (end.leaderEpoch < log.lastEpoch || end.endOffset < offset)) {
      const own = log.endOfEpoch(end.leaderEpoch)
      this.#follow(id, { kind: 'diverged', leaderEpoch: follower.leaderEpoch, leader: end, own })
      return
    }
    this.#step(source.id, { kind: 'followerFetched', brokerId: asBrokerId(id), brokerEpoch: epoch, offset })
    const sent: LogRecord[] = source.log.records.slice(offset, offset + Math.min(records, source.log.records.length))
    log.append(sent)
    const { highWatermark } = leader
    const { leaderEpoch } = follower
    this.#follow(id, { kind: 'fetched', leaderEpoch, logEnd: log.end, leaderHighWatermark: highWatermark })
  }

  /** The broker's image becomes what the store has now. */
  see(id: number): void {
    const replica = this.#replica(id)
    if (!replica.alive) return
    replica.image = this.cluster.image
    const partition = this.image
    if (partition.leaderEpoch > replica.leaderEpoch) this.#newEpoch(replica, partition)
    if (replica.leader === null) return
    if (partition.leaderEpoch === replica.leaderEpoch) {
      this.#step(id, { kind: 'stateChanged', committed: committedState(partition) })
    }
    this.#step(id, { kind: 'brokersChanged', active: activeIn(replica.image) })
  }

  /** The store gets the oldest proposal of this broker, and the broker may hear what came of it. */
  write(id: number, fate: StoreFate): void {
    const replica = this.#replica(id)
    const [proposal] = replica.proposals
    const partition = partitionOf(replica.image, topicName, 0)
    if (!replica.alive || proposal === undefined || partition === undefined) return
    // The image is still behind the answer to the last proposal.
    if (partition.partitionEpoch < proposal.base) return
    replica.proposals.shift()
    const author = authorOfBroker({ id: replica.id, epoch: replica.epoch })
    const isLast = partition.partitionEpoch === proposal.base
    const change = isLast ? changeIsr(partition, author, replica.id, replica.leaderEpoch, proposal.isr) : null
    this.#answer(id, proposal, change, fate)
  }

  /** A transaction that was under way for long arrives. */
  arrive(): void {
    const transaction = this.#late.shift()
    if (transaction !== undefined) this.cluster.put(transaction)
    this.#checkState()
  }

  /** The controller does what there is to do. */
  control(): void {
    this.cluster.settle()
    this.#checkState()
  }

  /** The broker's session runs out, whether its process lives or not. */
  expire(id: number): void {
    this.cluster.unregister(id)
  }

  /** The process ends; what it wrote stays. */
  kill(id: number): void {
    const replica = this.#replica(id)
    replica.alive = false
    replica.leader = null
    replica.follower = null
    replica.proposals = []
    this.#waiting = this.#waiting.filter(({ leader }) => leader !== replica.id)
  }

  /**
   * The machine stops and its session ends: all but the first `keeps` records are gone, and the next start knows that
   * it can't be sure. Happens once, and only while another member of the ISR lives: nobody promises more.
   */
  losePower(id: number, keeps: number): void {
    const replica = this.#replica(id)
    const { isr, isrEpochs } = this.image
    const another = isr.some((member, i) => member !== id && this.#replica(member).epoch === isrEpochs[i])
    if (this.#lostPower || !another) return
    this.#lostPower = true
    this.kill(id)
    this.expire(id)
    replica.log.truncateTo(keeps)
    replica.intactSince = null
  }

  start(id: number): void {
    const replica = this.#replica(id)
    if (replica.alive) return
    replica.alive = true
    replica.epoch = this.cluster.register(id, { intactSince: replica.intactSince })
    replica.intactSince ??= replica.epoch
    replica.leaderEpoch = asLeaderEpoch(-1)
    // The checkpoint of the high watermark may be any older one.
    replica.highWatermark = asOffset(0)
    this.see(id)
  }

  /** Time passes; leaders look who has fallen behind. */
  pass(ms: number): void {
    this.#nowMs += ms
    for (const { id, leader, alive } of this.#replicas) if (alive && leader !== null) this.#step(id, { kind: 'tick' })
  }

  /** Everything works again, for as long as it takes. Then all replicas are alike and have all that was answered. */
  heal(): void {
    for (let round = 0; round < 30; round += 1) {
      for (const { id } of this.#replicas) {
        this.start(id)
        if (!this.cluster.image.brokers.has(id)) this.#restart(id)
      }
      this.arrive()
      this.control()
      for (const { id } of this.#replicas) this.see(id)
      for (const { id } of this.#replicas) this.fetch(id)
      this.pass(replicaLagMaxMs / 4)
      for (const { id } of this.#replicas) this.write(id, 'answered')
    }
  }

  /** What must hold in the end. */
  checkHealed(): void {
    const { leader, isr, replicas } = this.image
    assert(isr.length === replicas.length, `after healing all are in sync, got ${isr.join()}`)
    const values = this.values(leader)
    for (const id of replicas) {
      assert(
        this.values(id).join() === values.join(),
        `${id} has ${this.values(id).join()}, ${leader} ${values.join()}`,
      )
    }
    assert(this.highWatermark(leader) === values.length, 'after healing everything is committed')
    for (const [offset, value] of this.acked) {
      assert(values[offset] === value, `answered ${value} at ${offset}, got ${values[offset]}`)
    }
  }

  #newReplica(id: number): Replica {
    const epoch = this.cluster.register(id)
    return {
      id: asBrokerId(id),
      log: new EpochLog(),
      alive: true,
      epoch,
      intactSince: epoch,
      image: this.cluster.image,
      leader: null,
      follower: null,
      leaderEpoch: asLeaderEpoch(-1),
      highWatermark: asOffset(0),
      proposals: [],
    }
  }

  #replica(id: number): Replica {
    const replica = this.#replicas.find((other) => other.id === id)
    assert(replica !== undefined, `there is no replica ${id}`)
    return replica
  }

  #restart(id: number): void {
    this.kill(id)
    this.start(id)
  }

  #newEpoch(replica: Replica, partition: PartitionImage): void {
    replica.leaderEpoch = partition.leaderEpoch
    replica.proposals = []
    const { leaderEpoch, leader } = partition
    const { log, highWatermark, id } = replica
    this.#waiting = this.#waiting.filter((waiting) => waiting.leader !== id || waiting.epoch === leaderEpoch)
    if (!leadsPartition(partition, replica)) {
      replica.leader = null
      replica.follower = leader === id ? null : { leader, leaderEpoch, logEnd: log.end, highWatermark }
      return
    }
    replica.follower = null
    log.startEpoch(leaderEpoch)
    const settings = { minInsyncReplicas: this.#minInsyncReplicas, replicaLagMaxMs }
    const active = activeIn(replica.image)
    const committed = committedState(partition)
    const start = { brokerId: id, committed, active, settings, logEnd: log.end, highWatermark }
    replica.leader = becomeLeader(start, this.#nowMs)
  }

  #step(id: number, event: LeaderEvent): void {
    const replica = this.#replica(id)
    if (replica.leader === null) return
    for (const action of stepLeader(replica.leader, event, this.#nowMs)) this.#act(replica, action)
  }

  #act(replica: Replica, action: LeaderAction): void {
    if (action.kind === 'proposeIsr') {
      replica.proposals.push(action.proposal)
      return
    }
    assert(action.highWatermark > replica.highWatermark, `the high watermark of ${replica.id} went back`)
    assert(action.highWatermark <= replica.log.end, `the high watermark of ${replica.id} is past its log`)
    replica.highWatermark = action.highWatermark
    this.#show(replica)
    this.#acknowledge(replica)
  }

  #follow(id: number, event: Parameters<typeof stepFollower>[1]): void {
    const replica = this.#replica(id)
    if (replica.follower === null) return
    for (const action of stepFollower(replica.follower, event)) {
      if (action.kind === 'setHighWatermark') replica.highWatermark = action.highWatermark
      if (action.kind === 'truncate') {
        assert(!action.losesCommitted, `${id} cuts its log at ${action.offset}, below its high watermark`)
        replica.log.truncateTo(action.offset)
      }
    }
    this.#show(replica)
  }

  /** Readers see what is below the high watermark, on leaders and followers, replaced ones too. */
  #show(replica: Replica): void {
    for (let offset = 0; offset < replica.highWatermark; offset += 1) {
      const value = replica.log.records[offset]?.value ?? -1
      this.#seen[offset] ??= value
      assert(
        this.#seen[offset] === value,
        `offset ${offset} was ${this.#seen[offset]}, on ${replica.id} it is ${value}`,
      )
    }
  }

  #acknowledge(replica: Replica): void {
    const isDone = (waiting: AckWaiter): boolean =>
      waiting.leader === replica.id && waiting.offset < replica.highWatermark
    for (const { epoch, offset, value } of this.#waiting.filter(isDone)) {
      const other = this.#ackedBy.get(epoch) ?? replica.id
      assert(other === replica.id, `${other} and ${replica.id} both answered in epoch ${epoch}`)
      this.#ackedBy.set(epoch, replica.id)
      this.acked.set(offset, value)
    }
    this.#waiting = this.#waiting.filter((waiting) => !isDone(waiting))
  }

  #answer(id: number, { base }: IsrProposal, change: StoreTransaction | null, fate: StoreFate): void {
    if (fate === 'late' && change !== null) this.#late.push(change)
    if (fate === 'late' || fate === 'requestLost') return this.#step(id, { kind: 'isrUnknown', base })
    const isCommitted = change !== null && this.cluster.put(change).kind === 'committed'
    this.#checkState()
    if (fate === 'answerLost') return this.#step(id, { kind: 'isrUnknown', base })
    this.#step(id, { kind: isCommitted ? 'isrCommitted' : 'isrConflict', base })
  }

  #checkState(): void {
    const { leader, isr, replicas } = this.image
    assert(isr.length > 0, 'the ISR is never empty')
    assert(
      isr.every((id) => replicas.includes(id)),
      `the ISR ${isr.join()} is of the replicas`,
    )
    assert(leader === -1 || isr.includes(leader), `the leader ${leader} is in the ISR ${isr.join()}`)
  }
}

const committedState = (partition: PartitionImage): CommittedState => ({
  leader: partition.leader,
  leaderEpoch: partition.leaderEpoch,
  partitionEpoch: partition.partitionEpoch,
  replicas: partition.replicas,
  isr: partition.isr.map((brokerId, i) => {
    const brokerEpoch = partition.isrEpochs[i]
    assert(brokerEpoch !== undefined, 'every member of the ISR has an epoch')
    return { brokerId, brokerEpoch }
  }),
})

const activeIn = (image: MetadataImage): ReadonlyMap<BrokerId, BrokerEpoch> =>
  new Map([...image.brokers.values()].filter(({ state }) => state === 'running').map(({ id, epoch }) => [id, epoch]))
