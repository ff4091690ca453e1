import type { BrokerId, LeaderEpoch } from '@millrace/kernel'
import { asLeaderEpoch, asOffset, partitionName } from '@millrace/kernel'
import type { PartitionImage } from '@millrace/machines'
import type { ErrorName } from '@millrace/protocol'
import type { AppendOrigin, AppendOutcome, PartitionLog } from '@millrace/storage'
import type { CommitDone, CommitWaiter } from './commit-waiters.ts'
import { CommitWaiters } from './commit-waiters.ts'

/** Somebody who waits until there is more to read; told of every move of the high watermark and of lost leadership. */
export interface DataWaiter {
  partitionMoved(): void
}

const allReplicas = -1

/** One partition whose log lies on this broker: what its leader does, put onto the log and those who wait. */
export class Partition {
  readonly topic: string
  readonly topicId: string
  readonly index: number
  readonly name: string
  readonly log: PartitionLog
  readonly #brokerId: BrokerId
  readonly #commitWaiters = new CommitWaiters()
  readonly #dataWaiters = new Set<DataWaiter>()
  #image: PartitionImage
  #minInsyncReplicas: number
  #isLeader = false
  #leaderEpoch: LeaderEpoch = asLeaderEpoch(-1)
  #epochStart = 0
  #appendedBytes = 0

  constructor(image: PartitionImage, log: PartitionLog, brokerId: BrokerId, minInsyncReplicas: number) {
    this.topic = image.topic
    this.topicId = image.topicId
    this.index = image.partition
    this.name = partitionName(image.topic, image.partition)
    this.log = log
    this.#brokerId = brokerId
    this.#image = image
    this.#minInsyncReplicas = minInsyncReplicas
    log.onWritten(() => this.#advance())
    this.update(image)
  }

  get isLeader(): boolean {
    return this.#isLeader
  }

  get leaderEpoch(): LeaderEpoch {
    return this.#leaderEpoch
  }

  /** Where the current leader's epoch starts in the log. */
  get epochStart(): number {
    return this.#epochStart
  }

  get replicas(): readonly BrokerId[] {
    return this.#image.replicas
  }

  /** Grows with every append: the difference of two readings says how many bytes came in between. */
  get appendedBytes(): number {
    return this.#appendedBytes
  }

  /** Whether a request for the leader may be served; `currentLeaderEpoch` is what the client thinks, -1 if nothing. */
  leaderError(currentLeaderEpoch: number): ErrorName | null {
    if (currentLeaderEpoch >= 0) {
      if (currentLeaderEpoch < this.#leaderEpoch) return 'FENCED_LEADER_EPOCH'
      if (currentLeaderEpoch > this.#leaderEpoch) return 'UNKNOWN_LEADER_EPOCH'
    }
    return this.#isLeader ? null : 'NOT_LEADER_OR_FOLLOWER'
  }

  /** Appends as the leader; `done` comes when the bytes are in the log, in the order of the calls. */
  append(records: Uint8Array, origin: AppendOrigin, requiredAcks: number, done: (outcome: AppendOutcome) => void): void {
    if (!this.#isLeader) {
      done({ ok: false, error: 'NOT_LEADER_OR_FOLLOWER', message: `${this.name} isn't led by this broker` })
      return
    }
    if (requiredAcks === allReplicas && this.#isUnderMinIsr()) {
      const message = `${this.name} has ${this.#image.isr.length} replicas in sync, expected ${this.#effectiveMinIsr()}`
      done({ ok: false, error: 'NOT_ENOUGH_REPLICAS', message })
      return
    }
    this.#appendedBytes += records.length
    this.log.append({ records, leaderEpoch: this.#leaderEpoch, origin }, done)
  }

  /** Calls `done` when the whole ISR has `lastOffset`: in this turn or later. */
  whenCommitted(lastOffset: number, done: CommitDone): CommitWaiter | null {
    if (!this.#isLeader) done('NOT_LEADER_OR_FOLLOWER')
    else if (lastOffset < this.log.highWatermark) done(this.#commitError())
    else return this.#commitWaiters.add(lastOffset, done)
    return null
  }

  addDataWaiter(waiter: DataWaiter): void {
    this.#dataWaiters.add(waiter)
  }

  removeDataWaiter(waiter: DataWaiter): void {
    this.#dataWaiters.delete(waiter)
  }

  /** DeleteRecords: -1 stands for the high watermark. Resolves with the new start of the log. */
  async deleteRecords(offset: number): Promise<number> {
    const target = offset === -1 ? this.log.highWatermark : asOffset(offset)
    await this.log.advanceLogStart(target)
    this.#wakeDataWaiters()
    return this.log.logStartOffset
  }

  /** Takes over what the metadata says now. Returns what changed of its leadership. */
  update(image: PartitionImage): 'elected' | 'resigned' | 'same' {
    const wasLeader = this.#isLeader
    const isNewEpoch = image.leaderEpoch > this.#leaderEpoch
    this.#image = image
    if (image.leaderEpoch < this.#leaderEpoch) return 'same'
    this.#isLeader = image.leader === this.#brokerId
    this.#leaderEpoch = image.leaderEpoch
    if (this.#isLeader) {
      if (isNewEpoch || !wasLeader) {
        this.#epochStart = this.log.logEndOffset
        this.log.startEpoch(image.leaderEpoch)
      }
      this.#advance()
      return isNewEpoch || !wasLeader ? 'elected' : 'same'
    }
    if (wasLeader) this.#fail('NOT_LEADER_OR_FOLLOWER')
    return wasLeader ? 'resigned' : 'same'
  }

  setMinInsyncReplicas(count: number): void {
    this.#minInsyncReplicas = count
  }

  /** The partition goes away from this broker. */
  close(error: ErrorName): void {
    this.#isLeader = false
    this.#fail(error)
  }

  #fail(error: ErrorName): void {
    this.#commitWaiters.fail(error)
    this.#wakeDataWaiters()
  }

  #effectiveMinIsr(): number {
    return Math.min(this.#minInsyncReplicas, this.#image.replicas.length)
  }

  #isUnderMinIsr(): boolean {
    return this.#image.isr.length < this.#effectiveMinIsr()
  }

  #commitError(): ErrorName | null {
    return this.#isUnderMinIsr() ? 'NOT_ENOUGH_REPLICAS_AFTER_APPEND' : null
  }

  // The log was written to, or the ISR changed.
  #advance(): void {
    if (!this.#isLeader || this.#isUnderMinIsr() || this.#image.isr.length > 1) return
    const { log } = this
    if (log.highWatermark === log.logEndOffset) return
    log.setHighWatermark(log.logEndOffset)
    this.#commitWaiters.wake(log.highWatermark, this.#commitError())
    this.#wakeDataWaiters()
  }

  // Who reads and still finds too little puts itself back into the set meanwhile.
  #wakeDataWaiters(): void {
    if (this.#dataWaiters.size === 0) return
    for (const waiter of [...this.#dataWaiters]) waiter.partitionMoved()
  }
}
