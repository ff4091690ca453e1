import type { Timer } from '@millrace/kernel'
import { errorMessage } from '@millrace/kernel'
import type { ErrorName } from '@millrace/protocol'
import { KafkaError } from '@millrace/protocol'
import { readPartitionTopicId } from '../checkpoint/partition-metadata.ts'
import type { CleanerHome } from '../compaction/cleaner.ts'
import { Cleaner } from '../compaction/cleaner.ts'
import { loopThread } from '../compaction/loop-thread.ts'
import { workerThread } from '../compaction/worker-thread.ts'
import { LogMoves } from '../move/log-moves.ts'
import { settleDuplicates } from '../move/settle-duplicates.ts'
import { isDeviceError, isSystemError } from '../io/disk-errors.ts'
import { OpenFiles } from '../io/open-files.ts'
import { IndexCache } from '../segment/index-cache.ts'
import { BufferPool } from './buffer-pool.ts'
import type { Log } from './log.ts'
import type { LogContext } from './log-context.ts'
import { LogDirectory } from './log-directory.ts'
import type { LogManagerOptions } from './log-manager-options.ts'
import { defaultSettings } from './log-manager-options.ts'
import type { LogIdentity } from './open-log.ts'
import { openLog } from './open-log.ts'
import { parsePartitionFolder } from './partition-folders.ts'
import type {
  LogConfig,
  LogCopyStatus,
  LogDirectoryStatus,
  LogHistory,
  LogManager,
  LogManagerSettings,
  PartitionLog,
  UnopenedPartition,
} from './partition-log.ts'
import { TailCache } from './tail-cache.ts'
import { Turns } from './turns.ts'

/** Opens the log directories; logs are opened one by one. Throws where a directory is in use or somebody else's. */
export function openLogManager(options: LogManagerOptions): LogManager {
  return new DirectoryLogManager(options)
}

class DirectoryLogManager implements LogManager {
  readonly #options: LogManagerOptions
  readonly #context: LogContext & { settings: LogManagerSettings }
  readonly #directories: LogDirectory[] = []
  /** Why a directory could not be opened at the start, by its path. */
  readonly #failed = new Map<string, string>()
  readonly #logs = new Map<string, Log>()
  readonly #offlineListeners: ((path: string, reason: string) => void)[] = []
  readonly #timers = new Map<string, Timer>()
  readonly #cleaner: Cleaner
  readonly #moves: LogMoves
  #closed = false

  constructor(options: LogManagerOptions) {
    this.#options = options
    this.#context = newContext(options)
    const pause = options.pause ?? pauseUntil(options.endOfTurn)
    this.#cleaner = new Cleaner(this.#context, this.#cleanerHome(pause))
    this.#moves = new LogMoves({
      context: this.#context,
      directories: () => this.#directories,
      failed: this.#failed,
      logOf: (name) => this.#logs.get(name),
      pause,
      onMoved: (log) => this.#cleaner.wake(log),
    })
    try {
      for (const path of options.directories) this.#openOrLeaveOut(path)
      if (this.#directories.length === 0) throw new Error(`no log directory can be used: ${this.#offlineReasons()}`)
      settleDuplicates(this.#context, this.#directories)
    } catch (error) {
      for (const directory of this.#directories) void directory.close(-1)
      throw error
    }
    this.#declareMetrics()
    this.#startTasks()
  }

  // What the system refuses takes that directory alone offline; one that is held, or another's, is a mistake to be said.
  #openOrLeaveOut(path: string): void {
    try {
      this.#directories.push(this.#openDirectory(path))
    } catch (error) {
      if (!isSystemError(error)) throw error
      const reason = errorMessage(error)
      this.#failed.set(path, reason)
      this.#context.logger.error('a log directory can not be used and is offline', { directory: path, reason })
    }
  }

  #offlineReasons(): string {
    const failed = [...this.#failed].map(([path, reason]) => `${path}: ${reason}`)
    return [...failed, ...this.#directories.flatMap(({ offlineReason }) => offlineReason ?? [])].join('; ')
  }

  #openDirectory(path: string): LogDirectory {
    const onOffline = (offlinePath: string, reason: string): void => {
      this.#moves.directoryFailed(offlinePath)
      for (const listener of this.#offlineListeners) listener(offlinePath, reason)
    }
    const onRolled = ({ name }: { readonly name: string }): void => {
      const log = this.#logs.get(name)
      if (log !== undefined) this.#cleaner.wake(log)
    }
    return new LogDirectory(path, this.#context, this.#options, { onOffline, onRolled })
  }

  #cleanerHome(pause: () => Promise<void>): CleanerHome {
    const { fileSystem } = this.#options
    const directoryOf = (log: Log): LogDirectory | undefined =>
      this.#directories.find(({ path }) => path === log.directory)
    return {
      logs: () => this.#logs.values(),
      cleanedUntil: (log) => directoryOf(log)?.cleanedUntil(log.state.name),
      setCleanedUntil: async (log, offset) => directoryOf(log)?.setCleanedUntil(log.state.name, offset),
      newThread: (onDeath) =>
        fileSystem.sharedAs === undefined
          ? loopThread(fileSystem, pause)
          : workerThread(fileSystem.sharedAs === 'disk', onDeath),
      pause,
    }
  }

  directories(): readonly LogDirectoryStatus[] {
    return this.#options.directories.map((path) => {
      const directory = this.#directories.find((one) => one.path === path)
      const online = directory !== undefined && directory.offlineReason === undefined
      const space = online ? this.#spaceOf(directory) : noSpace
      return { path, directoryId: directory?.directoryId ?? '', online, ...space }
    })
  }

  #spaceOf({ path }: LogDirectory): typeof noSpace {
    try {
      return this.#options.fileSystem.space(path)
    } catch (error) {
      this.#context.logger.warn('nobody knows how full a log directory is', { path, reason: errorMessage(error) })
      return noSpace
    }
  }

  get(topic: string, partition: number): PartitionLog | undefined {
    return this.#logs.get(`${topic}-${partition}`)
  }

  logs(): Iterable<PartitionLog> {
    return this.#logs.values()
  }

  open(
    topic: string,
    partition: number,
    topicId: string,
    config: LogConfig,
    history: LogHistory = 'new',
  ): PartitionLog {
    const name = `${topic}-${partition}`
    const known = this.#logs.get(name)
    if (known !== undefined) return known
    const identity = { topic, partition, topicId, config }
    const holding = this.#holderOf(name, topicId)
    const log = holding === undefined ? this.#create(identity, history) : this.#openOrRefuse(holding, identity, false)
    this.#logs.set(name, log)
    this.#moves.created(name)
    if (holding !== undefined) this.#moves.resume(log)
    this.#cleaner.wake(log)
    return log
  }

  // Where two topics of one name left a folder each, the other's is a stray.
  #holderOf(name: string, topicId: string): LogDirectory | undefined {
    const holders = this.#directories.filter((directory) => directory.folders.has(name))
    if (holders.length < 2) return holders[0]
    const { fileSystem, logger } = this.#options
    const own = holders.filter(({ path }) => readPartitionTopicId(fileSystem, `${path}/${name}`) === topicId)
    for (const other of holders) {
      if (own.includes(other) || other.offlineReason !== undefined) continue
      logger.warn('a folder of an earlier topic of that name is set aside', { movedTo: other.setAside(name) })
    }
    return own[0]
  }

  // A directory that turns out to be broken is left for the next one.
  #create(identity: LogIdentity, history: LogHistory): Log {
    const name = `${identity.topic}-${identity.partition}`
    if (history === 'maybeThere' && this.#offlineCount() > 0) {
      const message = `${name} may lie in a log directory that is offline: ${this.#offlineReasons()}`
      throw new KafkaError('KAFKA_STORAGE_ERROR', message)
    }
    for (;;) {
      const directory = this.#moves.preferred(name) ?? this.#directoryForNew()
      try {
        const log = this.#openOrRefuse(directory, identity, true)
        directory.folderMade(name)
        return log
      } catch (error) {
        if (directory.offlineReason === undefined) throw error
      }
    }
  }

  #openOrRefuse(directory: LogDirectory, identity: LogIdentity, isNew: boolean): Log {
    if (directory.offlineReason !== undefined) throw new KafkaError('KAFKA_STORAGE_ERROR', directory.offlineReason)
    const name = `${identity.topic}-${identity.partition}`
    try {
      if (isNew) directory.makesFolder(name)
      const log = openLog(this.#context, directory, identity, { folder: `${directory.path}/${name}`, isNew })
      directory.logs.set(name, log)
      return log
    } catch (error) {
      if (error instanceof KafkaError) throw error
      const message = `${name} can't be opened in ${directory.path}: ${errorMessage(error)}`
      if (isDeviceError(error)) directory.fail(message)
      throw new KafkaError('KAFKA_STORAGE_ERROR', message)
    }
  }

  #directoryForNew(): LogDirectory {
    const online = this.#directories.filter((directory) => directory.offlineReason === undefined)
    const [emptiest] = online.toSorted((a, b) => a.partitionCount - b.partitionCount)
    if (emptiest === undefined) throw new KafkaError('KAFKA_STORAGE_ERROR', 'no log directory is online')
    return emptiest
  }

  async delete(topic: string, partition: number): Promise<void> {
    const name = `${topic}-${partition}`
    this.#context.turns.run()
    const log = this.#logs.get(name)
    this.#moves.drop(name)
    this.#logs.delete(name)
    const directory = this.#directories.find((one) => one.folders.has(name))
    directory?.removePartition(name, log?.config.fileDeleteDelayMs ?? 60_000)
  }

  unopened(): readonly UnopenedPartition[] {
    return this.#directories
      .filter(({ offlineReason }) => offlineReason === undefined)
      .flatMap((directory) => directory.unopened().map((name) => ({ name, directory: directory.path })))
      .flatMap(({ name, directory }) => {
        const parsed = parsePartitionFolder(name)
        return parsed === undefined ? [] : [{ ...parsed, directory }]
      })
  }

  setAside({ topic, partition, directory: path }: UnopenedPartition): string {
    const directory = this.#directories.find((one) => one.path === path)
    const name = `${topic}-${partition}`
    const holds = directory?.folders.has(name) === true || directory?.futures.has(name) === true
    if (directory === undefined || !holds || directory.logs.has(name)) {
      throw new Error(`only a folder that nobody opened can be set aside: got ${path}/${name}`)
    }
    return directory.setAside(name)
  }

  alterDirectory(topic: string, partition: number, path: string): ErrorName {
    return this.#moves.alter(`${topic}-${partition}`, path)
  }

  *copies(): Iterable<LogCopyStatus> {
    for (const { log, copy } of this.#moves.copies()) {
      const { topic, partition, logEndOffset } = log
      const { directory, sizeBytes } = copy
      yield { topic, partition, directory, sizeBytes, offsetLag: logEndOffset - copy.logEndOffset }
    }
  }

  reconfigure(settings: Partial<LogManagerSettings>): void {
    const changed = { ...this.#context.settings, ...settings }
    this.#context.settings = changed
    this.#context.tailCache.setLimit(changed.tailCacheBytes)
    this.#context.indexCache.setMax(changed.indexCacheBytes)
    this.#context.files.setMax(changed.openFilesMax)
    this.#cleaner.reconfigured(changed)
  }

  async runRetention(): Promise<void> {
    for (const log of this.#logs.values()) {
      // It would throw away what was compacted so far; it comes when that is done.
      if (this.#cleaner.isCompacting(log)) continue
      try {
        log.applyRetention()
      } catch (error) {
        this.#context.logger.error('retention failed', { partition: log.state.name, error: errorMessage(error) })
      }
    }
  }

  #startTasks(): void {
    const { initialTaskDelayMs } = this.#context.settings
    this.#repeat(
      'retention',
      initialTaskDelayMs,
      () => this.#context.settings.retentionCheckIntervalMs,
      () => this.runRetention(),
    )
    const expiryMs = (): number => this.#context.settings.producerIdExpirationCheckIntervalMs
    this.#repeat('producers', expiryMs(), expiryMs, () => this.#expireProducers())
  }

  #repeat(key: string, delayMs: number, everyMs: () => number, work: () => void | Promise<void>): void {
    const run = async (): Promise<void> => {
      await work()
      if (!this.#closed) this.#timers.set(key, this.#context.clock.setTimer(everyMs(), run))
    }
    this.#timers.set(key, this.#context.clock.setTimer(delayMs, run))
  }

  #expireProducers(): void {
    const nowMs = this.#context.clock.sessions.wallMs()
    const { producerIdExpirationMs } = this.#context.settings
    for (const log of this.#logs.values()) log.state.producers.expire(nowMs, producerIdExpirationMs)
  }

  onDirectoryOffline(listener: (path: string, reason: string) => void): void {
    this.#offlineListeners.push(listener)
  }

  async close(brokerEpoch = -1): Promise<boolean> {
    if (this.#closed) return false
    this.#closed = true
    this.#moves.stop()
    this.#context.turns.run()
    for (const timer of this.#timers.values()) timer.cancel()
    await this.#cleaner.stop()
    const clean = await Promise.all(this.#directories.map((directory) => directory.close(brokerEpoch)))
    for (const timer of this.#context.removals) timer.cancel()
    this.#context.files.closeAll()
    return this.#failed.size === 0 && clean.every((one) => one)
  }

  #declareMetrics(): void {
    const { metrics } = this.#options
    const { tailCache, indexCache, files, reads } = this.#context
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
    gauge('millrace_log_moves', 'Partitions on their way to another log directory', () => this.#moves.count)
    this.#cleaner.record.declareMetrics(metrics, this.#options.directories)
    gauge('millrace_log_offline_directories', 'Log directories that are offline', () => this.#offlineCount())
  }

  #offlineCount(): number {
    const offline = this.#directories.filter((directory) => directory.offlineReason !== undefined)
    return this.#failed.size + offline.length
  }
}

const noSpace = { totalBytes: -1, usableBytes: -1 }

const pauseUntil =
  (endOfTurn: (work: () => void) => void): (() => Promise<void>) =>
  () =>
    new Promise((resolve) => endOfTurn(resolve))

function newContext(options: LogManagerOptions): LogContext & { settings: LogManagerSettings } {
  const settings = { ...defaultSettings, ...options.settings }
  const tailCache = new TailCache(settings.tailCacheBytes)
  return {
    files: new OpenFiles(options.fileSystem, settings.openFilesMax),
    indexCache: new IndexCache(settings.indexCacheBytes),
    tailCache,
    buffers: new BufferPool(),
    reads: { tail: 0, files: 0 },
    turns: new Turns(options.endOfTurn, tailCache),
    clock: options.clock,
    random: options.random,
    logger: options.logger,
    settings,
    removals: new Set(),
    // Half of libuv's threads.
    readsPerDirectoryMax: options.directories.length > 1 ? 2 : Infinity,
  }
}
