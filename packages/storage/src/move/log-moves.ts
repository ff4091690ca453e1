import { errorMessage } from '@millrace/kernel'
import type { ErrorName } from '@millrace/protocol'
import type { LogContext } from '../log/log-context.ts'
import type { LogDirectory } from '../log/log-directory.ts'
import type { Log } from '../log/log.ts'
import { openLog } from '../log/open-log.ts'
import { canBeMoved } from '../log/partition-folders.ts'
import { cutToCommonPart } from './common-part.ts'
import { LogMove } from './log-move.ts'
import { MoveThrottle } from './move-throttle.ts'

/** What moves need of the manager whose logs they move. */
export interface MoveGround {
  readonly context: LogContext
  readonly directories: () => readonly LogDirectory[]
  /** Paths of directories that could not be opened at the start. */
  readonly failed: ReadonlyMap<string, string>
  readonly logOf: (name: string) => Log | undefined
  readonly pause: () => Promise<void>
  /** The moved log may have waited for compaction. */
  readonly onMoved: (log: Log) => void
}

/**
 * The partitions that are on their way from one log directory to another. By default as many at a time as there are
 * directories; a restart goes on with them.
 */
export class LogMoves {
  readonly #ground: MoveGround
  readonly #throttle: MoveThrottle
  readonly #moves = new Map<string, LogMove>()
  #waiting: LogMove[] = []
  readonly #running = new Set<LogMove>()
  readonly #preferred = new Map<string, string>()

  constructor(ground: MoveGround) {
    this.#ground = ground
    const { clock } = ground.context
    this.#throttle = new MoveThrottle(clock, () => ground.context.settings.moveBytesPerSecond)
  }

  get count(): number {
    return this.#moves.size
  }

  /** The copies that are being made, and of which logs. */
  *copies(): Iterable<{ readonly log: Log; readonly copy: Log }> {
    for (const { log, copy } of this.#moves.values()) yield { log, copy }
  }

  /** Where somebody wants a partition that isn't there yet. */
  preferred(name: string): LogDirectory | undefined {
    const path = this.#preferred.get(name)
    return this.#ground.directories().find((one) => one.path === path && one.offlineReason === undefined)
  }

  created(name: string): void {
    this.#preferred.delete(name)
  }

  /** Kafka's ReplicaManager.alterReplicaLogDirs for one partition, with its errors in its order. */
  alter(name: string, path: string): ErrorName {
    const directories = this.#ground.directories()
    const target = directories.find((one) => one.path === path)
    if (!canBeMoved(name)) return 'INVALID_TOPIC_EXCEPTION'
    if (target === undefined) return this.#ground.failed.has(path) ? 'KAFKA_STORAGE_ERROR' : 'LOG_DIR_NOT_FOUND'
    if (target.offlineReason !== undefined) return 'KAFKA_STORAGE_ERROR'
    if (this.#ground.context.settings.cordonedDirectories.includes(path)) return 'INVALID_REPLICA_ASSIGNMENT'
    const log = this.#ground.logOf(name)
    if (log?.offline === true) return 'KAFKA_STORAGE_ERROR'
    const before = this.#moves.get(name)
    if (before !== undefined && before.target !== target) this.drop(name)
    if (log === undefined) {
      this.#preferred.set(name, path)
      return 'REPLICA_NOT_AVAILABLE'
    }
    if (log.directory === path || this.#moves.has(name)) return 'NONE'
    // The partition may be on its way to one that is offline: two copies must not be.
    const anyOffline = this.#ground.failed.size > 0 || directories.some((one) => one.offlineReason !== undefined)
    return anyOffline ? 'KAFKA_STORAGE_ERROR' : this.#begin(log, target)
  }

  #begin(log: Log, target: LogDirectory): ErrorName {
    const { context } = this.#ground
    const { name } = log.state
    try {
      target.makesFolder(name)
      const folder = target.futureFolderMade(name)
      this.#start(log, this.#open(log, target, folder, true), target)
      return 'NONE'
    } catch (error) {
      target.dropFuture(name, 0)
      const fields = { partition: name, to: target.path, error: errorMessage(error) }
      context.logger.error('a move to another log directory can not begin', fields)
      return 'KAFKA_STORAGE_ERROR'
    }
  }

  #open(log: Log, target: LogDirectory, folder: string, isNew: boolean): Log {
    const { topic, partition, topicId, config } = log
    return openLog(
      this.#ground.context,
      target,
      { topic, partition, topicId, config },
      { folder, isNew, isFuture: true },
    )
  }

  /** Goes on with what an earlier life began: the log was opened, and a copy of it lies in another directory. */
  resume(log: Log): void {
    const { name } = log.state
    const target = this.#ground.directories().find((one) => one.futures.has(name) && one.offlineReason === undefined)
    if (target === undefined || log.offline) return
    if (target.path === log.directory) {
      target.dropFuture(name, log.config.fileDeleteDelayMs)
      return
    }
    try {
      const copy = this.#open(log, target, `${target.path}/${target.futures.get(name)}`, false)
      if (copy.offline) throw new Error(copy.state.offlineReason)
      cutToCommonPart(copy.state, log.state)
      this.#start(log, copy, target)
    } catch (error) {
      const fields = { partition: name, directory: target.path, error: errorMessage(error) }
      this.#ground.context.logger.warn('what a move had copied can not be used and is dropped', fields)
      target.dropFuture(name, log.config.fileDeleteDelayMs)
    }
  }

  #start(log: Log, copy: Log, target: LogDirectory): void {
    const { context, directories, pause } = this.#ground
    const source = directories().find((one) => one.path === log.directory)
    if (source === undefined) throw new Error(`${log.directory} is not a log directory`)
    const { name } = log.state
    const cleanedUntil = source.cleanedUntil(name) ?? 0
    target.logs.set(name, copy)
    const move = new LogMove({ log, copy, source, target, throttle: this.#throttle, pause, cleanedUntil })
    this.#moves.set(name, move)
    this.#waiting.push(move)
    context.logger.info('a partition moves to another log directory', {
      partition: name,
      from: source.path,
      to: target.path,
      fromOffset: copy.logEndOffset,
    })
    this.#startWaiting()
  }

  #startWaiting(): void {
    const { movesMax } = this.#ground.context.settings
    while (this.#running.size < (movesMax ?? this.#ground.directories().length)) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#running.add(next)
      void this.#run(next)
    }
  }

  async #run(move: LogMove): Promise<void> {
    const { context, onMoved } = this.#ground
    const { name } = move.log.state
    const fields = { partition: name, from: move.source.path, to: move.target.path }
    try {
      if (await move.run()) {
        this.#moves.delete(name)
        context.logger.info('a partition was moved to another log directory', fields)
        onMoved(move.log)
      }
    } catch (error) {
      context.logger.error('a move to another log directory is given up', { ...fields, error: errorMessage(error) })
      if (this.#moves.get(name) === move) this.drop(name)
    } finally {
      this.#running.delete(move)
      this.#startWaiting()
    }
  }

  /** Gives a move up, and what it copied. */
  drop(name: string): void {
    const move = this.#moves.get(name)
    if (move === undefined) return
    this.#forget(move)
    move.target.dropFuture(name, move.log.config.fileDeleteDelayMs)
  }

  #forget(move: LogMove): void {
    move.cancel()
    this.#moves.delete(move.log.state.name)
    this.#waiting = this.#waiting.filter((one) => one !== move)
  }

  /** Moves from and to it end; what was copied stays for the next start. */
  directoryFailed(path: string): void {
    for (const move of Array.from(this.#moves.values())) {
      if (move.source.path === path || move.target.path === path) this.#forget(move)
    }
  }

  /** The next start goes on. */
  stop(): void {
    for (const move of Array.from(this.#moves.values())) this.#forget(move)
  }
}
