import type { Timer } from '@millrace/kernel'
import { errorMessage } from '@millrace/kernel'
import type { Cleaner } from '../compaction/cleaner.ts'
import type { Log } from './log.ts'
import type { LogContext } from './log-context.ts'

/** What is done to all logs from time to time: retention, and forgetting producers that were silent for long. */
export class LogTasks {
  readonly #context: LogContext
  readonly #logs: () => Iterable<Log>
  readonly #cleaner: Cleaner
  readonly #timers = new Map<string, Timer>()
  #stopped = false

  constructor(context: LogContext, logs: () => Iterable<Log>, cleaner: Cleaner) {
    this.#context = context
    this.#logs = logs
    this.#cleaner = cleaner
  }

  start(): void {
    const { initialTaskDelayMs } = this.#context.settings
    this.#repeat(
      'retention',
      initialTaskDelayMs,
      () => this.#context.settings.retentionCheckIntervalMs,
      () => this.runRetention(),
    )
    const expiryMs = (): number => this.#context.settings.producerIdExpirationCheckIntervalMs
    this.#repeat('producers', expiryMs(), expiryMs, () => this.#expireProducers())
  }

  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers.values()) timer.cancel()
  }

  #repeat(key: string, delayMs: number, everyMs: () => number, work: () => void | Promise<void>): void {
    const run = async (): Promise<void> => {
      await work()
      if (!this.#stopped) this.#timers.set(key, this.#context.clock.setTimer(everyMs(), run))
    }
    this.#timers.set(key, this.#context.clock.setTimer(delayMs, run))
  }

  async runRetention(): Promise<void> {
    for (const log of this.#logs()) {
      // It would throw away what was compacted so far; it comes when that is done.
      if (this.#cleaner.isCompacting(log)) continue
      try {
        log.applyRetention()
      } catch (error) {
        this.#context.logger.error('retention failed', { partition: log.state.name, error: errorMessage(error) })
      }
    }
  }

  #expireProducers(): void {
    const nowMs = this.#context.clock.sessions.wallMs()
    const { producerIdExpirationMs } = this.#context.settings
    for (const log of this.#logs()) log.state.producers.expire(nowMs, producerIdExpirationMs)
  }
}
