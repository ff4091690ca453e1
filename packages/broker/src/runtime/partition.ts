import type { BrokerEpoch, BrokerId, LeaderEpoch } from '@millrace/kernel'
import { asLeaderEpoch, asOffset, assert, partitionName } from '@millrace/kernel'
import type { CommittedState, LeaderEvent, LeaderSettings, LeaderState, PartitionImage } from '@millrace/machines'
import { becomeLeader, effectiveMinIsr, isUnderMinIsr, leadsPartition, stepLeader } from '@millrace/machines'
import type { ErrorName } from '@millrace/protocol'
import type { AppendOrigin, AppendOutcome, PartitionLog } from '@millrace/storage'
import type { CommitDone, CommitWaiter } from './commit-waiters.ts'
import { CommitWaiters } from './commit-waiters.ts'

/**
 * Somebody who waits until there is more to read; told of every move of the high watermark and the log's start, of a new
 * leader epoch and of lost leadership.
 */
export interface DataWaiter {
  /** Whether a fetch is under way for it. */
  readonly isWaiting: boolean
  partitionMoved(): void
}

/** What all partitions of a broker share. */
export interface PartitionHost {
  readonly brokerId: BrokerId
  /** The life of this broker that is registered; -1 before that. */
  readonly brokerEpoch: () => BrokerEpoch
  readonly nowMs: () => number
  /** The brokers that may be in an ISR now, and the life they are in. */
  readonly activeBrokers: () => ReadonlyMap<BrokerId, BrokerEpoch>
}

const allReplicas = -1

/** One partition whose log lies on this broker: the leader's machine, put onto the log and those who wait. */
export class Partition {
  readonly topic: string
  readonly topicId: string
  readonly index: number
  readonly name: string
  readonly log: PartitionLog
  readonly #host: PartitionHost
  readonly #commitWaiters = new CommitWaiters()
  /** Made with the first: most partitions of a large broker are idle. */
  #dataWaiters: Set<DataWaiter> | undefined
  #settings: LeaderSettings
  /** Null while another broker leads, or none. */
  #leader: LeaderState | null = null
  #leaderEpoch: LeaderEpoch = asLeaderEpoch(-1)
  #replicas: readonly BrokerId[]
  #appendedBytes = 0
  #readableBytes = 0

  constructor(image: PartitionImage, log: PartitionLog, host: PartitionHost, settings: LeaderSettings) {
    this.topic = image.topic
    this.topicId = image.topicId
    this.index = image.partition
    this.name = partitionName(image.topic, image.partition)
    this.log = log
    this.#host = host
    this.#settings = settings
    this.#replicas = image.replicas
    log.onWritten(() => this.#step({ kind: 'appended', logEnd: log.logEndOffset }))
    log.onStartMoved(() => this.#wakeDataWaiters())
    this.update(image)
  }

  get isLeader(): boolean {
    return this.#leader !== null
  }

  get leaderEpoch(): LeaderEpoch {
    return this.#leaderEpoch
  }

  /** Where the current leader's epoch starts in the log. */
  get epochStart(): number {
    return this.#leader?.epochStart ?? 0
  }

  get replicas(): readonly BrokerId[] {
    return this.#replicas
  }

  get minInsyncReplicas(): number {
    return this.#settings.minInsyncReplicas
  }

  /** Grows with the high watermark: the difference of two readings says how many bytes became readable in between. */
  get readableBytes(): number {
    return this.#readableBytes
  }

  get waitingProduces(): number {
    return this.#commitWaiters.size
  }

  get waitingFetches(): number {
    let count = 0
    for (const { isWaiting } of this.#dataWaiters ?? []) if (isWaiting) count += 1
    return count
  }

  /** Whether a request for the leader may be served; `currentLeaderEpoch` is what the client thinks, -1 if nothing. */
  leaderError(currentLeaderEpoch: number): ErrorName | null {
    if (currentLeaderEpoch >= 0) {
      if (currentLeaderEpoch < this.#leaderEpoch) return 'FENCED_LEADER_EPOCH'
      if (currentLeaderEpoch > this.#leaderEpoch) return 'UNKNOWN_LEADER_EPOCH'
    }
    return this.#leader === null ? 'NOT_LEADER_OR_FOLLOWER' : null
  }

  /** Whether this broker leads it in that epoch. */
  leads(leaderEpoch: LeaderEpoch): boolean {
    return this.#leader !== null && this.#leaderEpoch === leaderEpoch
  }

  /**
   * Appends as the leader; `done` comes when the bytes are in the log, in the order of the calls. Returns true where it
   * waits for a large batch that another thread works on.
   */
  append(
    records: Uint8Array,
    origin: AppendOrigin,
    requiredAcks: number,
    done: (outcome: AppendOutcome) => void,
  ): boolean {
    const leader = this.#leader
    if (leader === null) {
      done({ ok: false, error: 'NOT_LEADER_OR_FOLLOWER', message: `${this.name} isn't led by this broker` })
      return false
    }
    if (requiredAcks === allReplicas && isUnderMinIsr(leader)) {
      const inSync = leader.committed.isr.length
      const message = `${this.name} has ${inSync} replicas in sync, expected at least ${effectiveMinIsr(leader)}`
      done({ ok: false, error: 'NOT_ENOUGH_REPLICAS', message })
      return false
    }
    this.#appendedBytes += records.length
    return this.log.append({ records, leaderEpoch: this.#leaderEpoch, origin, leadership: this }, done)
  }

  /** Calls `done` when the whole ISR has `lastOffset`: in this turn or later. */
  whenCommitted(lastOffset: number, done: CommitDone): CommitWaiter | null {
    if (this.#leader === null) done('NOT_LEADER_OR_FOLLOWER')
    else if (lastOffset < this.log.highWatermark) done(this.#commitError())
    else return this.#commitWaiters.add(lastOffset, done)
    return null
  }

  addDataWaiter(waiter: DataWaiter): void {
    this.#dataWaiters ??= new Set()
    this.#dataWaiters.add(waiter)
  }

  removeDataWaiter(waiter: DataWaiter): void {
    this.#dataWaiters?.delete(waiter)
  }

  /** DeleteRecords: -1 stands for the high watermark. Resolves with the new start of the log. */
  async deleteRecords(offset: number): Promise<number> {
    const target = offset === -1 ? this.log.highWatermark : asOffset(offset)
    await this.log.advanceLogStart(target)
    return this.log.logStartOffset
  }

  /** Takes over what the metadata says now. Returns what changed of its leadership. */
  update(image: PartitionImage): 'elected' | 'resigned' | 'same' {
    this.#replicas = image.replicas
    if (image.leaderEpoch < this.#leaderEpoch) return 'same'
    const isNewEpoch = image.leaderEpoch > this.#leaderEpoch
    this.#leaderEpoch = image.leaderEpoch
    if (image.leader !== this.#host.brokerId || this.log.offline) return this.#resign()
    if (this.#leader !== null && !isNewEpoch) {
      this.#step({ kind: 'stateChanged', committed: committedState(image) })
      return 'same'
    }
    // Elected in an earlier life: the controller will elect this one, in an epoch of its own.
    if (!leadsPartition(image, { id: this.#host.brokerId, epoch: this.#host.brokerEpoch() })) return this.#resign()
    this.#lead(image)
    return 'elected'
  }

  /** Brokers came or went. */
  updateBrokers(): void {
    if (this.#leader !== null) this.#step({ kind: 'brokersChanged', active: this.#host.activeBrokers() })
  }

  reconfigure(settings: LeaderSettings): void {
    this.#settings = settings
    if (this.#leader !== null) this.#step({ kind: 'settingsChanged', settings })
  }

  /** The partition goes away from this broker, its log directory has failed, or the broker stops. */
  close(error: ErrorName): void {
    this.#leader = null
    this.#fail(error)
  }

  #lead(image: PartitionImage): void {
    const { log } = this
    log.startEpoch(image.leaderEpoch)
    const leader = {
      brokerId: this.#host.brokerId,
      committed: committedState(image),
      active: this.#host.activeBrokers(),
      settings: this.#settings,
      logEnd: log.logEndOffset,
      highWatermark: log.highWatermark,
    }
    this.#leader = becomeLeader(leader, this.#host.nowMs())
    this.#step({ kind: 'appended', logEnd: log.logEndOffset })
    this.#wakeDataWaiters()
  }

  #resign(): 'resigned' | 'same' {
    if (this.#leader === null) return 'same'
    this.#leader = null
    this.#fail('NOT_LEADER_OR_FOLLOWER')
    return 'resigned'
  }

  #fail(error: ErrorName): void {
    this.#commitWaiters.fail(error)
    this.#wakeDataWaiters()
  }

  #commitError(): ErrorName | null {
    return this.#leader !== null && isUnderMinIsr(this.#leader) ? 'NOT_ENOUGH_REPLICAS_AFTER_APPEND' : null
  }

  #step(event: LeaderEvent): void {
    if (this.#leader === null) return
    for (const action of stepLeader(this.#leader, event, this.#host.nowMs())) {
      // ISRs are only proposed where followers fetch.
      assert(action.kind === 'advanceHighWatermark', `${this.name}: nobody carries out '${action.kind}'`)
      this.log.setHighWatermark(action.highWatermark)
      this.#readableBytes = this.#appendedBytes
      this.#commitWaiters.wake(action.highWatermark, this.#commitError())
      this.#wakeDataWaiters()
    }
  }

  // Who reads and still finds too little puts itself back into the set meanwhile.
  #wakeDataWaiters(): void {
    if (this.#dataWaiters === undefined || this.#dataWaiters.size === 0) return
    const waiters = Array.from(this.#dataWaiters)
    for (const waiter of waiters) waiter.partitionMoved()
  }
}

const committedState = (image: PartitionImage): CommittedState => ({
  leader: image.leader,
  leaderEpoch: image.leaderEpoch,
  partitionEpoch: image.partitionEpoch,
  replicas: image.replicas,
  isr: image.isr.map((brokerId, i) => {
    const brokerEpoch = image.isrEpochs[i]
    assert(brokerEpoch !== undefined, `${image.topic}-${image.partition}: a member of the ISR has no epoch`)
    return { brokerId, brokerEpoch }
  }),
})
