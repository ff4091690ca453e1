import { errorMessage } from '@millrace/kernel'
import type { ErrorName } from '@millrace/protocol'
import type { AppendOutcome } from './partition-log.ts'

export type Done = (outcome: AppendOutcome) => void

export const failedAppend = (error: ErrorName, message: string): AppendOutcome => ({ ok: false, error, message })

/** Tells those who appended how it went: at the turn's end, or when `log.flush.interval.messages` has made it durable. */
export class AppendAnswers {
  readonly #listeners: (() => void)[] = []
  /** Resolves when everything before is durable; set while appends wait for that. */
  #flushing: Promise<void> | undefined
  #messagesSinceFlush = 0
  readonly #flush: () => Promise<void>

  constructor(flush: () => Promise<void>) {
    this.#flush = flush
  }

  onWritten(listener: () => void): void {
    this.#listeners.push(listener)
  }

  wrote(messages: number): void {
    this.#messagesSinceFlush += messages
  }

  /** Both lists have one entry per append of the turn, in order. */
  give(dones: readonly Done[], outcomes: readonly AppendOutcome[], flushIntervalMessages: number): void {
    const flushDue = this.#messagesSinceFlush >= flushIntervalMessages
    if (!flushDue && this.#flushing === undefined) this.#tell(dones, outcomes)
    else this.#tellWhenDurable(dones, outcomes, flushDue)
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
}

const asFailed = (outcome: AppendOutcome, reason: string): AppendOutcome =>
  outcome.ok ? failedAppend('KAFKA_STORAGE_ERROR', reason) : outcome
