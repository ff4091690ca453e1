import type { ByteBudget } from '@millrace/kernel'
import { asLeaderEpoch, asOffset } from '@millrace/kernel'
import type { MetadataImage } from '@millrace/machines'
import type { ErrorName, FetchResponseInput } from '@millrace/protocol'
import { errorCode } from '@millrace/protocol'
import type { ReadOutcome } from '@millrace/storage'
import type { ColdPace } from './cold-pace.ts'
import type { FetchInterest } from './fetch-interest.ts'
import type { FetchPartition } from './fetch-partition.ts'
import { isKnown } from './fetch-session.ts'
import type { Partition } from './partition.ts'
import type { PartitionRuntime } from './partition-runtime.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type WirePartition = Mutable<FetchResponseInput['responses'][number]['partitions'][number]>

/** What was read of one partition, as it goes into the response. */
export interface FetchedPartition extends WirePartition {
  logStartOffset: number
  sizeBytes: number
}

export interface FetchOptions {
  readonly minBytes: number
  readonly maxBytes: number
  readonly maxWaitMs: number
  readonly readCommitted: boolean
  /** The broker that fetches as a follower; -1 for consumers. */
  readonly replicaId: number
  readonly usesTopicIds: boolean
}

export interface FetchWorld {
  readonly partitions: PartitionRuntime
  readonly image: () => MetadataImage
  readonly responseBytes: ByteBudget
  readonly coldPace: ColdPace
}

const noChunks: readonly Uint8Array[] = []

// As Kafka: no list where the partition was looked at, an empty one where it isn't known.
const unknownErrors: ReadonlySet<ErrorName> = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNKNOWN_TOPIC_ID',
  'INCONSISTENT_TOPIC_ID',
])

export const failedPartition = (partitionIndex: number, error: ErrorName): FetchedPartition => ({
  partitionIndex,
  errorCode: errorCode(error),
  highWatermark: -1,
  lastStableOffset: -1,
  logStartOffset: -1,
  abortedTransactions: unknownErrors.has(error) ? [] : null,
  records: noChunks,
  sizeBytes: 0,
})

/** One pass over the partitions that a fetch must look at. It is synchronous where no file must be read. */
export class FetchRead {
  /** The partitions that there is something to say of, in the order in which they were looked at. */
  readonly answered: FetchPartition[] = []
  /** One for each of them. */
  readonly results: FetchedPartition[] = []
  sizeBytes = 0
  /** Something went wrong that the client shouldn't have to wait for. */
  mustAnswer = false
  readonly #world: FetchWorld
  readonly #options: FetchOptions
  readonly #interest: FetchInterest
  readonly #asked: readonly FetchPartition[]
  /** Whether more may come anywhere. */
  #isAnyReadable: boolean
  readonly #releases: (() => void)[] = []
  /** What was found, and what reads of files that are under way may find at the most. */
  #plannedBytes = 0
  /** What may still be read from files; undefined until the first such read. */
  #coldBytesLeft: number | undefined
  #heldBytes = 0
  #isReleased = false

  constructor(world: FetchWorld, options: FetchOptions, interest: FetchInterest) {
    this.#world = world
    this.#options = options
    this.#interest = interest
    this.#asked = interest.takeOpen()
    this.#isAnyReadable = interest.size > this.#asked.length
  }

  /** Undefined where everything was read at once. */
  run(from = 0): Promise<void> | undefined {
    const underWay: Promise<void>[] = []
    for (let i = from; i < this.#asked.length; i += 1) {
      const partition = this.#asked[i]
      if (partition === undefined) continue
      if (underWay.length > 0 && !this.#isPlain(partition)) return allOf(underWay).then(() => this.run(i))
      const reading = this.#readOne(partition)
      if (reading !== undefined) underWay.push(reading)
    }
    // Partitions that nobody knows make no haste, unless there is nothing else.
    if (!this.#isAnyReadable) this.mustAnswer = true
    return underWay.length === 0 ? undefined : allOf(underWay)
  }

  // Files are read beside one another: one after the other took a sixth of the time of a consumer of six partitions.
  // Only where a read depends on what those before it find does it wait for them.
  #isPlain({ maxBytes }: FetchPartition): boolean {
    return this.sizeBytes > 0 && this.#plannedBytes + maxBytes <= this.#options.maxBytes
  }

  /** Gives back what the results hold: once the response is with the kernel, or will never be. */
  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    for (const release of this.#releases) release()
    if (this.#heldBytes > 0) this.#world.responseBytes.give(this.#heldBytes)
  }

  /** Nobody learns what was found: all of it is to be looked at again. */
  putBack(): void {
    for (const asked of this.#asked) this.#interest.reopen(asked)
  }

  #readOne(asked: FetchPartition): Promise<void> | undefined {
    const partition = this.#find(asked)
    if (typeof partition === 'string') {
      asked.unwatch()
      this.#answer(asked, failedPartition(asked.partition, partition))
      return undefined
    }
    this.#isAnyReadable = true
    asked.watch(partition)
    if (asked.lastFetchedEpoch >= 0 && this.#answerDiverging(asked, partition)) return undefined
    return this.#readRecords(asked, partition)
  }

  // It is looked at again the next time, also to see that by then there is nothing more to say.
  #answer(asked: FetchPartition, answer: FetchedPartition): void {
    this.#interest.reopen(asked)
    this.answered.push(asked)
    this.results.push(answer)
  }

  #find(asked: FetchPartition): Partition | ErrorName {
    const { partitions, image } = this.#world
    const { usesTopicIds, replicaId } = this.#options
    // The topic may have come to be known since it was asked for.
    if (asked.topic === '' && usesTopicIds) asked.topic = image().topicsById.get(asked.topicId)?.name ?? ''
    if (asked.topic === '' && usesTopicIds) return 'UNKNOWN_TOPIC_ID'
    const partition = partitions.leader(image(), asked.topic, asked.partition, asked.currentLeaderEpoch)
    if (partition === 'UNKNOWN_TOPIC_OR_PARTITION') return partition
    if (typeof partition === 'string') return this.#urgent(partition)
    if (usesTopicIds && partition.topicId !== asked.topicId) return this.#urgent('INCONSISTENT_TOPIC_ID')
    if (replicaId < 0 || partition.replicas.some((replica) => replica === replicaId)) return partition
    return this.#urgent('NOT_LEADER_OR_FOLLOWER')
  }

  #urgent(error: ErrorName): ErrorName {
    this.mustAnswer = true
    return error
  }

  // The fetcher says which epoch its last record has: where that epoch ended earlier here, it has to go back.
  #answerDiverging(asked: FetchPartition, partition: Partition): boolean {
    const end = partition.log.endOfEpoch(asLeaderEpoch(asked.lastFetchedEpoch))
    if (end.endOffset < 0) {
      this.#answer(asked, failedPartition(asked.partition, this.#urgent('OFFSET_OUT_OF_RANGE')))
      return true
    }
    if (end.leaderEpoch >= asked.lastFetchedEpoch && end.endOffset >= asked.fetchOffset) return false
    this.mustAnswer = true
    const answer = this.#position(partition)
    answer.divergingEpoch = { epoch: end.leaderEpoch, endOffset: end.endOffset }
    this.#answer(asked, answer)
    return true
  }

  #readRecords(asked: FetchPartition, partition: Partition): Promise<void> | undefined {
    const answer = this.#position(partition)
    const untilOffset = this.#untilOffset(partition)
    const isAtEnd = asked.fetchOffset === untilOffset
    // A consumer at the end that knows so: it isn't looked at again before it moves. (Of followers not all moves are told.)
    if (isAtEnd && this.#options.replicaId < 0 && isKnown(asked, answer)) return undefined
    this.#answer(asked, answer)
    if (isAtEnd) return undefined
    const isCold = partition.log.isCold(asOffset(asked.fetchOffset))
    const wantedBytes = Math.min(asked.maxBytes, this.#options.maxBytes - this.#plannedBytes)
    const reservedBytes = this.#reserve(isCold ? Math.min(wantedBytes, this.#coldBytes()) : wantedBytes)
    if (reservedBytes === 0 && this.sizeBytes > 0) return undefined
    this.#plannedBytes += reservedBytes
    if (isCold) this.#coldBytesLeft = this.#coldBytes() - reservedBytes
    const read = partition.log.read({
      fromOffset: asOffset(asked.fetchOffset),
      untilOffset: asOffset(untilOffset),
      maxBytes: reservedBytes,
      minOneBatch: this.sizeBytes === 0,
    })
    if (read instanceof Promise)
      return read.then((outcome) => this.#take(outcome, answer, asked, partition, reservedBytes))
    this.#take(read, answer, asked, partition, reservedBytes)
    return undefined
  }

  // Followers are spared: what they lack isn't safe yet. And a client gets what it said it waits for.
  #coldBytes(): number {
    const { replicaId, minBytes } = this.#options
    if (replicaId >= 0) return Infinity
    this.#coldBytesLeft ??= Math.max(this.#world.coldPace.take(), minBytes)
    return this.#coldBytesLeft
  }

  #untilOffset({ log }: Partition): number {
    if (this.#options.replicaId >= 0) return log.logEndOffset
    return this.#options.readCommitted ? log.lastStableOffset : log.highWatermark
  }

  // A fetch shrinks to what the budget for answers has left. One batch is read in any case, or a consumer would stand
  // still for ever.
  #reserve(wantedBytes: number): number {
    const { responseBytes } = this.#world
    const bytes = Math.min(wantedBytes, responseBytes.freeBytes)
    if (bytes <= 0 || !responseBytes.tryTake(bytes)) return 0
    this.#heldBytes += bytes
    return bytes
  }

  #take(
    outcome: ReadOutcome,
    answer: FetchedPartition,
    asked: FetchPartition,
    partition: Partition,
    reservedBytes: number,
  ): void {
    const sizeBytes = outcome.ok ? outcome.sizeBytes : 0
    this.#plannedBytes += sizeBytes - reservedBytes
    if (sizeBytes < reservedBytes) {
      this.#heldBytes -= reservedBytes - sizeBytes
      this.#world.responseBytes.give(reservedBytes - sizeBytes)
    }
    if (!outcome.ok) {
      this.mustAnswer = true
      Object.assign(answer, failedPartition(asked.partition, outcome.error))
      return
    }
    this.#releases.push(() => outcome.release())
    this.sizeBytes += sizeBytes
    answer.sizeBytes = sizeBytes
    answer.records = outcome.chunks
    if (!this.#options.readCommitted || sizeBytes === 0) return
    const until = asOffset(answer.lastStableOffset ?? 0)
    answer.abortedTransactions = partition.log.abortedTransactions(asOffset(asked.fetchOffset), until)
  }

  #position({ index, log }: Partition): FetchedPartition {
    return {
      partitionIndex: index,
      errorCode: 0,
      highWatermark: log.highWatermark,
      lastStableOffset: log.lastStableOffset,
      logStartOffset: log.logStartOffset,
      abortedTransactions: this.#options.readCommitted ? [] : null,
      records: noChunks,
      sizeBytes: 0,
    }
  }
}

/** Waits for all, also where one fails: what the others read has to be given back. */
async function allOf(readings: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(readings)) if (outcome.status === 'rejected') throw outcome.reason
}
