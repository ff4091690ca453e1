import type { Random } from '@millrace/kernel'
import { asOffset, seededRandom } from '@millrace/kernel'
import type { LogConfig, PartitionLog } from '@millrace/storage'
import { FaultyFileSystem } from '../faulty-file-system.ts'
import { defaultLogConfig, LogWorld } from '../log-world.ts'
import type { ModelBatch } from './model-log.ts'
import { ModelLog } from './model-log.ts'

/** What a run met; a run of many seeds that never met one of them has shown nothing about it. */
export const sightings = [
  'rolled segments',
  'reads from the tail',
  'reads from files',
  'segments deleted by size',
  'segments deleted by age',
  'records compacted away',
  'repeats answered',
  'aborted transactions listed',
  'records lost with the power',
  'crashes within an operation',
] as const

export type Sighting = (typeof sightings)[number]

/** One log with its model, as the operations of a seed work on them. */
export class LogCase {
  readonly files: FaultyFileSystem
  readonly world: LogWorld
  readonly model = new ModelLog()
  readonly config: LogConfig
  readonly seen: Map<Sighting, number>
  /** Every batch of all times, those that were cut too: without power a cut may not have happened. */
  readonly everWritten: ModelBatch[] = []
  readonly written: { count: number } = { count: 0 }
  log: PartitionLog
  /** Everything before it survives a power cut. */
  durableEnd = 0
  /** Truncations of a compacted log stop here, as a follower's do: what took the place of a record was committed. */
  compactedUntil = 0
  /** How far the log's start ever was. A crash may take it back, but not the epochs of what was deleted (as in Kafka). */
  furthestStart = 0
  /** How far retention may take the start of a log whose segments compaction changes. */
  startMax = 0
  /** The checkpoint of the high watermark may be older than a truncation. */
  furthestHighWatermark = 0
  /** Whether producers were read anew: of those whose records are gone nothing may be known. */
  producersReloaded = false
  /** Of transactions that ended before it nobody knows any more whether the high watermark has passed their marker. */
  settledBelow = 0
  /** Without power a snapshot may be left without what lies beside it: then of a producer its last batch is known. */
  powerWasCut = false

  constructor(seed: number, seen: Map<Sighting, number>) {
    const random = seededRandom(seed)
    this.seen = seen
    this.config = configFrom(random)
    this.files = new FaultyFileSystem(seededRandom(seed + 1_000_003))
    // The tail still has what compaction took from the files; the model says what is in the files.
    const tailCacheBytes = (this.isCompacted ? [1] : [1, 1, 3_000, 1_000_000])[random.below(4)] ?? 1
    const budgets = random.below(4) === 0 ? { indexCacheBytes: 1, openFilesMax: 3 } : {}
    const settings = { tailCacheBytes, ...budgets, ...onlyWhenAsked, ...smallCleaner }
    this.world = new LogWorld({ fileSystem: this.files, seed, settings })
    this.log = this.world.open(this.config)
  }

  get isCompacted(): boolean {
    return this.config.cleanupPolicy.includes('compact')
  }

  appended(batch: ModelBatch): void {
    this.model.append(batch)
    this.everWritten.push(batch)
  }

  /**
   * Whether the log is sure to know a producer's last batch. Of one whose records were deleted or compacted away it may
   * know an earlier batch or the last marker alone, as Kafka does, once producers were read anew.
   */
  knowsLastOf(producerId: number): boolean {
    const last = this.model.batchesOf(producerId).at(-1)
    if (last === undefined || !this.producersReloaded) return true
    return last.baseOffset >= this.furthestStart && last.records.some(({ offset }) => !this.model.compacted.has(offset))
  }

  sight(what: Sighting, count = 1): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + count)
  }

  /** Sizes of the segments' files by base offset, in order. */
  segments(): { readonly baseOffset: number; readonly sizeBytes: number }[] {
    const names = (this.files.list('/data/orders-0') ?? []).map(({ name }) => name)
    return names
      .filter((name) => name.endsWith('.log'))
      .toSorted()
      .map((name) => ({
        baseOffset: Number(name.slice(0, 20)),
        sizeBytes: this.files.stat(`/data/orders-0/${name}`)?.sizeBytes ?? 0,
      }))
  }

  reopen(): void {
    this.log = this.world.open(this.config)
    this.reloadProducers()
  }

  reloadProducers(): void {
    this.producersReloaded = true
    this.settledBelow = Math.max(this.settledBelow, this.model.end)
  }

  raiseHighWatermark(to: number): void {
    this.log.setHighWatermark(asOffset(to))
    this.model.highWatermark = Math.max(this.model.start, Math.min(to, this.model.end))
    this.furthestHighWatermark = Math.max(this.furthestHighWatermark, this.model.highWatermark)
  }
}

// Its buffers are made anew for each run.
const smallCleaner = { cleanerDedupeBufferBytes: 100_000, cleanerIoBufferBytes: 8_192 }

// Retention runs as an operation, so that the model knows when; nobody's sequences expire meanwhile.
const onlyWhenAsked = {
  retentionCheckIntervalMs: 2_000_000_000,
  initialTaskDelayMs: 2_000_000_000,
  producerIdExpirationMs: 10_000_000_000_000,
}

const policies = [['delete'], ['delete'], ['delete'], ['compact'], ['compact', 'delete'], []] as const
const compressions = ['producer', 'producer', 'producer', 'uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'] as const

function configFrom(random: Random): LogConfig {
  const pick = <T>(from: readonly T[]): T => from[random.below(from.length)]!
  return {
    ...defaultLogConfig,
    segmentBytes: 700 + random.below(2_000),
    indexIntervalBytes: 1 + random.below(500),
    cleanupPolicy: pick(policies),
    compressionType: pick(compressions),
    messageTimestampType: random.below(4) === 0 ? 'LogAppendTime' : 'CreateTime',
    retentionBytes: pick([-1, 0, 3_000, 6_000]),
    retentionMs: pick([-1, 3_600_000, 7_200_000]),
    segmentMs: pick([1_800_000, 604_800_000]),
    deleteRetentionMs: pick([0, 3_600_000]),
    minCleanableDirtyRatio: 0.01,
    flushIntervalMessages: pick([Infinity, Infinity, 1, 7]),
    flushIntervalMs: pick([Infinity, 60_000]),
  }
}
