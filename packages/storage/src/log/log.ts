import type { LeaderEpoch, Offset } from '@millrace/kernel'
import { asLeaderEpoch, asOffset, asProducerEpoch, asProducerId, assert } from '@millrace/kernel'
import { KafkaError } from '@millrace/protocol'
import { lastSequenceOf } from '../producer/producer-entry.ts'
import type { AbortedTxnEntry } from '../segment/transaction-index.ts'
import { Appender } from './appender.ts'
import { LogFlusher } from './flush.ts'
import type { LogState } from './log-state.ts'
import type {
  AbortedTransaction,
  Append,
  AppendOutcome,
  FoundOffset,
  LogConfig,
  PartitionLog,
  ProducerSummary,
  ReadOutcome,
  ReadRange,
} from './partition-log.ts'
import { writeSnapshot } from './producer-replay.ts'
import { readLog } from './read.ts'
import { applyRetention, moveLogStart } from './retention.ts'
import { findByTimestamp, findMaxTimestamp } from './time-lookup.ts'
import { truncateLog } from './truncate.ts'

/** A log as the rest of the broker sees it. */
export class Log implements PartitionLog {
  #state: LogState
  #appender: Appender
  #flusher: LogFlusher
  readonly #writtenListeners: (() => void)[] = []

  constructor(state: LogState) {
    this.#state = state
    this.#appender = new Appender(state, () => this.flush())
    this.#flusher = new LogFlusher(state, () => !this.#appender.waiting)
  }

  /** Another one since the log was moved to another directory. */
  get state(): LogState {
    return this.#state
  }

  get topic(): string {
    return this.state.topic
  }

  get partition(): number {
    return this.state.partition
  }

  get topicId(): string {
    return this.state.topicId
  }

  get directory(): string {
    return this.state.home.path
  }

  get config(): LogConfig {
    return this.state.config
  }

  get logStartOffset(): Offset {
    return asOffset(this.state.logStartOffset)
  }

  get logEndOffset(): Offset {
    return asOffset(this.state.logEndOffset)
  }

  get highWatermark(): Offset {
    return asOffset(this.state.highWatermark)
  }

  get lastStableOffset(): Offset {
    return asOffset(this.state.lastStableOffset)
  }

  get latestEpoch(): LeaderEpoch {
    return asLeaderEpoch(this.state.epochs.latest)
  }

  get sizeBytes(): number {
    return this.state.segments.sizeBytes
  }

  get segmentCount(): number {
    return this.state.segments.count
  }

  get offline(): boolean {
    return this.state.offlineReason !== undefined
  }

  append(append: Append, done: (outcome: AppendOutcome) => void): boolean {
    return this.#appender.append(append, done)
  }

  onWritten(listener: () => void): void {
    this.#writtenListeners.push(listener)
    this.#appender.onWritten(listener)
  }

  onStartMoved(listener: () => void): void {
    this.state.onStartMoved = listener
  }

  read(range: ReadRange): ReadOutcome | Promise<ReadOutcome> {
    return readLog(this.state, range)
  }

  isCold(offset: Offset): boolean {
    const { startOffset } = this.state.tail
    return startOffset === undefined || offset < startOffset
  }

  abortedTransactions(from: Offset, until: Offset): readonly AbortedTransaction[] {
    const found: AbortedTxnEntry[] = []
    for (const segment of this.state.segments.from(from)) if (segment.collectAborted(from, until, found)) break
    return found.map((entry) => ({
      producerId: asProducerId(entry.producerId),
      firstOffset: asOffset(entry.firstOffset),
    }))
  }

  async findByTimestamp(timestampMs: number, until: Offset): Promise<FoundOffset | null> {
    this.#refuseOffline()
    return findByTimestamp(this.state, timestampMs, until)
  }

  async findMaxTimestamp(until: Offset): Promise<FoundOffset | null> {
    this.#refuseOffline()
    return findMaxTimestamp(this.state, until)
  }

  epochAt(offset: Offset): LeaderEpoch {
    return asLeaderEpoch(this.state.epochs.epochAt(offset))
  }

  endOfEpoch(epoch: LeaderEpoch): { readonly leaderEpoch: LeaderEpoch; readonly endOffset: Offset } {
    const { leaderEpoch, endOffset } = this.state.epochs.endOf(epoch, this.state.logEndOffset)
    return { leaderEpoch: asLeaderEpoch(leaderEpoch), endOffset: asOffset(endOffset) }
  }

  startEpoch(epoch: LeaderEpoch): void {
    if (this.offline) return
    const start = (): void => this.state.epochs.assign(epoch, this.state.logEndOffset)
    this.#appender.writeNow()
    start()
    // What is being written belongs to an earlier epoch: this one starts behind it.
    this.#appender.afterWriting(start)
  }

  setHighWatermark(offset: Offset): void {
    const { state } = this
    const moved = Math.max(state.logStartOffset, Math.min(offset, state.logEndOffset))
    if (moved === state.highWatermark) return
    state.highWatermark = moved
    state.producers.highWatermarkMoved(moved)
    state.home.checkpointDue('highWatermark')
  }

  async advanceLogStart(offset: Offset): Promise<void> {
    this.#refuseOffline()
    if (offset > this.state.highWatermark) {
      const message = `log start ${offset} of ${this.state.name}, the high watermark is ${this.state.highWatermark}`
      throw new KafkaError('OFFSET_OUT_OF_RANGE', message)
    }
    moveLogStart(this.state, offset)
  }

  async truncateTo(offset: Offset): Promise<void> {
    if (!this.#appender.isSettled) await this.#appender.drain()
    this.#refuseOffline()
    this.#appender.writeNow()
    const { copy } = this.state
    if (copy !== undefined && copy.offlineReason === undefined) truncateLog(copy, offset)
    truncateLog(this.state, offset)
    this.#appender.reset()
  }

  /** What this turn brought is in the log when it returns; those who wait are told at the turn's end all the same. */
  writeNow(): void {
    this.#appender.writeNow()
  }

  /** Resolves when nothing is being written; what is appended then waits for `resume`. */
  pause(): Promise<void> {
    return this.#appender.pause()
  }

  resume(): void {
    this.#appender.resume()
  }

  /** Whether nothing is being written in another thread. */
  get isSettled(): boolean {
    return this.#appender.isSettled
  }

  /** The directory is offline: nobody waits any longer. */
  abandon(reason: string): void {
    this.#appender.abandon(reason)
  }

  /**
   * Goes on in the directory where `to` lies, which holds all that is written: nobody who has this log notices. What
   * began in the old directory ends there, or is begun anew in the new one.
   */
  moveInto(to: LogState, folder: string): void {
    const from = this.#state
    assert(to.logEndOffset === from.logEndOffset, `${from.name} is moved whole`)
    for (const segment of from.segments.all) segment.close()
    to.takeOver(from, folder)
    this.#state = to
    const waiting = this.#appender.handOver()
    this.#appender = new Appender(to, () => this.flush())
    for (const listener of this.#writtenListeners) this.#appender.onWritten(listener)
    for (const { append, done } of waiting) this.#appender.append(append, done)
    this.#flusher = new LogFlusher(to, () => !this.#appender.waiting)
  }

  reconfigure(config: LogConfig): void {
    const wasCompacted = this.state.config.cleanupPolicy.includes('compact')
    this.state.config = config
    // What was rolled before it became compacted waits for no further roll.
    if (!wasCompacted) this.state.home.rolled(this.state)
  }

  producers(): readonly ProducerSummary[] {
    return [...this.state.producers.entries()].map((entry) => ({
      producerId: asProducerId(entry.producerId),
      producerEpoch: asProducerEpoch(entry.producerEpoch),
      lastSequence: lastSequenceOf(entry),
      lastTimestampMs: entry.lastTimestampMs,
      coordinatorEpoch: entry.coordinatorEpoch,
      currentTxnStartOffset: entry.txnFirstOffset,
    }))
  }

  flush(): Promise<void> {
    if (!this.#appender.isSettled || this.state.home.isSlow) return this.#flushSlowly()
    this.#appender.writeNow()
    return this.#flusher.flush()
  }

  async #flushSlowly(): Promise<void> {
    await this.#appender.settle()
    await this.#flusher.flush()
  }

  applyRetention(): void {
    // Where something is being written the next run does it.
    if (this.offline || !this.#appender.isSettled) return
    this.#appender.writeNow()
    applyRetention(this.state)
  }

  /** Leaves everything on disk as the next start wants to find it: durable, with the producers' state at the end. */
  async closeCleanly(): Promise<void> {
    await this.#appender.drain()
    if (this.offline) return
    await this.flush()
    const { state } = this
    for (const segment of state.segments.from(state.recoveryPoint)) segment.writeIndexes()
    if (state.logEndOffset > 0 && !state.isFuture) writeSnapshot(state, state.logEndOffset)
    state.writeEpochs()
    await this.#flusher.syncIndexes()
    await this.#flusher.syncBeside()
  }

  /** Closes its files; they are renamed or gone after that. */
  release(): void {
    this.state.context.tailCache.drop(this.state.tail)
    for (const segment of this.state.segments.all) segment.close()
  }

  #refuseOffline(): void {
    const reason = this.state.offlineReason
    if (reason !== undefined) throw new KafkaError('KAFKA_STORAGE_ERROR', reason)
  }
}
