import { errorMessage } from '@millrace/kernel'
import { KafkaError } from '@millrace/protocol'
import { commitOffsets } from '../admin/group-offsets.ts'
import { valueOf } from '../admin/outcome.ts'
import type { CallOptions } from '../client-options.ts'
import { delay } from '../cluster/abort.ts'
import { Cluster } from '../cluster/cluster.ts'
import { isRetriableError } from '../cluster/retry.ts'
import type { ConsumerRecord, TopicPartition, TopicPartitionOffset } from '../record.ts'
import { ClientClosedError } from '../errors/client-errors.ts'
import type { ConsumerApi, ConsumerOptions, PartitionPosition, StartPosition } from './consumer-api.ts'
import type { ConsumerSettings } from './consumer-settings.ts'
import { consumerSettings } from './consumer-settings.ts'
import { Fetcher } from './fetcher.ts'
import { GroupMember } from './group-member.ts'
import { PartitionState } from './partition-state.ts'
import type { Start } from './start-offsets.ts'
import { resetPosition, resolvePositions, startOffsets } from './start-offsets.ts'

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}-${partition}`

interface Waiter {
  resolve(result: IteratorResult<ConsumerRecord, undefined>): void
  reject(error: unknown): void
}

const ended: IteratorResult<ConsumerRecord, undefined> = { done: true, value: undefined }

/**
 * Reads records: `for await (const record of consumer)`. Connects when the loop starts. A record is done when the loop
 * asks for the next one; only what is done is committed.
 *
 * @example
 * await using consumer = new Consumer({ bootstrapServers: 'localhost:9092', groupId: 'g', topics: ['orders'] })
 * for await (const record of consumer) console.log(record.offset, record.value?.toString())
 */
export class Consumer implements ConsumerApi {
  readonly #options: ConsumerOptions
  readonly #settings: ConsumerSettings
  readonly #cluster: Cluster
  readonly #states = new Map<string, PartitionState>()
  readonly #fetcher: Fetcher
  readonly #member: GroupMember | undefined
  readonly #stop = new AbortController()
  #started: Promise<void> | undefined
  #assigned = false
  /** The partition whose record the loop has in hand. */
  #inHand: PartitionState | undefined
  #handedOutAtMs = 0
  /** The partition that records come out of now. */
  #turn: PartitionState | undefined
  #waiter: Waiter | undefined
  #idleListeners: (() => void)[] = []
  #failure: { readonly error: unknown } | undefined
  #closing: Promise<void> | undefined

  constructor(options: ConsumerOptions) {
    this.#options = options
    this.#settings = consumerSettings(options)
    this.#cluster = new Cluster(options)
    this.#fetcher = new Fetcher(this.#cluster, this.#settings, this.#states, {
      onData: () => this.#serve(),
      onOutOfRange: (state) => void this.#reset(state),
      onFatal: (error) => this.#fail(error),
    })
    const { groupId, assignment } = this.#settings
    if (groupId !== undefined && assignment === undefined) {
      this.#member = new GroupMember(this.#cluster, this.#settings, groupId, {
        revoke: (partitions) => this.#revoke(partitions),
        lose: (partitions) => this.#lose(partitions),
        assign: (partitions) => this.#assign(partitions),
        fatal: (error) => this.#fail(error),
      })
    }
    options.signal?.addEventListener('abort', () => void this.close(), { once: true })
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<ConsumerRecord, undefined> {
    const iterator: AsyncIterableIterator<ConsumerRecord, undefined> = {
      next: () => this.#next(),
      return: () => this.#leaveLoop(),
      [Symbol.asyncIterator]: () => iterator,
    }
    return iterator
  }

  async commit(record?: ConsumerRecord, options: CallOptions = {}): Promise<void> {
    if (record === undefined) return this.#commitDone(options)
    const { topic, partition } = record
    await this.commitOffsets([{ topic, partition, offset: record.offset + 1 }], options)
    // Who commits a record is done with it: an automatic commit must not go back behind it.
    const state = this.#states.get(keyOf(record))
    if (state !== undefined) state.doneOffset = Math.max(state.doneOffset, Math.min(record.offset + 1, state.position))
  }

  async commitOffsets(offsets: readonly TopicPartitionOffset[], options: CallOptions = {}): Promise<void> {
    const { groupId } = this.#settings
    if (groupId === undefined) throw new TypeError('a consumer without groupId has no offsets to commit')
    const lost = this.#member === undefined ? undefined : offsets.find((each) => !this.#states.has(keyOf(each)))
    if (lost !== undefined) {
      const what = `${keyOf(lost)} isn't assigned to this consumer any more`
      throw new KafkaError(
        'ILLEGAL_GENERATION',
        `ILLEGAL_GENERATION: ${what}; its new owner starts at what is committed`,
      )
    }
    const outcomes = await commitOffsets(this.#cluster, groupId, offsets, options, this.#member?.committer)
    for (const outcome of outcomes.values()) valueOf(outcome)
    for (const each of offsets) {
      const state = this.#states.get(keyOf(each))
      if (state !== undefined) state.committedOffset = each.offset
    }
  }

  async seek(partition: TopicPartition, to: StartPosition, options: CallOptions = {}): Promise<void> {
    this.#start()
    if (this.#member === undefined && !this.#states.has(keyOf(partition))) await this.#started
    const state = this.#states.get(keyOf(partition))
    if (state === undefined) throw new RangeError(`${keyOf(partition)} isn't assigned to this consumer`)
    const signal =
      options.signal === undefined ? this.#stop.signal : AbortSignal.any([options.signal, this.#stop.signal])
    state.resetting = true
    try {
      const [found] = await resolvePositions(
        this.#cluster,
        this.#settings,
        [{ ...plain(partition), start: to }],
        signal,
      )
      state.moveTo(found?.offset ?? 0)
      if (this.#inHand === state) this.#inHand = undefined
    } finally {
      state.resetting = false
      this.#fetcher.wake()
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const state of this.#statesOf(partitions)) state.paused = true
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const state of this.#statesOf(partitions)) state.paused = false
    this.#serve()
    this.#fetcher.wake()
  }

  positions(): PartitionPosition[] {
    return Array.from(this.#states.values(), ({ topic, partition, position, endOffset }) => ({
      topic,
      partition,
      offset: position,
      endOffset,
      lag: endOffset < 0 ? -1 : Math.max(0, endOffset - position),
    }))
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #next(): Promise<IteratorResult<ConsumerRecord, undefined>> {
    this.#settleInHand()
    if (this.#failure !== undefined) {
      const { error } = this.#failure
      this.#failure = undefined
      return Promise.reject(error)
    }
    if (this.#stop.signal.aborted) return Promise.resolve(ended)
    this.#start()
    try {
      const record = this.#take()
      if (record !== undefined) return Promise.resolve({ done: false, value: record })
    } catch (error) {
      return Promise.reject(error)
    }
    if (this.#atEnd()) return this.#leaveLoop()
    if (this.#waiter !== undefined) return Promise.reject(new TypeError('a consumer has one loop: another one waits'))
    return new Promise((resolve, reject) => (this.#waiter = { resolve, reject }))
  }

  // The loop asks for the next record: the one before is done.
  #settleInHand(): void {
    const state = this.#inHand
    this.#inHand = undefined
    if (state !== undefined) state.doneOffset = state.position
    this.#member?.comeBack()
    for (const listener of this.#idleListeners.splice(0)) listener()
  }

  // The loop was left: what it had in hand isn't done, and the loop may come back for the next.
  async #leaveLoop(): Promise<IteratorResult<ConsumerRecord, undefined>> {
    this.#inHand = undefined
    for (const listener of this.#idleListeners.splice(0)) listener()
    if (this.#settings.autoCommit && !this.#stop.signal.aborted) await this.#commitQuietly()
    return ended
  }

  #take(): ConsumerRecord | undefined {
    const first = this.#turn
    if (first !== undefined) {
      const record = this.#takeFrom(first)
      if (record !== undefined) return record
    }
    for (const state of this.#states.values()) {
      const record = state.hasBuffered && state.flowing ? this.#takeFrom(state) : undefined
      if (record !== undefined) return record
    }
    this.#turn = undefined
    return undefined
  }

  #takeFrom(state: PartitionState): ConsumerRecord | undefined {
    const before = state.bufferedBytes
    try {
      const record = state.next()
      if (record !== undefined) {
        this.#turn = state
        this.#inHand = state
        this.#handedOutAtMs = this.#nowMs()
      }
      return record
    } finally {
      if (state.bufferedBytes !== before) this.#chunkDone(state)
    }
  }

  // Partitions take turns, a chunk each.
  #chunkDone(state: PartitionState): void {
    this.#states.delete(keyOf(state))
    this.#states.set(keyOf(state), state)
    this.#fetcher.wake()
  }

  #nowMs(): number {
    return this.#cluster.settings.clock.monotonicMs()
  }

  #atEnd(): boolean {
    if (!this.#settings.stopAtEnd || !this.#assigned) return false
    return [...this.#states.values()].every((state) => state.finished)
  }

  // Gives a loop that waits what there is now.
  #serve(): void {
    const waiter = this.#waiter
    if (waiter === undefined) return
    try {
      const record = this.#take()
      if (record !== undefined) {
        this.#waiter = undefined
        waiter.resolve({ done: false, value: record })
      } else if (this.#atEnd()) {
        this.#waiter = undefined
        this.#leaveLoop().then(
          (result) => waiter.resolve(result),
          (error: unknown) => waiter.reject(error),
        )
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    if (this.#stop.signal.aborted) return
    const waiter = this.#waiter
    this.#waiter = undefined
    if (waiter === undefined) this.#failure = { error }
    else waiter.reject(error)
  }

  #start(): void {
    this.#started ??= this.#begin().catch((error: unknown) => this.#fail(error))
  }

  async #begin(): Promise<void> {
    if (this.#settings.autoCommit) this.#background(this.#commitRegularly())
    if (this.#member !== undefined) {
      for (const name of this.#settings.topics) await this.#firstLook(name)
      this.#handedOutAtMs = this.#nowMs()
      this.#background(this.#watchLoop())
      this.#member.start()
      return
    }
    await this.#assign(this.#settings.assignment ?? (await this.#allPartitions()))
    if (this.#settings.assignment === undefined) this.#background(this.#watchPartitions())
  }

  // Partitions that a topic grows by are read from their first record.
  async #watchPartitions(): Promise<void> {
    const { clock, metadataMaxAgeMs } = this.#cluster.settings
    while (!this.#stop.signal.aborted) {
      await delay(clock, metadataMaxAgeMs, this.#stop.signal)
      await this.#cluster.refresh(this.#settings.topics, this.#stop.signal)
      const known = this.#settings.topics.flatMap((name) => this.#cluster.image.topics.get(name) ?? [])
      const grown = known
        .flatMap(({ name, partitions }) => partitions.map(({ partition }) => ({ topic: name, partition })))
        .filter((each) => !this.#states.has(keyOf(each)))
      if (grown.length > 0) await this.#assign(grown.map((each) => ({ ...each, start: 'earliest' as const })))
    }
  }

  // A topic of a group may come later; asking for it may create it.
  async #firstLook(name: string): Promise<void> {
    const options = { signal: this.#stop.signal, timeoutMs: 1_000, create: this.#settings.createTopics }
    try {
      await this.#cluster.topic(name, options)
    } catch (error) {
      if (!isRetriableError(error)) throw error
      this.#log(`topic ${name} isn't there yet`, error)
    }
  }

  async #allPartitions(): Promise<TopicPartition[]> {
    const options = { signal: this.#stop.signal, create: this.#settings.createTopics }
    const topics = await Promise.all(this.#settings.topics.map((name) => this.#cluster.topic(name, options)))
    return topics.flatMap(({ name, partitions }) => partitions.map(({ partition }) => ({ topic: name, partition })))
  }

  async #assign(partitions: readonly Start[]): Promise<void> {
    const starts = partitions.map((each) => ({ ...each, start: each.start ?? this.#settings.start }))
    const offsets = await startOffsets(this.#cluster, this.#settings, starts, this.#stop.signal)
    const ends = await this.#ends(partitions)
    for (const each of offsets) {
      const state = new PartitionState(each, each.offset)
      state.committedOffset = each.committedOffset
      state.stopAt = ends.get(keyOf(each)) ?? Infinity
      state.held = true
      this.#states.set(keyOf(state), state)
    }
    // It may seek before anything is read.
    await this.#options.onAssigned?.(partitions.map(plain))
    for (const state of this.#statesOf(partitions)) state.held = false
    this.#assigned = true
    this.#serve()
    this.#fetcher.wake()
  }

  async #ends(partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, number>> {
    if (!this.#settings.stopAtEnd) return new Map()
    const starts = partitions.map((each) => ({ ...plain(each), start: 'latest' as const }))
    const found = await resolvePositions(this.#cluster, this.#settings, starts, this.#stop.signal)
    return new Map(found.map((each) => [keyOf(each), each.offset]))
  }

  // Nothing more of these comes out; what the loop has in hand may be finished first, for as long as the group waits.
  async #revoke(partitions: readonly TopicPartition[]): Promise<void> {
    for (const state of this.#statesOf(partitions)) state.held = true
    await this.#loopIdle()
    if (this.#settings.autoCommit) await this.#commitQuietly()
    await this.#options.onRevoked?.(partitions.map(plain))
    this.#drop(partitions)
  }

  async #lose(partitions: readonly TopicPartition[]): Promise<void> {
    this.#drop(partitions)
    await this.#options.onLost?.(partitions.map(plain))
  }

  #drop(partitions: readonly TopicPartition[]): void {
    for (const state of this.#statesOf(partitions)) {
      this.#states.delete(keyOf(state))
      if (this.#turn === state) this.#turn = undefined
      if (this.#inHand === state) this.#inHand = undefined
    }
  }

  #loopIdle(): Promise<void> {
    if (this.#inHand === undefined || this.#stop.signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = this.#cluster.settings.clock.setTimer(this.#settings.maxPollIntervalMs, resolve)
      this.#idleListeners.push(() => {
        timer.cancel()
        resolve()
      })
    })
  }

  // A loop that takes too long leaves the group, so that somebody else may go on; it joins again when it comes back.
  async #watchLoop(): Promise<void> {
    const { maxPollIntervalMs } = this.#settings
    const { clock, logger } = this.#cluster.settings
    while (!this.#stop.signal.aborted) {
      await delay(clock, Math.min(maxPollIntervalMs, 1_000), this.#stop.signal)
      const busyMs = this.#nowMs() - this.#handedOutAtMs
      if (this.#inHand === undefined || busyMs < maxPollIntervalMs) continue
      logger.warn('the loop took longer than maxPollIntervalMs, so the consumer leaves the group until it comes back', {
        group: this.#settings.groupId,
        busyMs: Math.round(busyMs),
        maxPollIntervalMs,
      })
      await this.#member?.leaveForNow()
    }
  }

  async #commitRegularly(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await delay(this.#cluster.settings.clock, this.#settings.autoCommitIntervalMs, this.#stop.signal)
      await this.#commitQuietly()
    }
  }

  async #commitQuietly(): Promise<void> {
    try {
      await this.#commitDone({ signal: this.#cluster.closing })
    } catch (error) {
      this.#cluster.settings.logger.warn('an automatic commit failed: what is done will be committed with the next', {
        group: this.#settings.groupId,
        error: errorMessage(error),
      })
    }
  }

  async #commitDone(options: CallOptions): Promise<void> {
    const offsets = Array.from(this.#states.values())
      .filter((state) => state.doneOffset !== state.committedOffset)
      .map(({ topic, partition, doneOffset }) => ({ topic, partition, offset: doneOffset }))
    if (offsets.length > 0) await this.commitOffsets(offsets, options)
  }

  async #reset(state: PartitionState): Promise<void> {
    try {
      const { topic, partition, position } = state
      const start = resetPosition(this.#settings, state)
      this.#log(`offset ${position} of ${keyOf(state)} isn't there: reading goes on at ${JSON.stringify(start)}`)
      const [found] = await resolvePositions(
        this.#cluster,
        this.#settings,
        [{ topic, partition, start }],
        this.#stop.signal,
      )
      if (this.#states.get(keyOf(state)) !== state || !state.resetting) return
      state.moveTo(found?.offset ?? 0)
      this.#fetcher.wake()
    } catch (error) {
      state.resetting = false
      this.#fail(error)
    }
  }

  #statesOf(partitions: readonly TopicPartition[]): PartitionState[] {
    return partitions.flatMap((each) => this.#states.get(keyOf(each)) ?? [])
  }

  #background(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#fail(error)
    })
  }

  async #close(): Promise<void> {
    this.#inHand = undefined
    for (const state of this.#states.values()) state.held = true
    for (const listener of this.#idleListeners.splice(0)) listener()
    this.#stop.abort(new ClientClosedError('the consumer is closed'))
    this.#fetcher.close()
    this.#waiter?.resolve(ended)
    this.#waiter = undefined
    if (this.#settings.autoCommit && this.#states.size > 0) await this.#commitQuietly()
    await this.#member?.close()
    this.#cluster.close()
  }

  #log(message: string, error?: unknown): void {
    const { logger } = this.#cluster.settings
    logger.debug(message, error === undefined ? {} : { error: errorMessage(error) })
  }
}

const plain = ({ topic, partition }: TopicPartition): TopicPartition => ({ topic, partition })
