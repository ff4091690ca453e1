import type { Clock, MovableClock, Random, Timer, TimerWork } from '@millrace/kernel'
import { asLeaderEpoch, asOffset, movableClock, noMetrics, seededRandom, silentLogger } from '@millrace/kernel'
import type { Logger, Metrics } from '@millrace/kernel'
import type { RecordToWrite } from '@millrace/protocol'
import { buildBatch, decodeBatches } from '@millrace/protocol'
import type {
  AppendOrigin,
  AppendOutcome,
  BatchThreads,
  FileSystem,
  LogConfig,
  LogManager,
  LogManagerSettings,
  PartitionLog,
  ReadOutcome,
} from '@millrace/storage'
import { memoryFileSystem, openLogManager } from '@millrace/storage'

/** A log's settings as Kafka's defaults have them. */
export const defaultLogConfig: LogConfig = {
  segmentBytes: 1_073_741_824,
  segmentMs: 604_800_000,
  segmentJitterMs: 0,
  segmentIndexBytes: 10_485_760,
  indexIntervalBytes: 4_096,
  retentionMs: 604_800_000,
  retentionBytes: -1,
  fileDeleteDelayMs: 60_000,
  cleanupPolicy: ['delete'],
  minCleanableDirtyRatio: 0.5,
  minCompactionLagMs: 0,
  maxCompactionLagMs: Infinity,
  deleteRetentionMs: 86_400_000,
  maxMessageBytes: 1_048_588,
  compressionType: 'producer',
  messageTimestampType: 'CreateTime',
  messageTimestampBeforeMaxMs: Infinity,
  messageTimestampAfterMaxMs: 3_600_000,
  flushIntervalMessages: Infinity,
  flushIntervalMs: Infinity,
  preallocate: false,
}

/** The wall time at which a world's clock starts. */
export const worldStartMs = 1_700_000_000_000

export interface LogWorldOptions {
  readonly fileSystem?: FileSystem
  readonly directories?: readonly string[]
  readonly settings?: Partial<LogManagerSettings>
  readonly batchThreads?: BatchThreads
  readonly seed?: number
  readonly logger?: Logger
  readonly metrics?: Metrics
  /** Of a directory that somebody else made. */
  readonly clusterId?: string
}

/** A log manager with all that is around it in a test's hands: the clock stands still and turns end when it says so. */
export class LogWorld {
  readonly fileSystem: FileSystem
  readonly clock: MovableClock
  readonly random: Random
  readonly #options: LogWorldOptions
  #work: (() => void)[] = []
  #life = 0
  #hostMs = 0
  manager: LogManager

  constructor(options: LogWorldOptions = {}) {
    this.#options = options
    const host = {
      wallMs: () => worldStartMs + this.#hostMs,
      monotonicMs: () => this.#hostMs,
      after: () => () => {},
    }
    this.clock = movableClock(host, (error) => {
      throw error
    })
    this.fileSystem = options.fileSystem ?? memoryFileSystem({ nowMs: () => this.clock.wallMs() })
    this.random = seededRandom(options.seed ?? 1)
    this.manager = this.#openManager()
  }

  #openManager(): LogManager {
    return openLogManager({
      directories: this.#options.directories ?? ['/data'],
      fileSystem: this.fileSystem,
      clock: this.#clockOfThisLife(),
      random: this.random,
      logger: this.#options.logger ?? silentLogger,
      metrics: this.#options.metrics ?? noMetrics,
      nodeId: 1,
      clusterId: this.#options.clusterId ?? 'test-cluster',
      endOfTurn: (work) => void this.#work.push(work),
      pause: async () => {},
      ...(this.#options.settings === undefined ? {} : { settings: this.#options.settings }),
      ...(this.#options.batchThreads === undefined ? {} : { batchThreads: this.#options.batchThreads }),
    })
  }

  // What an abandoned manager had in mind doesn't happen: its process is gone.
  #clockOfThisLife(): Clock {
    this.#life += 1
    const life = this.#life
    const { clock } = this
    const setTimer = (delayMs: number, work: TimerWork): Timer =>
      clock.setTimer(delayMs, () => (life === this.#life ? work() : undefined))
    return { wallMs: () => clock.wallMs(), monotonicMs: () => clock.monotonicMs(), setTimer, sessions: clock.sessions }
  }

  /** Time goes by in the middle of a turn, as it does while a call blocks. */
  stall(ms: number): void {
    this.#hostMs += ms
  }

  /** Ends the turn: everything that was appended in it is written. */
  endTurn(): void {
    const work = this.#work
    this.#work = []
    for (const one of work) one()
  }

  open(config: Partial<LogConfig> = {}, topic = 'orders', partition = 0): PartitionLog {
    return this.openAs({ topic, partition, topicId: 'AAAAAAAAAAAAAAAAAAAAAg' }, config)
  }

  openAs(
    identity: { readonly topic: string; readonly partition: number; readonly topicId: string },
    config: Partial<LogConfig> = {},
  ): PartitionLog {
    const { topic, partition, topicId } = identity
    return this.manager.open(topic, partition, topicId, { ...defaultLogConfig, ...config })
  }

  /** A clean stop and a start. */
  async restart(): Promise<void> {
    this.endTurn()
    await this.manager.close()
    this.manager = this.#openManager()
  }

  /** A start after the process or the power went. The file system must have let go of the old one's locks. */
  startAgain(): void {
    this.#work = []
    this.manager = this.#openManager()
  }

  /** Appends one batch and ends the turn. */
  append(log: PartitionLog, records: Uint8Array, origin: AppendOrigin = 'client', leaderEpoch = 0): AppendOutcome {
    let outcome: AppendOutcome | undefined
    log.append({ records, origin, leaderEpoch: asLeaderEpoch(leaderEpoch) }, (answer) => {
      outcome = answer
    })
    this.endTurn()
    if (outcome === undefined) throw new Error('an append was not answered in its turn')
    return outcome
  }
}

const encoder = new TextEncoder()

/** A batch of records with these values, keys `k`, at the world's start. */
export function batchOf(
  values: readonly string[],
  fields: Omit<Parameters<typeof buildBatch>[0], 'records'> = {},
): Uint8Array {
  const records: RecordToWrite[] = values.map((value) => ({
    key: encoder.encode('k'),
    value: encoder.encode(value),
    timestampMs: worldStartMs,
  }))
  return buildBatch({ ...fields, records })
}

/** Reads on from `from` to the log's end and gives each record's offset and value. */
export async function readAll(log: PartitionLog, from = Number(log.logStartOffset)): Promise<[number, string][]> {
  const found: [number, string][] = []
  const decoder = new TextDecoder()
  for (let at = from; at < log.logEndOffset;) {
    const outcome = await readAt(log, at, 1_000_000)
    const bytes = concat(outcome)
    if (bytes.length === 0) break
    for (const batch of decodeBatches(bytes)) {
      at = batch.lastOffset + 1
      for (const record of batch.records) {
        if (record.offset >= from) found.push([record.offset, decoder.decode(record.value ?? new Uint8Array(0))])
      }
    }
  }
  return found
}

export async function readAt(log: PartitionLog, from: number, maxBytes: number): Promise<ReadOutcome> {
  return log.read({ fromOffset: asOffset(from), untilOffset: log.logEndOffset, maxBytes, minOneBatch: true })
}

/** The bytes of a read, given back to the pool. */
export function concat(outcome: ReadOutcome): Uint8Array {
  if (!outcome.ok) throw new Error(`${outcome.error}: ${outcome.message}`)
  const bytes = new Uint8Array(outcome.sizeBytes)
  let at = 0
  for (const chunk of outcome.chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  outcome.release()
  return bytes
}
