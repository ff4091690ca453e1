import { errorMessage } from '@millrace/kernel'
import type { ErrorName } from '@millrace/protocol'
import { KafkaError } from '@millrace/protocol'
import type { CleanerHome } from '../compaction/cleaner.ts'
import { Cleaner } from '../compaction/cleaner.ts'
import { loopThread } from '../compaction/loop-thread.ts'
import { workerThread } from '../compaction/worker-thread.ts'
import { LogMoves } from '../move/log-moves.ts'
import { isDeviceError } from '../io/disk-errors.ts'
import type { Log } from './log.ts'
import type { LogContext } from './log-context.ts'
import { LogDirectories } from './log-directories.ts'
import type { DirectoryEvents, LogDirectory } from './log-directory.ts'
import type { LogManagerOptions } from './log-manager-options.ts'
import { declareLogMetrics } from './log-metrics.ts'
import { LogTasks } from './log-tasks.ts'
import { newContext } from './new-log-context.ts'
import type { LogIdentity } from './open-log.ts'
import { openLog } from './open-log.ts'
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

/** Opens the log directories; logs are opened one by one. Throws where a directory is in use or somebody else's. */
export function openLogManager(options: LogManagerOptions): LogManager {
  return new DirectoryLogManager(options)
}

class DirectoryLogManager implements LogManager {
  readonly #options: LogManagerOptions
  readonly #context: LogContext & { settings: LogManagerSettings }
  readonly #directories: LogDirectories
  readonly #logs = new Map<string, Log>()
  readonly #offlineListeners: ((path: string, reason: string) => void)[] = []
  readonly #cleaner: Cleaner
  readonly #moves: LogMoves
  readonly #tasks: LogTasks
  #closed = false

  constructor(options: LogManagerOptions) {
    this.#options = options
    this.#context = newContext(options)
    this.#directories = new LogDirectories(this.#context, options)
    const pause = options.pause ?? pauseUntil(options.endOfTurn)
    this.#cleaner = new Cleaner(this.#context, this.#cleanerHome(pause))
    this.#moves = new LogMoves({
      context: this.#context,
      directories: () => this.#directories.all,
      failed: this.#directories.failed,
      logOf: (name) => this.#logs.get(name),
      pause,
      onMoved: (log) => this.#cleaner.wake(log),
    })
    this.#tasks = new LogTasks(this.#context, () => this.#logs.values(), this.#cleaner)
    this.#directories.open(this.#directoryEvents())
    const measured = {
      context: this.#context,
      directories: this.#directories,
      moves: this.#moves,
      cleaner: this.#cleaner,
    }
    declareLogMetrics(options, measured)
    this.#tasks.start()
  }

  #directoryEvents(): DirectoryEvents {
    return {
      onOffline: (path, reason) => {
        this.#moves.directoryFailed(path)
        for (const listener of this.#offlineListeners) listener(path, reason)
      },
      onRolled: ({ name }) => {
        const log = this.#logs.get(name)
        if (log !== undefined) this.#cleaner.wake(log)
      },
    }
  }

  #cleanerHome(pause: () => Promise<void>): CleanerHome {
    const { fileSystem } = this.#options
    const directoryOf = (log: Log): LogDirectory | undefined => this.#directories.at(log.directory)
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
    return this.#directories.statuses()
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
    const holding = this.#directories.holderOf(name, topicId)
    const log = holding === undefined ? this.#create(identity, history) : this.#openOrRefuse(holding, identity, false)
    this.#logs.set(name, log)
    this.#moves.created(name)
    if (holding !== undefined) this.#moves.resume(log)
    this.#cleaner.wake(log)
    return log
  }

  // A directory that turns out to be broken is left for the next one.
  #create(identity: LogIdentity, history: LogHistory): Log {
    const name = `${identity.topic}-${identity.partition}`
    if (history === 'maybeThere' && this.#directories.offlineCount > 0) {
      const message = `${name} may lie in a log directory that is offline: ${this.#directories.offlineReasons}`
      throw new KafkaError('KAFKA_STORAGE_ERROR', message)
    }
    for (;;) {
      const directory = this.#moves.preferred(name) ?? this.#directories.forNew()
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

  async delete(topic: string, partition: number): Promise<void> {
    const name = `${topic}-${partition}`
    this.#context.turns.run()
    const log = this.#logs.get(name)
    this.#moves.drop(name)
    this.#logs.delete(name)
    const directory = this.#directories.all.find((one) => one.folders.has(name))
    await directory?.removePartition(name, log?.config.fileDeleteDelayMs ?? 60_000)
  }

  unopened(): readonly UnopenedPartition[] {
    return this.#directories.unopened()
  }

  setAside({ topic, partition, directory: path }: UnopenedPartition): string {
    const directory = this.#directories.at(path)
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

  runRetention(): Promise<void> {
    return this.#tasks.runRetention()
  }

  onDirectoryOffline(listener: (path: string, reason: string) => void): void {
    this.#offlineListeners.push(listener)
  }

  async close(brokerEpoch = -1): Promise<boolean> {
    if (this.#closed) return false
    this.#closed = true
    this.#moves.stop()
    this.#context.turns.run()
    this.#tasks.stop()
    await this.#cleaner.stop()
    const clean = await Promise.all(this.#directories.all.map((directory) => directory.close(brokerEpoch)))
    for (const timer of this.#context.removals) timer.cancel()
    this.#context.files.closeAll()
    return this.#directories.failed.size === 0 && clean.every((one) => one)
  }
}

const pauseUntil =
  (endOfTurn: (work: () => void) => void): (() => Promise<void>) =>
  () =>
    new Promise((resolve) => endOfTurn(resolve))
