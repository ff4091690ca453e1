import { errorMessage } from '@millrace/kernel'
import type { Log } from '../log/log.ts'
import type { LogContext } from '../log/log-context.ts'
import type { CleanableRange } from './cleanable.ts'
import { cleanableRange, shouldClean } from './cleanable.ts'
import { CompactionAbandonedError, compactLog } from './compact-log.ts'

/** Where each log's compaction stands: `cleaner-offset-checkpoint` of its directory. */
export interface CleanerOffsets {
  cleanedUntil(log: Log): number
  setCleanedUntil(log: Log, offset: number): void
}

/** Compacts the logs whose policy says so, one at a time, the one with the most to gain first. */
export class Cleaner {
  readonly #context: LogContext
  readonly #offsets: CleanerOffsets
  readonly #pause: () => Promise<void>
  /** Logs whose last compaction failed for what is in them: they wait for a restart. */
  readonly #failed = new Set<Log>()

  constructor(context: LogContext, offsets: CleanerOffsets, pause: () => Promise<void>) {
    this.#context = context
    this.#offsets = offsets
    this.#pause = pause
  }

  /** Whether some log has anything dirty at all: it may be worth it later. */
  anyDirty(logs: Iterable<Log>): boolean {
    for (const log of logs) if (this.#range(log) !== undefined) return true
    return false
  }

  async run(logs: () => Iterable<Log>): Promise<void> {
    for (;;) {
      const next = this.#dirtiest(logs())
      if (next === undefined) return
      const done = await this.#clean(next.log, next.range)
      if (!done) return
    }
  }

  #range(log: Log): CleanableRange | undefined {
    const { state } = log
    const isCompacted = state.config.cleanupPolicy.includes('compact') && !log.offline && !this.#failed.has(log)
    if (!isCompacted || state.segments.count < 2 || state.copy !== undefined) return undefined
    const range = cleanableRange(state, this.#offsets.cleanedUntil(log), this.#context.clock.wallMs())
    return state.segments.active.baseOffset > range.firstDirtyOffset ? range : undefined
  }

  #dirtiest(logs: Iterable<Log>): { readonly log: Log; readonly range: CleanableRange } | undefined {
    let best: { readonly log: Log; readonly range: CleanableRange } | undefined
    for (const log of logs) {
      const range = this.#range(log)
      if (range === undefined || !shouldClean(log.state, range)) continue
      if (best === undefined || range.dirtyRatio > best.range.dirtyRatio) best = { log, range }
    }
    return best
  }

  async #clean(log: Log, range: CleanableRange): Promise<boolean> {
    const { state } = log
    const before = log.sizeBytes
    try {
      // A recovery takes offsets that are missing past the recovery point for lost ones: it must lie behind those that
      // compaction takes away.
      await log.flush()
      state.home.checkpointRecoveryPoints()
      const until = await compactLog(state, range, this.#pause)
      this.#offsets.setCleanedUntil(log, until)
      this.#context.logger.info('a log was compacted', {
        partition: state.name,
        fromOffset: range.firstDirtyOffset,
        untilOffset: until,
        bytesBefore: before,
        bytesAfter: log.sizeBytes,
      })
      return true
    } catch (error) {
      const abandoned = error instanceof CompactionAbandonedError
      if (!abandoned) this.#failed.add(log)
      const fields = { partition: state.name, error: errorMessage(error) }
      if (abandoned) this.#context.logger.debug('a compaction was abandoned and will be tried again', fields)
      else this.#context.logger.error('a compaction failed: the log is not compacted before the next start', fields)
      return !abandoned
    }
  }
}
