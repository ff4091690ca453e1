import type { ConsumerRecord, TopicPartition } from '../record.ts'
import type { Chunk } from './chunk.ts'

/**
 * How far the reading of one partition has got.
 *
 * Invariant: doneOffset <= position <= fetchOffset.
 */
export class PartitionState implements TopicPartition {
  readonly topic: string
  readonly partition: number
  /** The next offset to ask the broker for. */
  fetchOffset: number
  /** The next offset to hand out. */
  position: number
  /** Everything below it is done: what a commit says. */
  doneOffset: number
  /** As the group has it; -1 where nothing is known to be committed. */
  committedOffset = -1
  /** End of what may be read, as of the last fetch. */
  endOffset = -1
  /** Where reading ends, with `stopAtEnd`. */
  stopAt = Infinity
  paused = false
  /** Held back while the group takes it away. */
  held = false
  /** After an error: not fetched before. */
  retryAtMs = 0
  failures = 0
  /** Set while its offset is looked up anew, because the one there was is gone. */
  resetting = false
  #chunks: Chunk[] = []
  #bufferedBytes = 0

  constructor({ topic, partition }: TopicPartition, offset: number) {
    this.topic = topic
    this.partition = partition
    this.fetchOffset = offset
    this.position = offset
    this.doneOffset = offset
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  get finished(): boolean {
    return this.position >= this.stopAt
  }

  /** Whether records may come out now, if there are any. */
  get flowing(): boolean {
    return !this.paused && !this.held && !this.finished
  }

  /** Takes what a fetch brought; false where that has no whole batch. */
  add(chunk: Chunk): boolean {
    if (chunk.nextOffset === undefined) return false
    this.#chunks.push(chunk)
    this.#bufferedBytes += chunk.sizeBytes
    this.fetchOffset = Math.max(this.fetchOffset, chunk.nextOffset)
    return true
  }

  /** The next record; all that was handed out before must be done by now. */
  next(): ConsumerRecord | undefined {
    for (let chunk = this.#chunks[0]; chunk !== undefined && this.flowing; chunk = this.#chunks[0]) {
      const record = chunk.next(this.position)
      if (record === undefined) this.#drop(chunk)
      else if (record.offset < this.stopAt) {
        this.position = record.offset + 1
        return record
      } else this.#passTo(this.stopAt)
    }
    return undefined
  }

  get hasBuffered(): boolean {
    return this.#chunks.length > 0
  }

  /** Reads on from there; what is buffered is dropped. */
  moveTo(offset: number): void {
    this.#chunks = []
    this.#bufferedBytes = 0
    this.fetchOffset = offset
    this.position = offset
    this.doneOffset = offset
    this.resetting = false
  }

  #drop(chunk: Chunk): void {
    this.#chunks.shift()
    this.#bufferedBytes -= chunk.sizeBytes
    this.#passTo(chunk.nextOffset ?? this.position)
  }

  // Offsets without records (markers, what compaction took) are done as soon as they are passed.
  #passTo(offset: number): void {
    this.position = Math.max(this.position, Math.min(offset, Math.max(this.stopAt, this.position)))
    this.doneOffset = this.position
  }
}
