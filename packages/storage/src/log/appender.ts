import type { Offset } from '@millrace/kernel'
import { asOffset, errorMessage } from '@millrace/kernel'
import { batchField } from '@millrace/protocol'
import type { AbortedTxnEntry } from '../segment/transaction-index.ts'
import { firstOffset } from '../producer/producer-entry.ts'
import type { Done } from './append-answers.ts'
import { AppendAnswers, failedAppend } from './append-answers.ts'
import { assignOffsets, maxTimestampMsOf, nextBatch } from './appended-batches.ts'
import { checkClientAppend } from './check-client-append.ts'
import { lastCopyAt } from './check-copies.ts'
import type { LogState } from './log-state.ts'
import type { Append, AppendOutcome } from './partition-log.ts'
import { mustRoll, roll } from './roll.ts'
import type { Taken, TurnAppends, Waiting } from './slow-appends.ts'
import { SlowAppends } from './slow-appends.ts'
import type { Placed } from './tail-blocks.ts'
import type { Tail, TailEntry } from './tail-cache.ts'
import type { TurnMember } from './turns.ts'
import { noteChunk, undoWrite, writeEpochs } from './written-batches.ts'

type Written = { tail: Tail; entry: TailEntry }

/** Of an append that isn't taken yet: what was taken before it must be written first. */
const notYet = failedAppend('KAFKA_STORAGE_ERROR', 'the disk is slow')
/** The same: another thread must look into its batch first. */
const isLarge = failedAppend('KAFKA_STORAGE_ERROR', 'the batch is large')

/**
 * Takes a log's appends. Offsets are given out and producers checked at once; the bytes of one turn are one write. When
 * that fails, the file, the offsets and the producers are as they were before, and all who waited for it are told.
 *
 * Here is what happens within one turn; what is written in another thread, and waits for that, is in `SlowAppends`.
 */
export class Appender implements TurnMember, TurnAppends {
  readonly #state: LogState
  /** What the next batch gets; ahead of the log's end by what waits to be written. */
  #nextOffset: number
  #chunks: Placed[] = []
  #chunkBytes = 0
  #aborted: AbortedTxnEntry[] = []
  /** One per append of this turn, in order. */
  #dones: Done[] = []
  #outcomes: AppendOutcome[] = []
  /** Those from here on fail if the next write does. */
  #unwrittenFrom = 0
  #written: Written[] = []
  readonly #answers: AppendAnswers
  readonly #slow: SlowAppends

  constructor(state: LogState, flush: () => Promise<void>) {
    this.#state = state
    this.#nextOffset = state.logEndOffset
    this.#answers = new AppendAnswers(flush)
    this.#slow = new SlowAppends(state, this)
  }

  onWritten(listener: () => void): void {
    this.#answers.onWritten(listener)
  }

  /** Whether something was taken that isn't in the log yet. */
  get waiting(): boolean {
    return this.#chunks.length > 0 || this.#slow.writing !== undefined
  }

  /** Says whether it waits for a large batch, see `PartitionLog.append`. */
  append(append: Append, done: Done): boolean {
    if (this.#slow.isBusy || this.#state.home.isSlow) return this.#slow.append(append, done)
    if (this.take(append, done) === 'taken') return false
    this.#slow.hold(append, done)
    return true
  }

  take(append: Append, done: Done, isChecked = false): Taken {
    const outcome = this.#tryAppend(append, isChecked)
    if (outcome === notYet) return 'writeFirst'
    if (outcome === isLarge) return 'rewriteFirst'
    this.refuse(outcome, done)
    return 'taken'
  }

  refuse(outcome: AppendOutcome, done: Done): void {
    this.#outcomes.push(outcome)
    this.#dones.push(done)
    this.#state.context.turns.join(this)
  }

  /** Resolves when nothing is being written in another thread. What is appended from then on waits for `resume`. */
  async pause(): Promise<void> {
    this.#slow.pause()
    await this.settle()
  }

  /** Resolves when what was taken until now is written, or failed. */
  async settle(): Promise<void> {
    if (this.#slow.writing === undefined && this.#chunks.length > 0) this.#startWriting()
    await this.#slow.writing
  }

  /** The same of all that waits. */
  async drain(): Promise<void> {
    do {
      await this.settle()
      await this.#slow.rewriting
    } while (this.waiting || this.#slow.hasLater)
  }

  #startWriting(): void {
    if (this.#state.home.isSlow) this.#slow.write()
    else this.#writeWaiting()
  }

  /** Whether what is in the log can't change in this turn, but for what `writeNow` writes. */
  get isSettled(): boolean {
    return this.#slow.writing === undefined
  }

  resume(): void {
    this.#slow.resume()
  }

  /** What waits, for who goes on with the log. */
  handOver(): readonly Waiting[] {
    return this.#slow.handOver()
  }

  #tryAppend(append: Append, isChecked: boolean): AppendOutcome {
    const offline = this.#state.offlineReason
    if (offline !== undefined) return failedAppend('KAFKA_STORAGE_ERROR', offline)
    try {
      if (append.origin === 'replication') return this.#appendCopies(append)
      return this.#appendAsLeader(append, isChecked)
    } catch (error) {
      this.#state.context.logger.error('an append failed', { partition: this.#state.name, error: errorMessage(error) })
      return failedAppend('KAFKA_STORAGE_ERROR', errorMessage(error))
    }
  }

  #appendAsLeader(append: Append, isChecked: boolean): AppendOutcome {
    const { config, context } = this.#state
    const nowMs = context.clock.wallMs()
    let bytes = append.records
    if (append.origin === 'client' && !isChecked) {
      const { decompressedBatchBytesMax: decompressedBytesMax } = context.settings
      const checked = checkClientAppend(bytes, { config, nowMs, decompressedBytesMax })
      if (checked === 'large') return isLarge
      if ('refusal' in checked) return { ok: false, ...checked.refusal }
      bytes = checked.bytes
    }
    if (bytes.length > config.segmentBytes) {
      return failedAppend('RECORD_LIST_TOO_LARGE', `${bytes.length} bytes, segment.bytes is ${config.segmentBytes}`)
    }
    const logAppendTimeMs = config.messageTimestampType === 'LogAppendTime' ? nowMs : -1
    const end = assignOffsets(bytes, this.#nextOffset, append.leaderEpoch, logAppendTimeMs)
    return this.#place(bytes, append, this.#nextOffset, end, logAppendTimeMs)
  }

  #appendCopies(append: Append): AppendOutcome {
    const { records } = append
    const last = lastCopyAt(records, append.leaderEpoch, this.#nextOffset)
    if (typeof last !== 'number') return last
    if (last < 0) return this.#nothingAppended()
    const bytes = records.subarray(0, nextBatch(records, last))
    return this.#place(bytes, append, batchField.baseOffset(bytes, 0), batchField.lastOffset(bytes, last) + 1, -1)
  }

  #nothingAppended(): AppendOutcome {
    const offset = asOffset(this.#nextOffset)
    return this.#accepted(offset, asOffset(offset - 1), -1, false)
  }

  #place(
    bytes: Uint8Array,
    append: Append,
    baseOffset: number,
    endOffset: number,
    logAppendTimeMs: number,
  ): AppendOutcome {
    if (!this.#makeRoom(bytes, baseOffset, endOffset)) return notYet
    const mark = this.#state.producers.mark()
    for (let at = 0; at < bytes.length; at = nextBatch(bytes, at)) {
      const outcome = this.#state.producers.accept(bytes, at, append.origin, append.transactionVersion)
      if (outcome.kind === 'refused') {
        this.#state.producers.undo(this.#nextOffset, mark)
        return { ok: false, ...outcome.refusal }
      }
      if (outcome.kind === 'duplicate') {
        const { lastOffset, timestampMs } = outcome.of
        return this.#accepted(asOffset(firstOffset(outcome.of)), asOffset(lastOffset), timestampMs, true)
      }
      if (outcome.aborted !== undefined) this.#aborted.push(outcome.aborted)
    }
    this.#chunks.push(this.#state.context.tailCache.place(bytes))
    this.#chunkBytes += bytes.length
    this.#nextOffset = endOffset
    return this.#accepted(asOffset(baseOffset), asOffset(endOffset - 1), logAppendTimeMs, false)
  }

  #accepted(baseOffset: Offset, lastOffset: Offset, logAppendTimeMs: number, duplicate: boolean): AppendOutcome {
    const logStartOffset = asOffset(this.#state.logStartOffset)
    return { ok: true, baseOffset, lastOffset, logAppendTimeMs, logStartOffset, duplicate }
  }

  /** Says whether there is room in the segment that is written to. */
  #makeRoom(bytes: Uint8Array, baseOffset: number, endOffset: number): boolean {
    const maxTimestampMs = maxTimestampMsOf(bytes)
    const waitingBytes = this.#chunkBytes
    if (!mustRoll(this.#state, { bytes: bytes.length, waitingBytes, maxTimestampMs, lastOffset: endOffset - 1 }))
      return true
    if (this.#state.home.isSlow && (waitingBytes > 0 || this.#slow.rollsLater(baseOffset))) return false
    this.#writeWaiting()
    // What was to be written before failed: its offsets are free again, and this append's are wrong.
    if (this.#nextOffset < baseOffset && waitingBytes > 0) throw new Error('the write before this one failed')
    roll(this.#state, baseOffset)
    return true
  }

  /** Before something that works on the log as it is; those who wait are told at the turn's end all the same. */
  writeNow(): void {
    this.#writeWaiting()
  }

  write(written: Written[]): void {
    if (this.#chunks.length > 0) this.#startWriting()
    written.push(...this.#written)
    this.#written = []
  }

  /** Runs when what is being written in another thread is; not at all where nothing is. */
  afterWriting(work: () => void): void {
    this.#slow.afterWriting(work)
  }

  admitWritten(): void {
    this.#state.context.tailCache.admit(this.#written.splice(0))
  }

  failAll(chunks: readonly Placed[], reason: string): void {
    for (const chunk of chunks) this.#state.context.tailCache.release(chunk)
    this.#failUnwritten(`records could not be written: ${reason}`)
  }

  /** The directory is offline, maybe with a write that never ends: nobody waits any longer. */
  abandon(reason: string): void {
    if (this.#slow.writing !== undefined) {
      this.#failUnwritten(reason)
      this.finish()
    }
    this.#slow.failLater(reason)
  }

  takeChunks(): Placed[] {
    this.#chunkBytes = 0
    return this.#chunks.splice(0)
  }

  #writeWaiting(): void {
    if (this.#chunks.length === 0) return
    const { segments } = this.#state
    const bytes = this.#chunkBytes
    const chunks = this.takeChunks()
    const position = segments.active.sizeBytes
    const { clock } = this.#state.context
    const startMs = clock.monotonicMs()
    try {
      segments.active.write(
        chunks.map((chunk) => chunk.bytes),
        bytes,
      )
    } catch (error) {
      this.undo(chunks, error)
      return
    }
    this.noteWritten(chunks, bytes, position)
    this.#state.home.writeTook(clock.monotonicMs() - startMs)
  }

  noteWritten(chunks: readonly Placed[], bytes: number, startPosition: number): void {
    const state = this.#state
    const { active } = state.segments
    let position = startPosition
    for (const chunk of chunks) {
      this.#written.push({ tail: state.tail, entry: noteChunk(state, chunk, position) })
      position += chunk.bytes.length
    }
    for (const aborted of this.#aborted) active.indexes.transactions.append(aborted)
    this.#aborted = []
    state.producers.keep()
    this.#answers.wrote(this.#nextOffset - state.logEndOffset)
    state.logEndOffset = this.#nextOffset
    state.bytesSinceSnapshot += bytes
    this.#unwrittenFrom = this.#outcomes.length
    state.home.wrote(state, bytes)
    writeEpochs(state)
  }

  undo(chunks: readonly Placed[], error: unknown): void {
    const state = this.#state
    const reason = errorMessage(error)
    state.context.logger.error('a write failed and was undone', { partition: state.name, reason })
    this.failAll(chunks, reason)
    if (state.offlineReason === undefined) undoWrite(state, error)
  }

  #failUnwritten(message: string): void {
    const state = this.#state
    this.#nextOffset = state.logEndOffset
    state.producers.undo(state.logEndOffset)
    this.#aborted = []
    for (let slot = this.#unwrittenFrom; slot < this.#outcomes.length; slot += 1) {
      if (this.#outcomes[slot]?.ok === true) this.#outcomes[slot] = failedAppend('KAFKA_STORAGE_ERROR', message)
    }
    this.#unwrittenFrom = this.#outcomes.length
  }

  finish(): void {
    // They are told when it is done.
    if (this.#slow.writing !== undefined && this.#state.home.offlineReason === undefined) return
    const dones = this.#dones
    const outcomes = this.#outcomes
    this.#dones = []
    this.#outcomes = []
    this.#unwrittenFrom = 0
    this.#answers.give(dones, outcomes, this.#state.config.flushIntervalMessages)
    this.#slow.takeLater()
  }

  /** The log was cut: what comes next goes to its end, and what was cut is not kept in memory. */
  reset(): void {
    this.#nextOffset = this.#state.logEndOffset
    for (const { entry } of this.#written.splice(0)) this.#state.context.tailCache.release(entry)
  }
}
