import { errorMessage } from '@millrace/kernel'
import { batchField } from '@millrace/protocol'
import { failedAppend } from './append-answers.ts'
import type { Done } from './append-answers.ts'
import type { CheckedBatch } from './check-client-append.ts'
import type { LogState } from './log-state.ts'
import type { Append, AppendOutcome } from './partition-log.ts'
import { isRollPrepared, prepareRoll } from './roll.ts'
import type { Placed } from './tail-blocks.ts'

export interface Waiting {
  readonly append: Append
  readonly done: Done
  /** What another thread made of its batch. */
  checked?: CheckedBatch
}

/**
 * Whether an append has got its offsets; if not, why it has to come again: what was taken before it must be written first,
 * or its batch is so large that another thread has to look into it, or compress it anew.
 */
export type Taken = 'taken' | 'writeFirst' | 'rewriteFirst'

/** The appender, as this half of it sees the other. */
export interface TurnAppends {
  /** Gives an append its offsets. What `isChecked` isn't looked into any more. */
  take(append: Append, done: Done, isChecked?: boolean): Taken
  /** An append that isn't taken: it is told so after those before it. */
  refuse(outcome: AppendOutcome, done: Done): void
  /** What was taken and isn't written. */
  takeChunks(): Placed[]
  noteWritten(chunks: readonly Placed[], bytes: number, startPosition: number): void
  /** The file is cut to what it was, and who waits for the chunks is told so. */
  undo(chunks: readonly Placed[], error: unknown): void
  failAll(chunks: readonly Placed[], reason: string): void
  /** What was written is kept in memory. */
  admitWritten(): void
  /** Tells those who wait, and takes what came meanwhile. */
  finish(): void
}

/**
 * The appends that can't be taken in the turn that brings them. In a directory whose disk is slow the write of a turn is
 * made in the directory's writer thread, and what is appended meanwhile isn't looked at before it is done: so there is
 * never more than one write to undo. The same holds while another thread compresses a large batch anew, and while the log
 * is paused: the order of a log's appends is the order in which they came.
 */
export class SlowAppends {
  readonly #state: LogState
  readonly #turn: TurnAppends
  /** The write in another thread, which ends with the outcomes told. */
  #writing: Promise<void> | undefined
  readonly #afterWriting: (() => void)[] = []
  #isPaused = false
  /** What comes while something is done in another thread, in order. */
  #later: Waiting[] = []
  /** Another thread works on the batch of the first of them. */
  #rewriting: Promise<void> | undefined

  constructor(state: LogState, turn: TurnAppends) {
    this.#state = state
    this.#turn = turn
  }

  /** Whether what comes now must wait for what came before. */
  get isBusy(): boolean {
    return this.#writing !== undefined || this.#isPaused || this.#later.length > 0
  }

  /** What is under way in another thread. */
  get writing(): Promise<void> | undefined {
    return this.#writing
  }

  get hasLater(): boolean {
    return this.#later.length > 0
  }

  get rewriting(): Promise<void> | undefined {
    return this.#rewriting
  }

  /** Says whether it waits for a large batch. */
  append(append: Append, done: Done): boolean {
    const waiting = { append: copyOf(append), done }
    const taken = this.isBusy ? 'writeFirst' : this.#takeFrom(waiting)
    if (taken === 'rewriteFirst') this.#rewriteFirst(waiting)
    else if (taken === 'writeFirst') this.#later.push(waiting)
    return this.#rewriting !== undefined
  }

  /** An append that is the first to wait: what comes behind it waits as well. */
  hold(append: Append, done: Done): void {
    this.#rewriteFirst({ append: copyOf(append), done })
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.takeLater()
  }

  /** What waits, for who goes on with the log. */
  handOver(): readonly Waiting[] {
    return this.#later.splice(0)
  }

  failLater(reason: string): void {
    for (const { done } of this.#later.splice(0)) done(failedAppend('KAFKA_STORAGE_ERROR', reason))
  }

  /** Runs when what is being written is; not at all where nothing is. */
  afterWriting(work: () => void): void {
    if (this.#writing !== undefined) this.#afterWriting.push(work)
  }

  /** What a new segment needs to be written before is written first. Says whether it isn't yet. */
  rollsLater(baseOffset: number): boolean {
    if (isRollPrepared(this.#state, baseOffset)) return false
    this.#writing = this.#prepareRoll(baseOffset)
    return true
  }

  async #prepareRoll(baseOffset: number): Promise<void> {
    const state = this.#state
    try {
      await state.home.writeLater(() => prepareRoll(state, baseOffset))
    } catch (error) {
      const fields = { partition: state.name, error: errorMessage(error) }
      state.context.logger.error('a new segment could not be begun', fields)
      this.failLater(errorMessage(error))
    }
    this.#writing = undefined
    this.#turn.finish()
  }

  /** Begins to write what the turn brought. */
  write(): void {
    this.#writing = this.#write()
  }

  async #write(): Promise<void> {
    const state = this.#state
    const { active } = state.segments
    const chunks = this.#turn.takeChunks()
    const parts = chunks.map((chunk) => chunk.bytes)
    const bytes = parts.reduce((sum, part) => sum + part.length, 0)
    const position = active.sizeBytes
    try {
      await state.home.writeLater(() => active.writeLater(parts, bytes))
      if (state.offlineReason === undefined) this.#turn.noteWritten(chunks, bytes, position)
      else this.#turn.failAll(chunks, state.offlineReason)
    } catch (error) {
      this.#turn.undo(chunks, error)
    }
    this.#writing = undefined
    for (const work of this.#afterWriting.splice(0)) work()
    this.#turn.admitWritten()
    this.#turn.finish()
  }

  #rewriteFirst(first: Waiting): void {
    this.#later.unshift(first)
    this.#rewriting = this.#rewrite(first)
  }

  async #rewrite(first: Waiting): Promise<void> {
    const { name, config, context } = this.#state
    const { records } = first.append
    const { decompressedBatchBytesMax: decompressedBytesMax } = context.settings
    const batch = records.subarray(0, batchField.sizeBytes(records, 0))
    try {
      const nowMs = context.clock.wallMs()
      first.checked = await context.batchThreads.rewrite(batch, { config, nowMs, decompressedBytesMax })
    } catch (error) {
      const message = `a large batch could not be looked into: ${errorMessage(error)}`
      context.logger.error(message, { partition: name })
      first.checked = { refusal: { error: 'KAFKA_STORAGE_ERROR', message } }
    }
    this.#rewriting = undefined
    this.takeLater()
  }

  /** Takes what came meanwhile, as one turn's: a write in another thread comes next, or one that is made at once. */
  takeLater(): void {
    if (this.#isPaused || this.#writing !== undefined || this.#rewriting !== undefined) return
    const later = this.#later.splice(0)
    for (const [index, waiting] of later.entries()) {
      const taken = this.#takeFrom(waiting)
      if (taken === 'taken') continue
      this.#later.unshift(...later.slice(taken === 'rewriteFirst' ? index + 1 : index))
      if (taken === 'rewriteFirst') this.#rewriteFirst(waiting)
      return
    }
  }

  #takeFrom({ append, done, checked }: Waiting): Taken {
    if (this.#isOld(append)) {
      this.#turn.refuse(failedAppend('NOT_LEADER_OR_FOLLOWER', `${this.#state.name} has got another leader`), done)
    } else if (checked === undefined) {
      // Offsets are written into the bytes: what has to come again must come as it was.
      return this.#turn.take(copyOf(append), done)
    } else if ('bytes' in checked) {
      return this.#turn.take({ ...append, records: checked.bytes }, done, true)
    } else this.#turn.refuse({ ok: false, ...checked.refusal }, done)
    return 'taken'
  }

  /** Whether the partition was lost, or won anew, since it came. */
  #isOld({ origin, leaderEpoch, leadership }: Append): boolean {
    if (origin === 'replication') return false
    return leaderEpoch < this.#state.epochs.latest || leadership?.leads(leaderEpoch) === false
  }
}

// The memory of a request is used for the next one; a Buffer's own slice would be a view of it.
const copyOf = (append: Append): Append => ({ ...append, records: new Uint8Array(append.records) })
