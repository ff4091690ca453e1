import { errorMessage } from '@millrace/kernel'
import type { DirectoryGround } from './directory-ground.ts'
import type { LogState } from './log-state.ts'

// What a timer of the host takes; longer is never, and a broker doesn't run that long without writing.
const timerMsMax = 0x7fff_ffff

/** What was written to the logs of one directory and isn't synced: when it is. */
export class DirectoryFlushes {
  readonly #ground: DirectoryGround
  #unsyncedBytes = 0
  #unsynced = new Set<LogState>()

  constructor(ground: DirectoryGround) {
    this.#ground = ground
  }

  wrote(log: LogState, bytes: number): void {
    this.#unsynced.add(log)
    this.#unsyncedBytes += bytes
    const { timers, context } = this.#ground
    const { flushIntervalMs } = log.config
    if (flushIntervalMs <= timerMsMax) timers.once(`flush ${log.name}`, flushIntervalMs, () => this.#flush(log))
    if (this.#unsyncedBytes >= context.settings.backgroundFlushBytes) this.#flushInBackground()
  }

  forget(log: LogState): void {
    this.#unsynced.delete(log)
  }

  // Every few dozen MB, so that the kernel never has so much to write that it stops us.
  #flushInBackground(): void {
    const logs = this.#unsynced
    this.#unsynced = new Set()
    this.#unsyncedBytes = 0
    for (const log of logs) void this.#flush(log)
  }

  async #flush(log: LogState): Promise<void> {
    try {
      await this.#ground.logs.get(log.name)?.flush()
    } catch (error) {
      this.#ground.context.logger.error('a flush failed', { partition: log.name, error: errorMessage(error) })
    }
  }
}
