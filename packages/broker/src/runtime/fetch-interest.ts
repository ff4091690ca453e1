import type { FetchRequest } from '@millrace/protocol'
import { FetchPartition } from './fetch-partition.ts'

/** A fetch that is under way. */
export interface FetchListener {
  /** So many bytes became readable in one of its partitions, or that can't be read here any longer. */
  moved(newBytes: number, isLost: boolean): void
}

/**
 * The partitions that a client fetches from, and which of them must be looked at: those that it named, that moved since,
 * that failed, or that have more. Of ten thousand most are idle: the client is at their end and was told all of them.
 */
export class FetchInterest {
  /** Read in the request; another one changes what there is to read. */
  #isolationLevel: number
  readonly #usesTopicIds: boolean
  readonly #partitions = new Map<string, FetchPartition>()
  readonly #open = new Set<FetchPartition>()
  #lastTurn = 0
  #listener: FetchListener | undefined
  #isClosed = false

  constructor(request: FetchRequest, usesTopicIds: boolean, topicName: (topicId: string) => string | undefined) {
    this.#isolationLevel = request.isolationLevel
    this.#usesTopicIds = usesTopicIds
    this.#askAll(request, topicName)
  }

  get size(): number {
    return this.#partitions.size
  }

  get all(): Iterable<FetchPartition> {
    return this.#partitions.values()
  }

  /** Whether a fetch is under way. */
  get isHeard(): boolean {
    return this.#listener !== undefined
  }

  /** Takes over what the next request of a session says. */
  update(request: FetchRequest, topicName: (topicId: string) => string | undefined): void {
    this.#askAll(request, topicName)
    for (const { topic, topicId, partitions } of request.forgottenTopicsData) {
      for (const partition of partitions) this.#forget(this.#keyOf(topic, topicId, partition))
    }
    if (request.isolationLevel === this.#isolationLevel) return
    this.#isolationLevel = request.isolationLevel
    for (const partition of this.all) this.#open.add(partition)
  }

  /** Those to look at, in turn. Who is not done with one puts it back. */
  takeOpen(): FetchPartition[] {
    const open = Array.from(this.#open).toSorted((a, b) => a.turn - b.turn)
    this.#open.clear()
    for (const partition of open) partition.expectRead()
    return open
  }

  reopen(partition: FetchPartition): void {
    if (!partition.isForgotten) this.#open.add(partition)
  }

  moveToEnd(partition: FetchPartition): void {
    partition.turn = this.#lastTurn += 1
  }

  /** One fetch at a time; another one that is under way hears no more. */
  listen(listener: FetchListener): void {
    this.#listener = listener
  }

  unlisten(listener: FetchListener): void {
    if (this.#listener !== listener) return
    this.#listener = undefined
    if (this.#isClosed) this.#unwatch()
  }

  /** Nobody asks again; a fetch that is under way goes on to its end. */
  close(): void {
    this.#isClosed = true
    if (this.#listener === undefined) this.#unwatch()
  }

  /** Told by a partition. One that moved while nobody waits needn't be told again before it was looked at. */
  moved(partition: FetchPartition, newBytes: number, isLost: boolean): void {
    this.reopen(partition)
    if (this.#listener === undefined) partition.unwatch()
    else this.#listener.moved(newBytes, isLost)
  }

  #askAll(request: FetchRequest, topicName: (topicId: string) => string | undefined): void {
    for (const { topic, topicId, partitions } of request.topics) {
      const name = this.#usesTopicIds ? (topicName(topicId) ?? '') : topic
      for (const asked of partitions) {
        const key = this.#keyOf(name, topicId, asked.partition)
        const known = this.#partitions.get(key)
        if (known === undefined) this.#add(key, new FetchPartition(this, name, topicId, asked))
        else {
          known.ask(asked)
          this.#open.add(known)
        }
      }
    }
  }

  #add(key: string, partition: FetchPartition): void {
    this.#partitions.set(key, partition)
    this.moveToEnd(partition)
    this.#open.add(partition)
  }

  #forget(key: string): void {
    const partition = this.#partitions.get(key)
    if (partition === undefined) return
    partition.isForgotten = true
    partition.unwatch()
    this.#partitions.delete(key)
    this.#open.delete(partition)
  }

  #keyOf(topic: string, topicId: string, partition: number): string {
    return `${this.#usesTopicIds ? topicId : topic}:${partition}`
  }

  #unwatch(): void {
    for (const partition of this.all) partition.unwatch()
  }
}
