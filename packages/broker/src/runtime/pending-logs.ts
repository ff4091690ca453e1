import type { Clock } from '@millrace/kernel'
import type { LogHistory } from '@millrace/storage'
import { PendingPartitions } from './pending-partitions.ts'
import { Slices } from './slices.ts'

export interface PendingLogsOptions {
  readonly clock: Clock
  /** Resolves when others had their turn of the event loop. */
  readonly endOfTurn: () => Promise<void>
  readonly open: (topicId: string, partition: number, history: LogHistory) => void
  /** Its folder has another name when this returns, and durably when it resolves, which it does however it went. */
  readonly delete: (topic: string, partition: number) => Promise<void>
  /** Told when something was done that isn't done within `work` or `workAtOnce`. */
  readonly onWorkedBehind: () => void
}

/** Says whether a slice's time is over. */
type IsOver = () => boolean

/** What of a topic's logs somebody waits for. */
interface Asked {
  readonly isPending: (topic: string) => boolean
  /** Does some of it, one log at least. Says whether the slice is over. */
  readonly work: (topic: string, isOver: IsOver) => boolean
}

/**
 * The logs that the metadata wants opened or deleted and that aren't yet: each takes some tenths of a millisecond, so that
 * thousands go in slices. What is deleted goes before what is opened; above all a topic's logs before those of another
 * topic of its name. What somebody waits for goes before the rest.
 */
export class PendingLogs {
  readonly #options: PendingLogsOptions
  readonly #toOpen = new PendingPartitions()
  /** Partition numbers by the topic's name. */
  readonly #toDelete = new Map<string, Set<number>>()
  /** Their folders have another name, which isn't durable yet. */
  readonly #deleting = new Set<Promise<void>>()
  #isWorking = false
  /** How many wait for logs of theirs: those come first. */
  #asked = 0

  constructor(options: PendingLogsOptions) {
    this.#options = options
  }

  toOpen(topic: { readonly id: string; readonly name: string }, partition: number, history: () => LogHistory): void {
    this.#toOpen.add(topic, partition, history)
  }

  toDelete(topic: string, partition: number): void {
    const partitions = this.#toDelete.get(topic) ?? new Set()
    this.#toDelete.set(topic, partitions.add(partition))
  }

  /** Forgets to open those of topics that aren't there any more. */
  keep(isThere: (topicId: string) => boolean): void {
    this.#toOpen.keep(isThere)
  }

  /** Opens and deletes all of them now. */
  workAtOnce(): void {
    this.#workOn(() => false)
  }

  /** Opens and deletes what a slice holds; the rest is done behind it. */
  work(): void {
    const slices = this.#newSlices()
    this.#workOn(() => slices.isOver)
    if (!this.#isEmpty) void this.#workBehind()
  }

  /** Resolves when the logs of these topics are open, before all others that wait, or when it is `untilMs`. */
  opened(topicIds: Iterable<string>, untilMs: number): Promise<void> {
    return this.#before(topicIds, untilMs, {
      isPending: (topicId) => this.#toOpen.nameOf(topicId) !== undefined,
      work: (topicId, isOver) => this.#openSome(topicId, isOver),
    })
  }

  /** Resolves when no power cut brings back the logs of these topics, before all others that wait, or when it is `untilMs`. */
  async deleted(topics: Iterable<string>, untilMs: number): Promise<void> {
    await this.#before(topics, untilMs, {
      isPending: (topic) => this.#toDelete.has(topic),
      work: (topic, isOver) => this.#deleteSome(topic, isOver),
    })
    await this.#durable(untilMs)
  }

  /** Nothing more is opened; resolves when all that was to be deleted is, durably. */
  async close(): Promise<void> {
    this.#toOpen.clear()
    await this.deleted(this.#toDelete.keys(), Infinity)
  }

  get #isEmpty(): boolean {
    return this.#toOpen.isEmpty && this.#toDelete.size === 0
  }

  #newSlices(): Slices {
    const { clock, endOfTurn } = this.#options
    return new Slices({ clock, services: { endOfTurn } }, 1)
  }

  async #before(topics: Iterable<string>, untilMs: number, { isPending, work }: Asked): Promise<void> {
    const slices = this.#newSlices()
    const isOver = (): boolean => slices.isOver
    this.#asked += 1
    try {
      for (const topic of topics) {
        while (isPending(topic) && this.#options.clock.monotonicMs() < untilMs) {
          const mustPause = work(topic, isOver)
          this.#options.onWorkedBehind()
          if (mustPause) await slices.next()
        }
      }
    } finally {
      this.#asked -= 1
    }
  }

  async #workBehind(): Promise<void> {
    if (this.#isWorking) return
    this.#isWorking = true
    const slices = this.#newSlices()
    try {
      while (!this.#isEmpty) {
        await slices.next()
        if (this.#asked > 0) continue
        this.#workOn(() => slices.isOver)
        this.#options.onWorkedBehind()
      }
    } finally {
      this.#isWorking = false
    }
  }

  #workOn(isOver: IsOver): void {
    for (const topic of this.#toDelete.keys()) if (this.#deleteSome(topic, isOver)) return
    for (const topicId of this.#toOpen.topicIds) if (this.#openSome(topicId, isOver)) return
  }

  // Says whether the slice is over. What is deleted of a topic's name goes first.
  #openSome(topicId: string, isOver: IsOver): boolean {
    const name = this.#toOpen.nameOf(topicId)
    if (name === undefined || this.#deleteSome(name, isOver)) return name !== undefined
    for (const { partition, history } of this.#toOpen.take(topicId)) {
      this.#options.open(topicId, partition, history)
      if (isOver()) return true
    }
    return false
  }

  #deleteSome(topic: string, isOver: IsOver): boolean {
    const partitions = this.#toDelete.get(topic)
    for (const partition of partitions ?? []) {
      partitions?.delete(partition)
      if (partitions?.size === 0) this.#toDelete.delete(topic)
      this.#delete(topic, partition)
      if (isOver()) return true
    }
    return false
  }

  #delete(topic: string, partition: number): void {
    const deletion = this.#options.delete(topic, partition)
    this.#deleting.add(deletion)
    void deletion.finally(() => this.#deleting.delete(deletion))
  }

  /** Resolves when the folders that have another name now have it durably. */
  async #durable(untilMs: number): Promise<void> {
    if (this.#deleting.size === 0) return
    const { clock } = this.#options
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = clock.setTimer(Math.max(0, untilMs - clock.monotonicMs()), resolve)
    void Promise.all(this.#deleting).then(() => resolve())
    await promise
    timer.cancel()
  }
}
