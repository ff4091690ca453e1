import type { FileHandle, FileSystem } from '../io/file-system.ts'
import type { SegmentSuffix } from '../segment/segment-files.ts'
import type { AbortedTxnEntry } from '../segment/transaction-index.ts'

/** One run over one log, as values that can be sent to another thread. */
export interface CompactionJob {
  readonly folder: string
  /** Sealed segments that may be compacted, by base offset. */
  readonly segments: readonly JobSegment[]
  /** Base offsets of the sealed segments behind them: transactions may end there. */
  readonly laterSegments: readonly number[]
  /** Aborted transactions that end in the segment that is written to. */
  readonly abortedInActive: readonly AbortedTxnEntry[]
  /** The stretch whose keys are gathered: [firstDirty, firstUncleanable). */
  readonly firstDirtyOffset: number
  readonly firstUncleanableOffset: number
  readonly highWatermark: number
  /** Producers' last entries, three numbers each: producer id, last data offset (-1 where none), epoch. */
  readonly producers: Float64Array
  readonly nowMs: number
  readonly deleteRetentionMs: number
  readonly segmentBytes: number
  readonly segmentIndexBytes: number
  readonly indexIntervalBytes: number
  /** What one cleaned segment may hold; Kafka's positions are int32. Smaller in tests. */
  readonly cleanedBytesMax: number
  /** Shares of one thread. */
  readonly dedupeBufferBytes: number
  readonly dedupeLoadFactor: number
  readonly ioBufferBytes: number
  readonly decompressedBatchBytesMax: number
  /** 16 random bytes for the hash of keys. */
  readonly secret: Uint8Array
}

export interface JobSegment {
  readonly baseOffset: number
  readonly sizeBytes: number
  /** Where the next segment begins. */
  readonly endOffset: number
}

/** A compacted segment in files of its own, durable. */
export interface CleanedFiles {
  readonly baseOffset: number
  readonly sizeBytes: number
  readonly suffixes: readonly SegmentSuffix[]
}

/** What a job needs of where it runs: in a worker thread, or in slices on the event loop. */
export interface JobHost {
  readonly fileSystem: FileSystem
  /** After work on so many bytes in memory. A promise is to be waited for. Throws or rejects where the job must stop. */
  worked(bytes: number): Promise<void> | undefined
  /** The same after so many bytes were read from or written to files. */
  moved(bytes: number): Promise<void> | undefined
  /** Makes a file's bytes durable without holding up anybody else. */
  sync(file: FileHandle): Promise<void> | undefined
  /** Puts cleaned segments in the place of those with these base offsets. */
  swap(replaced: readonly number[], cleaned: readonly CleanedFiles[]): Promise<void>
}

export interface JobStats {
  /** Bytes of log that were read for their keys, and read and written to be cleaned. */
  readonly indexedBytes: number
  readonly readBytes: number
  readonly writtenBytes: number
  readonly readRecords: number
  readonly keptRecords: number
  /** How full the map of keys got, 0 to 1. */
  readonly mapUse: number
}

/**
 * What a failure is of: the device (its directory goes offline), room or files that may be open (it is tried again), the
 * thread that died (it is tried once more), or the log itself (it isn't compacted any more before the next start).
 */
export type FailureOf = 'device' | 'shortage' | 'thread' | 'log'

export type JobOutcome =
  /** `endOffset` is the first offset whose key wasn't looked at: the next run starts there. */
  | { readonly kind: 'done'; readonly endOffset: number; readonly stats: JobStats }
  | { readonly kind: 'abandoned' }
  | { readonly kind: 'failed'; readonly of: FailureOf; readonly message: string }

/** The log was cut, lost segments, or its broker stops: what was not swapped in yet is thrown away. */
export class CompactionAbandonedError extends Error {
  override name = 'CompactionAbandonedError'
}

/** A file of the log isn't what it must be. */
export class DamagedSegmentError extends Error {
  override name = 'DamagedSegmentError'
}

export class WriteFailedError extends Error {
  override name = 'WriteFailedError'
}

export class SyncFailedError extends Error {
  override name = 'SyncFailedError'
}
