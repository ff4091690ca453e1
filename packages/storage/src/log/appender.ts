import type { Offset } from '@millrace/kernel'
import { asOffset, errorMessage } from '@millrace/kernel'
import type { ErrorName } from '@millrace/protocol'
import {
  batches,
  batchField,
  checkBatch,
  writeBaseOffset,
  writeLeaderEpoch,
  writeLogAppendTime,
} from '@millrace/protocol'
import { isDeviceError } from '../io/disk-errors.ts'
import type { AbortedTxnEntry } from '../segment/transaction-index.ts'
import { firstOffset } from '../producer/producer-entry.ts'
import { checkClientAppend } from './check-client-append.ts'
import type { LogState } from './log-state.ts'
import type { Append, AppendOutcome } from './partition-log.ts'
import { isRollPrepared, mustRoll, prepareRoll, roll } from './roll.ts'
import type { Placed } from './tail-blocks.ts'
import type { Tail, TailEntry } from './tail-cache.ts'
import type { TurnMember } from './turns.ts'

type Done = (outcome: AppendOutcome) => void
type Written = { tail: Tail; entry: TailEntry }
type Waiting = { readonly append: Append; readonly done: Done }

const fail = (error: ErrorName, message: string): AppendOutcome => ({ ok: false, error, message })

/** Of an append that isn't taken yet: what was taken before it must be written first. */
const notYet = fail('KAFKA_STORAGE_ERROR', 'the disk is slow')

/**
 * Takes a log's appends. Offsets are given out and producers checked at once; the bytes of one turn are one write. When
 * that fails, the file, the offsets and the producers are as they were before, and all who waited for it are told.
 *
 * In a directory whose disk is slow the write of a turn is made in another thread, and what is appended meanwhile isn't
 * looked at before it is done: so there is never more than one write to undo.
 */
export class Appender implements TurnMember {
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
  readonly #listeners: (() => void)[] = []
  /** Resolves when everything before is durable; set while log.flush.interval.messages makes appends wait. */
  #flushing: Promise<void> | undefined
  #messagesSinceFlush = 0
  readonly #flush: () => Promise<void>
  /** The write in another thread, which ends with the outcomes told. */
  #writing: Promise<void> | undefined
  readonly #afterWriting: (() => void)[] = []
  #isPaused = false
  /** What comes while a write is made in another thread, in order. */
  #later: Waiting[] = []

  constructor(state: LogState, flush: () => Promise<void>) {
    this.#state = state
    this.#nextOffset = state.logEndOffset
    this.#flush = flush
  }

  onWritten(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Whether something was taken that isn't in the log yet. */
  get waiting(): boolean {
    return this.#chunks.length > 0 || this.#writing !== undefined
  }

  append(append: Append, done: Done): void {
    if (this.#isBusy) this.#later.push({ append: copyOf(append), done })
    else if (this.#state.home.isSlow) this.#appendSlowly(copyOf(append), done)
    else this.#take(append, done)
  }

  get #isBusy(): boolean {
    return this.#writing !== undefined || this.#isPaused || this.#later.length > 0
  }

  #take(append: Append, done: Done): boolean {
    const outcome = this.#tryAppend(append)
    if (outcome === notYet) return false
    this.#outcomes.push(outcome)
    this.#dones.push(done)
    this.#state.context.turns.join(this)
    return true
  }

  #appendSlowly(append: Append, done: Done): void {
    // Offsets are written into the bytes: what has to come again must come as it was.
    if (!this.#take(copyOf(append), done)) this.#later.push({ append, done })
  }

  /** Resolves when nothing is being written in another thread. What is appended from then on waits for `resume`. */
  async pause(): Promise<void> {
    this.#isPaused = true
    await this.settle()
  }

  /** Resolves when what was taken until now is written, or failed. */
  async settle(): Promise<void> {
    if (this.#writing === undefined && this.#chunks.length > 0) this.#startWriting()
    await this.#writing
  }

  /** The same of all that waits. */
  async drain(): Promise<void> {
    do await this.settle()
    while (this.#writing !== undefined || this.#chunks.length > 0 || this.#later.length > 0)
  }

  #startWriting(): void {
    if (this.#state.home.isSlow) this.#writing = this.#writeLater()
    else this.#writeWaiting()
  }

  /** Whether what is in the log can't change in this turn, but for what `writeNow` writes. */
  get isSettled(): boolean {
    return this.#writing === undefined
  }

  resume(): void {
    this.#isPaused = false
    this.#takeLater()
  }

  /** What waits, for who goes on with the log. */
  handOver(): readonly Waiting[] {
    return this.#later.splice(0)
  }

  #tryAppend(append: Append): AppendOutcome {
    const offline = this.#state.offlineReason
    if (offline !== undefined) return fail('KAFKA_STORAGE_ERROR', offline)
    try {
      if (append.origin === 'replication') return this.#appendCopies(append)
      return this.#appendAsLeader(append)
    } catch (error) {
      this.#state.context.logger.error('an append failed', { partition: this.#state.name, error: errorMessage(error) })
      return fail('KAFKA_STORAGE_ERROR', errorMessage(error))
    }
  }

  #appendAsLeader(append: Append): AppendOutcome {
    const { config, context } = this.#state
    const nowMs = context.clock.wallMs()
    let bytes = append.records
    if (append.origin === 'client') {
      const { decompressedBatchBytesMax: decompressedBytesMax } = context.settings
      const checked = checkClientAppend(bytes, { config, nowMs, decompressedBytesMax })
      if ('refusal' in checked) return { ok: false, ...checked.refusal }
      bytes = checked.bytes
    }
    if (bytes.length > config.segmentBytes) {
      return fail('RECORD_LIST_TOO_LARGE', `${bytes.length} bytes, segment.bytes is ${config.segmentBytes}`)
    }
    const logAppendTimeMs = config.messageTimestampType === 'LogAppendTime' ? nowMs : -1
    const end = this.#assign(bytes, append, logAppendTimeMs)
    return this.#place(bytes, append, this.#nextOffset, end, logAppendTimeMs)
  }

  // Offsets and epoch lie outside the CRC; only the broker's time makes it computed anew.
  #assign(bytes: Uint8Array, append: Append, logAppendTimeMs: number): number {
    let offset = this.#nextOffset
    for (let at = 0; at < bytes.length; at = nextBatch(bytes, at)) {
      writeBaseOffset(bytes, at, offset)
      writeLeaderEpoch(bytes, at, append.leaderEpoch)
      if (logAppendTimeMs >= 0) writeLogAppendTime(bytes, at, logAppendTimeMs)
      offset += batchField.lastOffsetDelta(bytes, at) + 1
    }
    return offset
  }

  /** A leader's batches as they are: offsets rise, CRCs are right, and no epoch is later than ours (KAFKA-18723). */
  #appendCopies(append: Append): AppendOutcome {
    const { records } = append
    let end = 0
    let expected = this.#nextOffset
    for (const at of batches(records)) {
      const problem = checkBatch(records, at)
      if (problem !== null) return fail(problem.error, problem.message)
      if (batchField.leaderEpoch(records, at) > append.leaderEpoch) break
      const baseOffset = batchField.baseOffset(records, at)
      if (baseOffset < expected) {
        return fail('OFFSET_OUT_OF_RANGE', `a leader's batch starts at ${baseOffset}, the log ends at ${expected}`)
      }
      expected = batchField.lastOffset(records, at) + 1
      end = at + batchField.sizeBytes(records, at)
    }
    if (end === 0) return this.#nothingAppended()
    const bytes = records.subarray(0, end)
    return this.#place(bytes, append, batchField.baseOffset(bytes, 0), expected, -1)
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
    let maxTimestampMs = -1
    for (let at = 0; at < bytes.length; at = nextBatch(bytes, at))
      maxTimestampMs = Math.max(maxTimestampMs, batchField.maxTimestampMs(bytes, at))
    const waitingBytes = this.#chunkBytes
    if (!mustRoll(this.#state, { bytes: bytes.length, waitingBytes, maxTimestampMs, lastOffset: endOffset - 1 }))
      return true
    if (this.#state.home.isSlow && (waitingBytes > 0 || this.#rollsLater(baseOffset))) return false
    this.#writeWaiting()
    // What was to be written before failed: its offsets are free again, and this append's are wrong.
    if (this.#nextOffset < baseOffset && waitingBytes > 0) throw new Error('the write before this one failed')
    roll(this.#state, baseOffset)
    return true
  }

  /** What a new segment needs to be written before is written in another thread first. Says whether it isn't yet. */
  #rollsLater(baseOffset: number): boolean {
    if (isRollPrepared(this.#state, baseOffset)) return false
    this.#writing = this.#prepareRoll(baseOffset)
    return true
  }

  async #prepareRoll(baseOffset: number): Promise<void> {
    const state = this.#state
    try {
      await state.home.writeLater(() => prepareRoll(state, baseOffset))
    } catch (error) {
      state.context.logger.error('a new segment could not be begun', {
        partition: state.name,
        error: errorMessage(error),
      })
      this.#failLater(errorMessage(error))
    }
    this.#writing = undefined
    this.finish()
  }

  #failLater(reason: string): void {
    for (const { done } of this.#later.splice(0)) done(fail('KAFKA_STORAGE_ERROR', reason))
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

  async #writeLater(): Promise<void> {
    const { active } = this.#state.segments
    const chunks = this.#takeChunks()
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0)
    const position = active.sizeBytes
    try {
      await this.#state.home.writeLater(() =>
        active.writeLater(
          chunks.map((chunk) => chunk.bytes),
          bytes,
        ),
      )
      if (this.#state.offlineReason === undefined) this.#noteWritten(chunks, bytes, position)
      else this.#failAll(chunks, this.#state.offlineReason)
    } catch (error) {
      this.#undo(chunks, error)
    }
    this.#writing = undefined
    for (const work of this.#afterWriting.splice(0)) work()
    this.#state.context.tailCache.admit(this.#written.splice(0))
    this.finish()
  }

  /** Runs when what is being written in another thread is; not at all where nothing is. */
  afterWriting(work: () => void): void {
    if (this.#writing !== undefined) this.#afterWriting.push(work)
  }

  // As one turn's: a write in another thread comes next, or one that is made at once.
  #takeLater(): void {
    if (this.#isPaused) return
    const later = this.#later.splice(0)
    const taken = later.findIndex(({ append, done }) => !this.#takeFrom(append, done))
    if (taken >= 0) this.#later.unshift(...later.slice(taken))
  }

  #takeFrom(append: Append, done: Done): boolean {
    const isOld = append.origin !== 'replication' && append.leaderEpoch < this.#state.epochs.latest
    if (!isOld) return this.#take(copyOf(append), done)
    done(fail('NOT_LEADER_OR_FOLLOWER', `${this.#state.name} has got another leader`))
    return true
  }

  #failAll(chunks: readonly Placed[], reason: string): void {
    for (const chunk of chunks) this.#state.context.tailCache.release(chunk)
    this.#failUnwritten(`records could not be written: ${reason}`)
  }

  /** The directory is offline, maybe with a write that never ends: nobody waits any longer. */
  abandon(reason: string): void {
    if (this.#writing !== undefined) {
      this.#failUnwritten(reason)
      this.finish()
    }
    this.#failLater(reason)
  }

  #takeChunks(): Placed[] {
    this.#chunkBytes = 0
    return this.#chunks.splice(0)
  }

  #writeWaiting(): void {
    if (this.#chunks.length === 0) return
    const { segments } = this.#state
    const bytes = this.#chunkBytes
    const chunks = this.#takeChunks()
    const position = segments.active.sizeBytes
    const { clock } = this.#state.context
    const startMs = clock.monotonicMs()
    try {
      segments.active.write(
        chunks.map((chunk) => chunk.bytes),
        bytes,
      )
    } catch (error) {
      this.#undo(chunks, error)
      return
    }
    this.#noteWritten(chunks, bytes, position)
    this.#state.home.writeTook(clock.monotonicMs() - startMs)
  }

  #noteWritten(chunks: readonly Placed[], bytes: number, startPosition: number): void {
    const state = this.#state
    const { active } = state.segments
    let position = startPosition
    for (const chunk of chunks) {
      const batchBytes = chunk.bytes
      let lastOffset = -1
      for (let at = 0; at < batchBytes.length; at = nextBatch(batchBytes, at)) {
        active.noteBatch(batchBytes, at, position + at)
        lastOffset = batchField.lastOffset(batchBytes, at)
        const leaderEpoch = batchField.leaderEpoch(batchBytes, at)
        if (leaderEpoch >= 0) state.epochs.assign(leaderEpoch, batchField.baseOffset(batchBytes, at))
      }
      position += batchBytes.length
      const baseOffset = batchField.baseOffset(batchBytes, 0)
      this.#written.push({ tail: state.tail, entry: { ...chunk, baseOffset, lastOffset } })
    }
    for (const aborted of this.#aborted) active.indexes.transactions.append(aborted)
    this.#aborted = []
    state.producers.keep()
    this.#messagesSinceFlush += this.#nextOffset - state.logEndOffset
    state.logEndOffset = this.#nextOffset
    state.bytesSinceSnapshot += bytes
    this.#unwrittenFrom = this.#outcomes.length
    state.home.wrote(state, bytes)
    this.#writeEpochs()
  }

  #writeEpochs(): void {
    try {
      this.#state.writeEpochs()
    } catch (error) {
      const fields = { partition: this.#state.name, error: errorMessage(error) }
      this.#state.context.logger.warn('the leader epochs could not be written, and will be with the next flush', fields)
    }
  }

  #undo(chunks: readonly Placed[], error: unknown): void {
    const state = this.#state
    const reason = errorMessage(error)
    state.context.logger.error('a write failed and was undone', { partition: state.name, reason })
    this.#failAll(chunks, reason)
    if (state.offlineReason !== undefined) return
    try {
      state.segments.active.undoWrite()
    } catch (undoError) {
      const path = state.segments.active.path
      state.home.fail(`a failed write to ${path} could not be undone: ${errorMessage(undoError)}`)
    }
    if (isDeviceError(error)) state.home.fail(`a write to ${state.segments.active.path} failed: ${reason}`)
  }

  #failUnwritten(message: string): void {
    const state = this.#state
    this.#nextOffset = state.logEndOffset
    state.producers.undo(state.logEndOffset)
    this.#aborted = []
    for (let slot = this.#unwrittenFrom; slot < this.#outcomes.length; slot += 1) {
      if (this.#outcomes[slot]?.ok === true) this.#outcomes[slot] = fail('KAFKA_STORAGE_ERROR', message)
    }
    this.#unwrittenFrom = this.#outcomes.length
  }

  finish(): void {
    // They are told when it is done.
    if (this.#writing !== undefined && this.#state.home.offlineReason === undefined) return
    const dones = this.#dones
    const outcomes = this.#outcomes
    this.#dones = []
    this.#outcomes = []
    this.#unwrittenFrom = 0
    const flushDue = this.#messagesSinceFlush >= this.#state.config.flushIntervalMessages
    if (!flushDue && this.#flushing === undefined) this.#tell(dones, outcomes)
    else this.#tellWhenDurable(dones, outcomes, flushDue)
    if (this.#later.length > 0) this.#takeLater()
  }

  #tell(dones: readonly Done[], outcomes: readonly AppendOutcome[]): void {
    for (const listener of this.#listeners) listener()
    for (let slot = 0; slot < dones.length; slot += 1) dones[slot]!(outcomes[slot]!)
  }

  // Appends that wait share one sync; those behind them keep their place.
  #tellWhenDurable(dones: readonly Done[], outcomes: readonly AppendOutcome[], flushDue: boolean): void {
    if (flushDue) this.#messagesSinceFlush = 0
    const before = this.#flushing ?? Promise.resolve()
    const flushed = flushDue ? this.#flush() : Promise.resolve()
    const tell = async (): Promise<void> => {
      const [, own] = await Promise.allSettled([before, flushed])
      if (this.#flushing === mine) this.#flushing = undefined
      const failed = own.status === 'rejected' ? errorMessage(own.reason) : undefined
      this.#tell(dones, failed === undefined ? outcomes : outcomes.map((outcome) => asFailed(outcome, failed)))
    }
    const mine = tell()
    this.#flushing = mine
  }

  /** The log was cut: what comes next goes to its end, and what was cut is not kept in memory. */
  reset(): void {
    this.#nextOffset = this.#state.logEndOffset
    for (const { entry } of this.#written.splice(0)) this.#state.context.tailCache.release(entry)
  }
}

// What is appended was looked at before: it is whole batches to its end.
const nextBatch = (bytes: Uint8Array, at: number): number => at + batchField.sizeBytes(bytes, at)

// The memory of a request is used for the next one; a Buffer's own slice would be a view of it.
const copyOf = (append: Append): Append => ({ ...append, records: new Uint8Array(append.records) })

const asFailed = (outcome: AppendOutcome, reason: string): AppendOutcome =>
  outcome.ok ? fail('KAFKA_STORAGE_ERROR', reason) : outcome
