import type { Clock, Logger, Metrics, Random } from '@millrace/kernel'
import type { FileSystem } from '../io/file-system.ts'
import type { BatchThreads } from './batch-threads.ts'
import type { LogManagerSettings } from './partition-log.ts'

/** What `openLogManager` needs of the world. */
export interface LogManagerOptions {
  /** `log.dirs`: each is created where it isn't there. */
  readonly directories: readonly string[]
  /** `diskFileSystem()`, `unsyncedFileSystem()` or `memoryFileSystem()`. */
  readonly fileSystem: FileSystem
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: Metrics
  readonly nodeId: number
  /** Written into a new directory's meta.properties; an old one's must be the same. */
  readonly clusterId: string
  /** Runs `work` when the current turn of the event loop has brought all it had (setImmediate, in production). */
  readonly endOfTurn: (work: () => void) => void
  /** Gives others their turn between the slices of long work; by default the end of the turn. */
  readonly pause?: () => Promise<void>
  /** Where large batches are looked into; by default threads that all managers of the process share. */
  readonly batchThreads?: BatchThreads
  readonly settings?: Partial<LogManagerSettings>
}

export const defaultSettings: LogManagerSettings = {
  retentionCheckIntervalMs: 300_000,
  flushOffsetCheckpointIntervalMs: 60_000,
  flushStartOffsetCheckpointIntervalMs: 60_000,
  highWatermarkCheckpointIntervalMs: 5_000,
  initialTaskDelayMs: 30_000,
  producerIdExpirationMs: 86_400_000,
  producerIdExpirationCheckIntervalMs: 600_000,
  tailCacheBytes: 64 * 1024 * 1024,
  indexCacheBytes: 64 * 1024 * 1024,
  openFilesMax: 4_096,
  backgroundFlushBytes: 32 * 1024 * 1024,
  decompressedBatchBytesMax: 128 * 1024 * 1024,
  cleanerEnable: true,
  cleanerBackoffMs: 15_000,
  cleanerThreads: 1,
  cleanerDedupeBufferBytes: 128 * 1024 * 1024,
  cleanerDedupeLoadFactor: 0.9,
  cleanerIoBufferBytes: 512 * 1024,
  cordonedDirectories: [],
  movesMax: null,
  moveBytesPerSecond: Infinity,
  cleanerIoMaxBytesPerSecond: Number.MAX_VALUE,
}
