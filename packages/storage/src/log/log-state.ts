import type { OpenFiles } from '../io/open-files.ts'
import { writeLeaderEpochs } from '../checkpoint/leader-epoch-checkpoint.ts'
import type { ProducerState } from '../producer/producer-state.ts'
import type { IndexCache } from '../segment/index-cache.ts'
import type { Segment, SegmentHome } from '../segment/segment.ts'
import type { TransactionIndex } from '../segment/transaction-index.ts'
import type { LeaderEpochs } from './leader-epochs.ts'
import type { LogContext, LogHome } from './log-context.ts'
import type { LogConfig } from './partition-log.ts'
import { transactionsOf } from './producer-replay.ts'
import { Segments } from './segments.ts'
import { Tail } from './tail-cache.ts'

/** What is known of one log. The files beside this one work on it; `Log` is what others see of it. */
export class LogState implements SegmentHome {
  readonly context: LogContext
  readonly home: LogHome
  readonly topic: string
  readonly partition: number
  readonly topicId: string
  readonly name: string
  /** Changes when the partition is deleted or moved: the folder is renamed. */
  folder: string
  readonly fileSuffix = ''
  config: LogConfig
  readonly segments = new Segments()
  readonly unsyncedIndexes = new Set<string>()
  // These three go over to the copy when the log is moved to another directory.
  tail = new Tail()
  producers: ProducerState
  epochs: LeaderEpochs
  /** Invariant: logStartOffset <= highWatermark <= logEndOffset. */
  logStartOffset = 0
  highWatermark = 0
  logEndOffset = 0
  /** Everything before it is durable; a recovery starts here. Invariant: at most logEndOffset. */
  recoveryPoint = 0
  /** Offsets of the producer snapshots that lie beside the segments. */
  readonly snapshotOffsets = new Set<number>()
  /** Bytes of log behind the last producer snapshot. */
  bytesSinceSnapshot = 0
  rollJitterMs = 0
  #changes = 0
  /** Told before segments go or are cut: a compaction under way stops and takes back what it has begun. */
  beforeChange: (() => void) | undefined
  /** Told when retention or DeleteRecords moved the start. */
  onStartMoved: (() => void) | undefined
  /** Why this log alone can't be used: its data is damaged where it was durable. */
  damage: string | undefined
  deleted = false
  /** A copy that a move is making in another directory: it knows no producers, and nobody reads or appends to it. */
  isFuture = false
  /** The copy, while the log is being moved: what is cut off here is cut off there. It isn't compacted meanwhile. */
  copy: LogState | undefined
  /** What is the log since it was moved; who still works on this one looks there. */
  successor: LogState | undefined
  /** Whether the folder's name and what says whose it is are sure to survive a power cut. */
  folderIsDurable = false
  /** The same of the file of epochs. */
  epochsAreDurable = false
  /** Whether all files that were made or renamed are sure to keep their names. */
  namesAreDurable = false
  /** Whether what was cut off the last segment is sure to stay off it. */
  cutsAreDurable = true

  constructor(
    context: LogContext,
    home: LogHome,
    identity: {
      readonly topic: string
      readonly partition: number
      readonly topicId: string
      readonly folder: string
      readonly config: LogConfig
      readonly producers: ProducerState
      readonly epochs: LeaderEpochs
    },
  ) {
    this.context = context
    this.home = home
    this.topic = identity.topic
    this.partition = identity.partition
    this.topicId = identity.topicId
    this.name = `${identity.topic}-${identity.partition}`
    this.folder = identity.folder
    this.config = identity.config
    this.producers = identity.producers
    this.epochs = identity.epochs
  }

  /** Counts truncations and compactions: a read that began before one is made again. */
  get changes(): number {
    return this.#changes
  }

  /** Called before segments go, are cut or are replaced. */
  changed(): void {
    this.#changes += 1
    this.beforeChange?.()
  }

  get files(): OpenFiles {
    return this.context.files
  }

  get indexCache(): IndexCache {
    return this.context.indexCache
  }

  get indexIntervalBytes(): number {
    return this.config.indexIntervalBytes
  }

  /** Why nothing can be read or written; undefined while all is well. */
  get offlineReason(): string | undefined {
    return this.damage ?? this.home.offlineReason ?? (this.deleted ? 'the partition was deleted' : undefined)
  }

  get lastStableOffset(): number {
    const unstable = this.producers.firstUnstableOffset
    if (unstable === undefined || unstable >= this.highWatermark) return this.highWatermark
    return Math.max(unstable, this.logStartOffset)
  }

  onIndexRebuilt = (baseOffset: number, reason: string): void => {
    this.context.logger.warn('index files were damaged and are built from the log', {
      partition: this.name,
      segment: baseOffset,
      reason,
    })
  }

  rebuildTransactions = (segment: Segment, before: number): TransactionIndex => transactionsOf(this, segment, before)

  /** This copy is the log from now on, in the folder that it was renamed to. */
  takeOver(from: LogState, folder: string): void {
    this.folder = folder
    this.isFuture = false
    this.folderIsDurable = false
    this.config = from.config
    this.tail = from.tail
    this.producers = from.producers
    this.epochs = from.epochs
    this.epochs.fileLost()
    this.logStartOffset = from.logStartOffset
    this.highWatermark = from.highWatermark
    this.bytesSinceSnapshot = from.bytesSinceSnapshot
    this.rollJitterMs = from.rollJitterMs
    this.onStartMoved = from.onStartMoved
    this.changed()
    from.tail = new Tail()
    from.copy = undefined
    from.successor = this
    from.deleted = true
    from.changed()
  }

  writeEpochs(): void {
    if (!this.epochs.mustSave(this.logEndOffset)) return
    writeLeaderEpochs(this.files.fileSystem, this.folder, this.epochs.entries)
    this.epochs.saved()
    this.epochsAreDurable = false
    this.namesAreDurable = false
  }
}
