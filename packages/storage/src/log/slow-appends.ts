import { errorMessage } from '@millrace/kernel'
import { failedAppend } from './append-answers.ts'
import type { Done } from './append-answers.ts'
import type { LogState } from './log-state.ts'
import type { Append } from './partition-log.ts'
import { isRollPrepared, prepareRoll } from './roll.ts'
import type { Placed } from './tail-blocks.ts'

export type Waiting = { readonly append: Append; readonly done: Done }

/** The appender, as this half of it sees the other. */
export interface TurnAppends {
  /** Gives an append its offsets. Says no where what was taken before it must be written first: it has to come again. */
  take(append: Append, done: Done): boolean
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
 * The appends of a log in a directory whose disk is slow, or that is paused. The write of a turn is made in the directory's
 * writer thread, and what is appended meanwhile isn't looked at before it is done: so there is never more than one write to
 * undo.
 */
export class SlowAppends {
  readonly #state: LogState
  readonly #turn: TurnAppends
  /** The write in another thread, which ends with the outcomes told. */
  #writing: Promise<void> | undefined
  readonly #afterWriting: (() => void)[] = []
  #isPaused = false
  /** What comes while a write is made in another thread, in order. */
  #later: Waiting[] = []

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

  append(append: Append, done: Done): void {
    const kept = copyOf(append)
    // Offsets are written into the bytes: what has to come again must come as it was.
    if (this.isBusy || !this.#turn.take(copyOf(kept), done)) this.#later.push({ append: kept, done })
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

  /** Takes what came meanwhile, as one turn's: a write in another thread comes next, or one that is made at once. */
  takeLater(): void {
    if (this.#isPaused || this.#later.length === 0) return
    const later = this.#later.splice(0)
    const taken = later.findIndex(({ append, done }) => !this.#takeFrom(append, done))
    if (taken >= 0) this.#later.unshift(...later.slice(taken))
  }

  #takeFrom(append: Append, done: Done): boolean {
    const isOld = append.origin !== 'replication' && append.leaderEpoch < this.#state.epochs.latest
    if (!isOld) return this.#turn.take(copyOf(append), done)
    done(failedAppend('NOT_LEADER_OR_FOLLOWER', `${this.#state.name} has got another leader`))
    return true
  }
}

// The memory of a request is used for the next one; a Buffer's own slice would be a view of it.
const copyOf = (append: Append): Append => ({ ...append, records: new Uint8Array(append.records) })
