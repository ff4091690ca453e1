import type { Cleaner } from '../compaction/cleaner.ts'
import type { LogMoves } from '../move/log-moves.ts'
import type { LogContext } from './log-context.ts'
import type { LogDirectories } from './log-directories.ts'
import type { LogManagerOptions } from './log-manager-options.ts'

/** Whose figures a manager shows. */
interface Measured {
  readonly context: LogContext
  readonly directories: LogDirectories
  readonly moves: LogMoves
  readonly cleaner: Cleaner
}

export function declareLogMetrics({ metrics, directories: paths }: LogManagerOptions, measured: Measured): void {
  const { directories, moves, cleaner } = measured
  const { tailCache, indexCache, files, reads } = measured.context
  const gauge = (name: string, help: string, read: () => number): void => metrics.gauge({ name, help }, read)
  gauge('millrace_log_tail_cache_bytes', 'Bytes of the newest batches kept in memory', () => tailCache.heldBytes)
  gauge('millrace_log_index_cache_bytes', 'Index bytes of sealed segments in memory', () => indexCache.heldBytes)
  gauge('millrace_log_open_files', 'Files of logs held open', () => files.count)
  const byPlace = {
    name: 'millrace_log_reads',
    help: 'Reads of logs since the start, by where they found the records',
  }
  metrics.gauge({ ...byPlace, labels: ['from'] }, () => [
    { value: reads.tail, labels: ['tail'] },
    { value: reads.files, labels: ['files'] },
  ])
  gauge('millrace_log_moves', 'Partitions on their way to another log directory', () => moves.count)
  cleaner.record.declareMetrics(metrics, paths)
  gauge('millrace_log_offline_directories', 'Log directories that are offline', () => directories.offlineCount)
}
