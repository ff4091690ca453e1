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
    const pauseMs = growing(reconnectBackoffMs, reconnectBackoffMaxMs, before)
    this.#troubles.set(address, { failures: before + 1, notBeforeMs: clock.monotonicMs() + pauseMs })
  }

  succeeded(address: string): void {
    this.#troubles.delete(address)
  }
}

/** Doubling, with a fifth of chance, and never beyond the bound: Kafka's ExponentialBackoff. */
export const growing = (firstMs: number, maxMs: number, times: number): number =>
  Math.min(maxMs, Math.min(maxMs, firstMs * 2 ** Math.min(times, 30)) * (0.8 + 0.4 * Math.random()))
