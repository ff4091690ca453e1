import type { Settings } from './settings.ts'

interface Trouble {
  readonly failures: number
  readonly notBeforeMs: number
}

/** How long to leave a broker alone that could not be reached: longer each time, and not all clients at once. */
export class Reconnects {
  readonly #settings: Settings
  readonly #troubles = new Map<string, Trouble>()

  constructor(settings: Settings) {
    this.#settings = settings
  }

  /** What is left of the pause before the next attempt. */
  waitMs(address: string): number {
    const trouble = this.#troubles.get(address)
    return trouble === undefined ? 0 : Math.max(0, trouble.notBeforeMs - this.#settings.clock.monotonicMs())
  }

  /** How long the next attempt may take. */
  setupTimeoutMs(address: string): number {
    const { connectTimeoutMs, connectTimeoutMaxMs } = this.#settings
    const failures = this.#troubles.get(address)?.failures ?? 0
    return failures === 0 ? connectTimeoutMs : growing(connectTimeoutMs, connectTimeoutMaxMs, failures)
  }

  /** Connections of several lanes that fail together count as one failure. */
  failed(address: string): void {
    if (this.waitMs(address) > 0) return
    const { clock, reconnectBackoffMs, reconnectBackoffMaxMs } = this.#settings
    const before = this.#troubles.get(address)?.failures ?? 0
    const waitMs = pauseOf(reconnectBackoffMs, reconnectBackoffMaxMs, before)
    this.#troubles.set(address, { failures: before + 1, notBeforeMs: clock.monotonicMs() + waitMs })
  }

  succeeded(address: string): void {
    this.#troubles.delete(address)
  }
}

/** Doubling, with a fifth of chance, and never beyond the bound: Kafka's ExponentialBackoff. */
const growing = (firstMs: number, maxMs: number, times: number): number =>
  Math.min(maxMs, doubled(firstMs, maxMs, times) * (0.8 + 0.4 * Math.random()))

/**
 * How long to wait after failures: the same, but with its chance below the bound, three to four fifths of it at the end.
 * So whoever waits for a broker is done with waiting well within the bound of its return, and has the rest of it to
 * connect and go on: with Kafka's default, a second in all.
 */
export const pauseOf = (firstMs: number, maxMs: number, times: number): number => {
  const chance = Math.random()
  return Math.min(doubled(firstMs, maxMs, times) * (0.8 + 0.4 * chance), maxMs * (0.6 + 0.2 * chance))
}

const doubled = (firstMs: number, maxMs: number, times: number): number =>
  Math.min(maxMs, firstMs * 2 ** Math.min(times, 30))
