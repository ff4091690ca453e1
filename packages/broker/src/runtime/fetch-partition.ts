import type { FetchRequest } from '@millrace/protocol'
import type { FetchInterest } from './fetch-interest.ts'
import type { DataWaiter, Partition } from './partition.ts'

type RequestedPartition = FetchRequest['topics'][number]['partitions'][number]

/** What a client asks of one partition, and what it was last told of it. */
export class FetchPartition implements DataWaiter {
  /** Empty where the request names the topic by an id that nobody knows (yet). */
  topic: string
  readonly topicId: string
  readonly partition: number
  fetchOffset: number
  maxBytes: number
  /** -1 where the client doesn't say. */
  currentLeaderEpoch: number
  lastFetchedEpoch: number
  sentHighWatermark = -1
  sentLogStartOffset = -1
  /** Place in the order in which partitions are served: who was given records gets a later one, so nobody starves. */
  turn = 0
  isForgotten = false
  readonly #interest: FetchInterest
  #watched: Partition | undefined
  #countedBytes = 0
  /** A read is going to look at it, and finds what comes until then. */
  #isExpected = false

  constructor(interest: FetchInterest, topic: string, topicId: string, asked: RequestedPartition) {
    this.#interest = interest
    this.topic = topic
    this.topicId = topicId
    this.partition = asked.partition
    this.fetchOffset = asked.fetchOffset
    this.maxBytes = asked.partitionMaxBytes
    this.currentLeaderEpoch = asked.currentLeaderEpoch
    this.lastFetchedEpoch = asked.lastFetchedEpoch
  }

  ask(asked: RequestedPartition): void {
    this.fetchOffset = asked.fetchOffset
    this.maxBytes = asked.partitionMaxBytes
    this.currentLeaderEpoch = asked.currentLeaderEpoch
    this.lastFetchedEpoch = asked.lastFetchedEpoch
  }

  get isWaiting(): boolean {
    return this.#interest.isHeard
  }

  expectRead(): void {
    this.#isExpected = true
  }

  /** From now on it is told what moves there; what becomes readable counts from here. */
  watch(partition: Partition): void {
    this.#isExpected = false
    this.#countedBytes = partition.readableBytes
    if (this.#watched === partition) return
    this.unwatch()
    this.#watched = partition
    partition.addDataWaiter(this)
  }

  unwatch(): void {
    this.#watched?.removeDataWaiter(this)
    this.#watched = undefined
  }

  partitionMoved(): void {
    const partition = this.#watched
    if (partition === undefined) return
    const newBytes = this.#isExpected ? 0 : partition.readableBytes - this.#countedBytes
    this.#countedBytes = partition.readableBytes
    this.#interest.moved(this, newBytes, partition.leaderError(-1) !== null)
  }
}
