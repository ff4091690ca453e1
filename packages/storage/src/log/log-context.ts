import type { Clock, Logger, Random, Timer } from '@millrace/kernel'
import type { OpenFiles } from '../io/open-files.ts'
import type { IndexCache } from '../segment/index-cache.ts'
import type { BatchThreads } from './batch-threads.ts'
import type { BufferPool } from './buffer-pool.ts'
import type { LogState } from './log-state.ts'
import type { LogManagerSettings } from './partition-log.ts'
import type { TailCache } from './tail-cache.ts'
import type { Turns } from './turns.ts'

/** What all logs of a manager share. */
export interface LogContext {
  readonly files: OpenFiles
  readonly indexCache: IndexCache
  readonly tailCache: TailCache
  readonly buffers: BufferPool
  /** Where large batches are looked into. */
  readonly batchThreads: BatchThreads
  /** How often each was read, since the start. */
  readonly reads: { tail: number; files: number }
  readonly turns: Turns
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly settings: LogManagerSettings
  /** Reads of one directory that may be under way: no bound where there is only one. */
  readonly readsPerDirectoryMax: number
  /** What still waits to remove files; the next start removes what these didn't. */
  readonly removals: Set<Timer>
}

/** The log directory that a log lies in, as the log sees it. */
export interface LogHome {
  readonly path: string
  /** Undefined while the directory serves. */
  readonly offlineReason: string | undefined
  /** Takes the directory offline, with all logs in it. */
  fail(reason: string): void
  /** Whether writes to it take so long that they are made in another thread. */
  readonly isSlow: boolean
  /** How long a write took that was waited for in its turn. */
  writeTook(ms: number): void
  /** A read off the event loop, which waits its turn where there are several directories. */
  read<Result>(read: () => Promise<Result>): Promise<Result>
  /** A write in another thread. Where it never ends the directory goes offline. */
  writeLater(write: () => Promise<void>): Promise<void>
  /** Bytes were written that no sync has made durable yet. */
  wrote(log: LogState, bytes: number): void
  /** A checkpoint file no longer says what is so; it is written soon. */
  checkpointDue(which: 'recoveryPoint' | 'logStart' | 'highWatermark'): void
  /** Makes the names of the folders in it durable, if any is new. */
  syncNames(): Promise<void>
  /** A segment was sealed: there may be something to compact. */
  rolled(log: LogState): void
  /** Writes the recovery points now: before a log is cut below its own. */
  checkpointRecoveryPoints(): void
  /** The same without waiting for the disk in this turn. */
  checkpointRecoveryPointsLater(): Promise<void>
  /** A log is cut at `offset`: what comes there next was not compacted. */
  cleanedNoFurther(log: LogState, offset: number): void
}
