import type { Metrics } from '@millrace/kernel'
import type { Log } from '../log/log.ts'
import type { LogContext } from '../log/log-context.ts'
import type { CleanableRange } from './cleanable.ts'
import type { JobOutcome, JobStats } from './compaction-job.ts'

export interface CompactedRun {
  readonly range: CleanableRange
  readonly outcome: Extract<JobOutcome, { kind: 'done' }>
  readonly tookMs: number
  readonly bytesBefore: number
}

/** What there is to know of compaction: in the log, and in metrics with Kafka's names. */
export class CleanerRecord {
  readonly #context: LogContext
  /** Logs whose last compaction failed for what is in them: they wait for a restart. */
  readonly #uncleanable = new Map<Log, string>()
  #dirtyRatioMax = 0
  #overdueMsMax = 0
  #lookedAtMs: number
  #last: { readonly stats: JobStats; readonly tookMs: number } | undefined

  constructor(context: LogContext) {
    this.#context = context
    this.#lookedAtMs = context.clock.wallMs()
  }

  isUncleanable(log: Log): boolean {
    return this.#uncleanable.has(log)
  }

  uncleanable(log: Log, reason: string): void {
    this.#uncleanable.set(log, reason)
    const fields = { partition: log.state.name, directory: log.directory, error: reason }
    this.#context.logger.error('a compaction failed: the log is not compacted before the next start', fields)
  }

  /** All logs are looked at for the next to compact. */
  beginLook(nowMs: number): { saw(range: CleanableRange): void; end(): void } {
    let dirtyRatioMax = 0
    let overdueMsMax = 0
    return {
      saw: (range) => {
        dirtyRatioMax = Math.max(dirtyRatioMax, range.dirtyRatio)
        overdueMsMax = Math.max(overdueMsMax, range.overdueMs)
      },
      end: () => {
        this.#dirtyRatioMax = dirtyRatioMax
        this.#overdueMsMax = overdueMsMax
        this.#lookedAtMs = nowMs
        for (const log of this.#uncleanable.keys()) if (log.state.deleted) this.#uncleanable.delete(log)
      },
    }
  }

  compacted(log: Log, { range, outcome, tookMs, bytesBefore }: CompactedRun): void {
    this.#last = { stats: outcome.stats, tookMs }
    this.#context.logger.info('a log was compacted', {
      partition: log.state.name,
      fromOffset: range.firstDirtyOffset,
      untilOffset: outcome.endOffset,
      bytesBefore,
      bytesAfter: log.sizeBytes,
      recordsRead: outcome.stats.readRecords,
      recordsKept: outcome.stats.keptRecords,
      tookMs: Math.round(tookMs),
    })
  }

  declareMetrics(metrics: Metrics, directories: readonly string[]): void {
    const gauge = (name: string, help: string, read: () => number): void =>
      metrics.gauge({ name: `kafka_log_${name}`, help }, read)
    gauge('logcleaner_max_buffer_utilization_percent', 'How full the map of keys got in the last compaction', () =>
      Math.floor(100 * (this.#last?.stats.mapUse ?? 0)),
    )
    gauge('logcleaner_cleaner_recopy_percent', 'Bytes written of those read in the last compaction', () => {
      const { writtenBytes = 0, readBytes = 0 } = this.#last?.stats ?? {}
      return Math.floor((100 * writtenBytes) / Math.max(1, readBytes))
    })
    gauge('logcleaner_max_clean_time_secs', 'How long the last compaction took', () =>
      Math.floor((this.#last?.tookMs ?? 0) / 1_000),
    )
    gauge('logcleaner_max_compaction_delay_secs', 'By how much max.compaction.lag.ms is exceeded', () =>
      Math.floor(this.#overdueMsMax / 1_000),
    )
    gauge('logcleanermanager_max_dirty_percent', 'The dirty part of the log that is dirtiest', () =>
      Math.floor(100 * this.#dirtyRatioMax),
    )
    gauge('logcleanermanager_time_since_last_run_ms', 'Since logs were last looked at for compaction', () =>
      Math.max(0, this.#context.clock.wallMs() - this.#lookedAtMs),
    )
    this.#declareByDirectory(metrics, directories)
  }

  #declareByDirectory(metrics: Metrics, directories: readonly string[]): void {
    const gauge = (name: string, help: string, amount: (log: Log) => number): void =>
      metrics.gauge({ name: `kafka_log_logcleanermanager_${name}`, help, labels: ['logDirectory'] }, () =>
        directories.map((directory) => ({ value: this.#sumOver(directory, amount), labels: [directory] })),
      )
    gauge('uncleanable_partitions_count', 'Logs that are not compacted any more before the next start', () => 1)
    gauge('uncleanable_bytes', 'Bytes of logs that are not compacted any more', (log) => log.sizeBytes)
  }

  #sumOver(directory: string, amount: (log: Log) => number): number {
    let sum = 0
    for (const log of this.#uncleanable.keys()) if (log.directory === directory) sum += amount(log)
    return sum
  }
}
