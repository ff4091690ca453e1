import type { TopicPartition } from '../../record.ts'
import type { StartPosition } from '../consumer-api.ts'
import type { Chunk } from './chunk.ts'
import type { FetchedRecord } from './fetched-record.ts'

/** A partition as a key of maps. */
export const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}-${partition}`

export const plain = ({ topic, partition }: TopicPartition): TopicPartition => ({ topic, partition })

/**
 * How far the reading of one partition has got.
 *
 * Invariant: doneOffset <= position <= fetchOffset.
 */
export class PartitionState implements TopicPartition {
  readonly topic: string
  readonly partition: number
  readonly key: string
  /** The next offset to ask the broker for, and the leader epoch of what lies before it; -1 where nobody said. */
  fetchOffset: number
  fetchEpoch = -1
  /** Where it is to be read from, while nobody could say what offset that is. */
  startsAt: StartPosition | undefined
  /** The next offset to hand out. */
  position: number
  /** Everything below it is done: what a commit says. */
  doneOffset: number
  /** Leader epoch of the record before `doneOffset`. */
  doneEpoch = -1
  /** As the group has it; -1 where nothing is known to be committed. */
  committedOffset = -1
  /** End of what may be read, as of the last fetch. */
  endOffset = -1
  /** Nothing from here on is handed out: the end with `stopAtEnd`, what isn't claimed yet with `atMostOnce`. */
  stopAt = Infinity
  claimedTo = Infinity
  paused = false
  /** It comes, moved or goes on: no fetch that waits for records of others must stand before its own. */
  hurries = true
  /** Held back while the group takes it away. */
  held = false
  /** After an error: not fetched before. */
  retryAtMs = 0
  failures = 0
  /** Set while its offset is looked up or checked. */
  resetting = false
  /** The leader epoch at which the log before `fetchOffset` is known to be what was read. */
  checkedEpoch = -1
  /** A replica that the leader sent us to, for so long. */
  readFrom: { readonly broker: number; readonly untilMs: number } | undefined
  /** Counts moves: who waited for something of the partition sees whether it is still of use. */
  moves = 0
  /** Counts moves that were asked for, found or not: the last one counts. */
  movesAsked = 0
  #inHand = false
  #takenAt = 0
  #idleListeners: (() => void)[] = []
  #chunks: Chunk[] = []
  #bufferedBytes = 0
  #lastEpoch = -1
  /** Read out of its chunk, but not handed out. */
  #unclaimed: FetchedRecord | undefined

  /** `leaderEpoch` is that of what lies before the offset; -1 where it isn't known. */
  constructor({ topic, partition }: TopicPartition, offset: number, leaderEpoch = -1) {
    this.topic = topic
    this.partition = partition
    this.key = `${topic}-${partition}`
    this.fetchOffset = offset
    this.fetchEpoch = leaderEpoch
    this.position = offset
    this.doneOffset = offset
    this.doneEpoch = leaderEpoch
    this.#lastEpoch = leaderEpoch
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  get finished(): boolean {
    return this.position >= this.stopAt
  }

  /** Whether nothing may come out now, whatever there is. */
  get withheld(): boolean {
    return this.paused || this.held || this.resetting
  }

  /** Whether records may come out now, if there are any. */
  get flowing(): boolean {
    return !this.withheld && this.position < this.stopAt
  }

  get hasBuffered(): boolean {
    return this.#chunks.length > 0
  }

  /** Settles when a large batch, the next to be read, is unpacked. */
  get unpacking(): Promise<void> | undefined {
    return this.#chunks[0]?.unpacking
  }

  /** Whether the next record is there, but can't come out yet. */
  get waits(): boolean {
    return this.#unclaimed !== undefined || this.unpacking !== undefined
  }

  /** Whether somebody works on what came out last. */
  get inHand(): boolean {
    return this.#inHand
  }

  /** Takes what a fetch brought; false where that has no whole batch. */
  add(chunk: Chunk): boolean {
    if (chunk.end === undefined) return false
    if (this.finished) {
      chunk.drop()
      return true
    }
    this.#chunks.push(chunk)
    this.#bufferedBytes += chunk.sizeBytes
    this.fetchOffset = Math.max(this.fetchOffset, chunk.end.offset)
    this.fetchEpoch = chunk.end.leaderEpoch
    return true
  }

  /** The next record; who works on it says so with `take` before the next turn. Throws an UnreadableBatchError. */
  next(): FetchedRecord | undefined {
    for (let chunk = this.#chunks[0]; chunk !== undefined && this.flowing; chunk = this.#chunks[0]) {
      const record = this.#unclaimed ?? chunk.next(this.position)
      this.#unclaimed = undefined
      if (record === undefined) {
        if (chunk.unpacking !== undefined) return undefined
        this.#drop(chunk)
      } else if (record.offset >= this.stopAt) this.#passTo(this.stopAt)
      else if (record.offset >= this.claimedTo) {
        this.#unclaimed = record
        return undefined
      } else {
        this.position = record.offset + 1
        this.#lastEpoch = record.leaderEpoch
        this.#dropAtEnd()
        return record
      }
    }
    return undefined
  }

  /** The record that comes out once it is claimed. */
  get unclaimed(): FetchedRecord | undefined {
    return this.#unclaimed
  }

  /** Takes back what came out last: it comes out again. */
  putBack(record: FetchedRecord): void {
    this.position = record.offset
    if (this.#chunks.length > 0) this.#unclaimed = record
    else this.fetchOffset = record.offset
  }

  /** What came out last is being worked on. */
  take(): void {
    this.#inHand = true
    this.#takenAt = this.moves
  }

  /** What came out is done; where the position was moved meanwhile, that is all that counts. */
  done(): void {
    if (this.#takenAt === this.moves) {
      this.doneOffset = this.position
      this.doneEpoch = this.#lastEpoch
    }
    this.letGo()
  }

  /** Nobody works on it any more, done or not. */
  letGo(): void {
    this.#inHand = false
    if (this.#idleListeners.length === 0) return
    for (const listener of this.#idleListeners.splice(0)) listener()
  }

  /** Calls once nobody works on what came out. */
  whenIdle(listener: () => void): void {
    if (this.#inHand) this.#idleListeners.push(listener)
    else listener()
  }

  /** Forgets what is buffered; it is fetched again. */
  dropBuffered(): void {
    if (this.#chunks.length === 0) return
    for (const chunk of this.#chunks) chunk.drop()
    this.#chunks = []
    this.#bufferedBytes = 0
    this.#unclaimed = undefined
    this.fetchOffset = this.position
    this.fetchEpoch = this.#lastEpoch
  }

  /** Reads on from there; what is buffered is dropped. */
  moveTo(offset: number, leaderEpoch = -1): void {
    this.dropBuffered()
    this.fetchOffset = offset
    this.fetchEpoch = leaderEpoch
    this.startsAt = undefined
    this.checkedEpoch = -1
    this.position = offset
    this.doneOffset = offset
    this.doneEpoch = leaderEpoch
    this.#lastEpoch = leaderEpoch
    this.resetting = false
    this.hurries = true
    this.moves += 1
  }

  #drop(chunk: Chunk): void {
    this.#chunks.shift()
    chunk.drop()
    this.#bufferedBytes -= chunk.sizeBytes
    this.#passTo(chunk.end?.offset ?? this.position)
  }

  // Offsets without records (markers, what compaction took) are done as soon as what came before them is.
  #passTo(offset: number): void {
    const wasDone = this.doneOffset === this.position && !this.#inHand
    this.position = Math.max(this.position, Math.min(offset, Math.max(this.stopAt, this.position)))
    if (wasDone) this.doneOffset = this.position
    this.#dropAtEnd()
  }

  // What nobody reads any more mustn't stand in the way of other partitions.
  #dropAtEnd(): void {
    if (this.finished) this.dropBuffered()
  }
}
