import type { Clock, Timer } from '@millrace/kernel'
import type { Session } from './store.ts'

/** What a store says to a renewal; `unknown` where it didn't answer, which the next renewal makes up for. */
export type Renewal = 'alive' | 'gone' | 'unknown'

/** What a driver does for a session. */
export interface SessionCalls {
  renew(): Promise<Renewal>
  end(): Promise<void>
}

/** Of `ttlMs`: how long after the last renewal was sent what only the lease vouches for still holds. */
const vouchedShare = 0.7

/** A session that renews itself three times per `ttlMs` until it is closed or lost. */
export class LeasedSession implements Session {
  readonly id: string
  readonly ttlMs: number
  readonly #clock: Clock
  readonly #calls: SessionCalls
  readonly #listeners: (() => void)[] = []
  #renewedAtMs: number
  #timer: Timer | null = null
  #state: 'open' | 'lost' | 'closed' = 'open'

  /** `openedAtMs` is when opening it was sent. */
  constructor(id: string, ttlMs: number, openedAtMs: number, clock: Clock, calls: SessionCalls) {
    this.id = id
    this.ttlMs = ttlMs
    this.#renewedAtMs = openedAtMs
    this.#clock = clock
    this.#calls = calls
    this.#schedule()
  }

  get renewedAtMs(): number {
    return this.#renewedAtMs
  }

  vouches(): boolean {
    return this.#state === 'open' && this.#clock.monotonicMs() - this.#renewedAtMs < vouchedShare * this.ttlMs
  }

  onLost(listener: () => void): void {
    if (this.#state === 'lost') listener()
    else this.#listeners.push(listener)
  }

  async close(): Promise<void> {
    if (this.#state !== 'open') return
    this.#state = 'closed'
    this.#timer?.cancel()
    await this.#calls.end()
  }

  /** The owner's store closes: nothing renews the session any more, and it isn't ended. */
  abandon(): void {
    this.#timer?.cancel()
    if (this.#state === 'open') this.#state = 'closed'
  }

  #schedule(): void {
    this.#timer = this.#clock.setTimer(this.ttlMs / 3, () => this.#renew())
  }

  async #renew(): Promise<void> {
    const sentAtMs = this.#clock.monotonicMs()
    const renewal = await this.#calls.renew()
    if (this.#state !== 'open') return
    if (renewal === 'alive') this.#renewedAtMs = sentAtMs
    if (renewal === 'gone') this.#lose()
    else this.#schedule()
  }

  #lose(): void {
    this.#state = 'lost'
    for (const listener of this.#listeners) listener()
  }
}
