import type { LeaderEpoch, Offset, ProducerEpoch, ProducerId } from '@millrace/kernel'
import type { ErrorName } from '@millrace/protocol'

/** Who appends: clients' batches are checked in full, a leader's copies and our own coordinators' are trusted more. */
export type AppendOrigin = 'client' | 'coordinator' | 'replication'

export interface Append {
  /** Whole v2 batches, back to back. Base offset and leader epoch are written in place: the caller gives the bytes up. */
  readonly records: Uint8Array
  /** For replication: batches of a later epoch than this one are left out (KAFKA-18723). */
  readonly leaderEpoch: LeaderEpoch
  readonly origin: AppendOrigin
  /** For transaction markers: 2 asks for a marker epoch above the producer's (KIP-890); 0 and 1 take an equal one. */
  readonly transactionVersion?: number
  /** Asked when an append had to wait: whether the partition still is led here, in that epoch. */
  readonly leadership?: { leads(leaderEpoch: LeaderEpoch): boolean }
}

export interface RecordError {
  readonly batchIndex: number
  readonly message: string
}

export type AppendOutcome =
  | {
      readonly ok: true
      readonly baseOffset: Offset
      readonly lastOffset: Offset
      /** -1 where the topic keeps the records' own time. */
      readonly logAppendTimeMs: number
      readonly logStartOffset: Offset
      /** An idempotent producer's repeat: nothing was written, the offsets are those of the first time. */
      readonly duplicate: boolean
    }
  | {
      readonly ok: false
      readonly error: ErrorName
      readonly message: string
      readonly recordErrors?: readonly RecordError[]
    }

export interface ReadRange {
  readonly fromOffset: Offset
  /** Exclusive bound: the high watermark for consumers, last stable offset for read_committed, log end for followers. */
  readonly untilOffset: Offset
  readonly maxBytes: number
  /** Returns the first batch even if it is larger than `maxBytes`. */
  readonly minOneBatch: boolean
}

/** Bytes of whole batches, the first holding `fromOffset`. `release` gives pooled memory back; call it exactly once. */
export type ReadOutcome =
  | { readonly ok: true; readonly chunks: readonly Uint8Array[]; readonly sizeBytes: number; release(): void }
  | { readonly ok: false; readonly error: ErrorName; readonly message: string }

export interface AbortedTransaction {
  readonly producerId: ProducerId
  readonly firstOffset: Offset
}

export interface FoundOffset {
  readonly offset: Offset
  readonly timestampMs: number
  readonly leaderEpoch: LeaderEpoch
}

/** One producer's state in a partition, as DescribeProducers shows it. */
export interface ProducerSummary {
  readonly producerId: ProducerId
  readonly producerEpoch: ProducerEpoch
  readonly lastSequence: number
  readonly lastTimestampMs: number
  readonly coordinatorEpoch: number
  /** -1 where no transaction is open. */
  readonly currentTxnStartOffset: number
}

/** Settings of one log, already parsed; -1 stands for "no limit" where Kafka has it. Values past 2^53 may be Infinity. Names and units follow Kafka's topic settings. */
export interface LogConfig {
  readonly segmentBytes: number
  readonly segmentMs: number
  readonly segmentJitterMs: number
  readonly segmentIndexBytes: number
  readonly indexIntervalBytes: number
  readonly retentionMs: number
  readonly retentionBytes: number
  readonly fileDeleteDelayMs: number
  readonly cleanupPolicy: readonly ('delete' | 'compact')[]
  readonly minCleanableDirtyRatio: number
  readonly minCompactionLagMs: number
  readonly maxCompactionLagMs: number
  readonly deleteRetentionMs: number
  readonly maxMessageBytes: number
  readonly compressionType: 'producer' | 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  /** compression.gzip.level and its like, where `compressionType` has levels; the codec's own default where not given. */
  readonly compressionLevel?: number
  readonly messageTimestampType: 'CreateTime' | 'LogAppendTime'
  readonly messageTimestampBeforeMaxMs: number
  readonly messageTimestampAfterMaxMs: number
  readonly flushIntervalMessages: number
  readonly flushIntervalMs: number
  readonly preallocate: boolean
}

/**
 * The log of one partition. Offsets of a reader's view hold
 * logStartOffset <= lastStableOffset <= highWatermark <= logEndOffset.
 */
export interface PartitionLog {
  readonly topic: string
  readonly partition: number
  readonly topicId: string
  readonly directory: string
  readonly config: LogConfig
  readonly logStartOffset: Offset
  readonly logEndOffset: Offset
  readonly highWatermark: Offset
  /** First offset that a read_committed consumer must not see; the high watermark where no transaction is open. */
  readonly lastStableOffset: Offset
  readonly latestEpoch: LeaderEpoch
  readonly sizeBytes: number
  /** Set when the directory is offline: every call then answers KAFKA_STORAGE_ERROR. */
  readonly offline: boolean

  /**
   * Checks, assigns offsets and appends. All appends of one turn of the event loop are one write; `done` is called
   * when that write has happened (or failed): in this turn or later, in the order of the calls.
   *
   * Returns true where it waits for a large batch (its own, or one before it) that another thread looks into or compresses
   * anew: a copy of its bytes is kept for so long, and whoever bounds the memory of requests lets no more come meanwhile.
   */
  append(append: Append, done: (outcome: AppendOutcome) => void): boolean
  /** Called once after each turn's write, before the `done`s, with the log end already moved. */
  onWritten(listener: () => void): void
  /** Called when retention or DeleteRecords moved the log's start. One listener. */
  onStartMoved(listener: () => void): void
  /**
   * Synchronous from the tail in memory, a promise where a file must be read. OFFSET_OUT_OF_RANGE below the log's
   * start and above its end; nothing (ok, no chunks) between `untilOffset` and the end.
   */
  read(range: ReadRange): ReadOutcome | Promise<ReadOutcome>
  /** Whether a read from there has to go to a file. */
  isCold(offset: Offset): boolean
  abortedTransactions(from: Offset, until: Offset): readonly AbortedTransaction[]
  /** The first record with a timestamp >= `timestampMs` below `until`; null where there is none. */
  findByTimestamp(timestampMs: number, until: Offset): Promise<FoundOffset | null>
  /** The record with the largest timestamp (ListOffsets -3); null in an empty log. */
  findMaxTimestamp(until: Offset): Promise<FoundOffset | null>
  /** The leader epoch that wrote `offset`; -1 where it isn't known. */
  epochAt(offset: Offset): LeaderEpoch
  /** Kafka's OffsetForLeaderEpoch rule: (epoch, end offset); both -1 where the epoch is unknown. */
  endOfEpoch(epoch: LeaderEpoch): { readonly leaderEpoch: LeaderEpoch; readonly endOffset: Offset }
  /** A new leader epoch starts at the log's end (when this broker becomes leader). */
  startEpoch(epoch: LeaderEpoch): void
  setHighWatermark(offset: Offset): void
  /** DeleteRecords: moves the start; whole segments below it go later. Throws OFFSET_OUT_OF_RANGE above the high watermark. */
  advanceLogStart(offset: Offset): Promise<void>
  /** Removes everything at and after `offset` (a follower that diverged). */
  truncateTo(offset: Offset): Promise<void>
  reconfigure(config: LogConfig): void
  producers(): readonly ProducerSummary[]
  /** fdatasync of what was written, and the recovery point with it. */
  flush(): Promise<void>
}

export interface LogDirectoryStatus {
  readonly path: string
  /** '' where the directory could not be read at the start. */
  readonly directoryId: string
  readonly online: boolean
  /** Whether it takes no new partitions. */
  readonly cordoned: boolean
  readonly totalBytes: number
  readonly usableBytes: number
}

/** Settings of the manager: the broker's own, not a topic's. Names follow Kafka's where it has them. */
export interface LogManagerSettings {
  /** log.retention.check.interval.ms */
  readonly retentionCheckIntervalMs: number
  /** log.flush.offset.checkpoint.interval.ms */
  readonly flushOffsetCheckpointIntervalMs: number
  /** log.flush.start.offset.checkpoint.interval.ms */
  readonly flushStartOffsetCheckpointIntervalMs: number
  /** replica.high.watermark.checkpoint.interval.ms */
  readonly highWatermarkCheckpointIntervalMs: number
  /** log.initial.task.delay.ms */
  readonly initialTaskDelayMs: number
  /** producer.id.expiration.ms */
  readonly producerIdExpirationMs: number
  /** producer.id.expiration.check.interval.ms */
  readonly producerIdExpirationCheckIntervalMs: number
  /** Newest batches kept in memory, over all partitions. */
  readonly tailCacheBytes: number
  /** Index entries of sealed segments kept in memory. */
  readonly indexCacheBytes: number
  /** Files held open; the least recently used is closed beyond it. */
  readonly openFilesMax: number
  /** Bytes written to a directory after which they are synced in the background, so that the kernel never throttles. */
  readonly backgroundFlushBytes: number
  /** What a batch may expand to where it must be decompressed. */
  readonly decompressedBatchBytesMax: number
  /** log.cleaner.enable */
  readonly cleanerEnable: boolean
  /** log.cleaner.backoff.ms */
  readonly cleanerBackoffMs: number
  /** log.cleaner.threads */
  readonly cleanerThreads: number
  /** log.cleaner.dedupe.buffer.size: of all threads together. */
  readonly cleanerDedupeBufferBytes: number
  /** log.cleaner.io.buffer.load.factor: how full the dedupe buffer may get. */
  readonly cleanerDedupeLoadFactor: number
  /** log.cleaner.io.buffer.size: of all threads together. */
  readonly cleanerIoBufferBytes: number
  /** cordoned.log.dirs: directories that no new partition is put into and none is moved to; none of them is unknown. */
  readonly cordonedDirectories: readonly string[]
  /** num.replica.alter.log.dirs.threads: moves at a time; null is as many as there are directories. */
  readonly movesMax: number | null
  /** replica.alter.log.dirs.io.max.bytes.per.second, over all moves between directories */
  readonly moveBytesPerSecond: number
  /** log.cleaner.io.max.bytes.per.second: of all threads together, read and written. */
  readonly cleanerIoMaxBytesPerSecond: number
}

/** A partition's folder whose log nobody opened. */
export interface UnopenedPartition {
  readonly topic: string
  readonly partition: number
  /** The log directory that it lies in. */
  readonly directory: string
}

/** Whether this broker can have had a partition before: then it isn't made anew while a directory is offline. */
export type LogHistory = 'new' | 'maybeThere'

/** The copy of a partition that is being moved to another directory. */
export interface LogCopyStatus {
  readonly topic: string
  readonly partition: number
  /** The log directory that it lies in. */
  readonly directory: string
  readonly sizeBytes: number
  /** How many offsets it lacks. */
  readonly offsetLag: number
}

/** All logs of one broker over its log directories. */
export interface LogManager {
  directories(): readonly LogDirectoryStatus[]
  get(topic: string, partition: number): PartitionLog | undefined
  logs(): Iterable<PartitionLog>
  /**
   * Opens the partition's log, creating it in the directory with the fewest partitions where there is none. A log whose
   * data is damaged before its recovery point comes back `offline`. Throws INCONSISTENT_TOPIC_ID where the folder
   * belongs to another topic of that name (delete it or set it aside first), KAFKA_STORAGE_ERROR where no directory is
   * online, or where the partition isn't new and may lie in one that is offline.
   */
  open(topic: string, partition: number, topicId: string, config: LogConfig, history?: LogHistory): PartitionLog
  /** Renames to `...-delete`, files go after `file.delete.delay.ms`. Also for a folder that nobody opened. */
  delete(topic: string, partition: number): Promise<void>
  /**
   * Moves the partition to another log directory while it is written and read, as Kafka's AlterReplicaLogDirs does:
   * NONE when the move has begun, or there is nothing to move; the directory it lies in gives a move up. A partition
   * that isn't there is REPLICA_NOT_AVAILABLE, and will be made in that directory.
   */
  alterDirectory(topic: string, partition: number, path: string): ErrorName
  /** Of the partitions that are on their way. */
  copies(): Iterable<LogCopyStatus>
  /** The folders that `open` hasn't been called for, or that it refused; also copies of such partitions. */
  unopened(): readonly UnopenedPartition[]
  /** Renames such a folder to `...-stray`, where it stays until somebody looks at it. Returns its new path. */
  setAside(folder: UnopenedPartition): string
  /** Changes settings of a running manager: budgets, check intervals, producer expiry. */
  reconfigure(settings: Partial<LogManagerSettings>): void
  /** Runs retention (and whatever it finds due) now, as `log.retention.check.interval.ms` does. */
  runRetention(): Promise<void>
  /** Called when a directory goes offline; its logs answer KAFKA_STORAGE_ERROR from then on. */
  onDirectoryOffline(listener: (path: string, reason: string) => void): void
  /**
   * Flushes, writes checkpoints and snapshots and marks the stop as clean; the mark carries the broker's epoch. Says
   * whether all directories were stopped cleanly.
   */
  close(brokerEpoch?: number): Promise<boolean>
}
