import { dirname } from 'node:path'
import { errorMessage } from '@millrace/kernel'
import { takeCleanShutdownMark } from '../checkpoint/clean-shutdown.ts'
import { claimDirectory } from '../checkpoint/meta-properties.ts'
import type { DiskSpeed } from '../checkpoint/replace-file.ts'
import type { DirectoryLock, FileSystem } from '../io/file-system.ts'
import { closeCleanly } from './close-directory.ts'
import type { CheckpointedOffset } from './directory-checkpoints.ts'
import { DirectoryCheckpoints } from './directory-checkpoints.ts'
import { DirectoryFlushes } from './directory-flushes.ts'
import { DirectoryFolders } from './directory-folders.ts'
import type { DirectoryGround } from './directory-ground.ts'
import { DirectoryRemovals } from './directory-removals.ts'
import { DiskPace, ReadGate } from './disk-pace.ts'
import type { Log } from './log.ts'
import type { LogContext, LogHome } from './log-context.ts'
import type { LogState } from './log-state.ts'
import { OnceTimers } from './once-timers.ts'

export interface DirectoryOwner {
  readonly clusterId: string
  readonly nodeId: number
}

/** What a directory tells its manager. */
export interface DirectoryEvents {
  readonly onOffline: (path: string, reason: string) => void
  readonly onRolled: (log: LogState) => void
}

/** One of `log.dirs`: its lock, and the logs that are open in it; folders, checkpoint files and flushes beside it. */
export class LogDirectory implements LogHome, DirectoryGround {
  readonly path: string
  readonly directoryId: string
  /** Whether the last stop was clean: then no log in it is scanned. */
  readonly clean: boolean
  /** What is open in it, also the copies that moves are making. */
  readonly logs = new Map<string, Log>()
  readonly context: LogContext
  readonly timers: OnceTimers
  readonly #lock: DirectoryLock
  readonly #checkpoints: DirectoryCheckpoints
  readonly #folders: DirectoryFolders
  readonly #flushes: DirectoryFlushes
  readonly #removals: DirectoryRemovals
  readonly #events: DirectoryEvents
  readonly #pace: DiskPace
  /** Undefined where there is no bound. */
  readonly #reads: ReadGate | undefined
  #offlineReason: string | undefined

  constructor(path: string, context: LogContext, owner: DirectoryOwner, events: DirectoryEvents) {
    this.path = path
    this.context = context
    this.timers = new OnceTimers(context.clock)
    this.#flushes = new DirectoryFlushes(this)
    this.#events = events
    this.#pace = new DiskPace(path, context, (reason) => this.fail(reason))
    const { readsPerDirectoryMax } = context
    this.#reads = readsPerDirectoryMax === Infinity ? undefined : new ReadGate(readsPerDirectoryMax)
    const { fileSystem } = context.files
    makeDurably(fileSystem, path)
    this.#lock = fileSystem.lock(path)
    try {
      this.directoryId = this.#claim(owner)
      this.clean = takeCleanShutdownMark(fileSystem, path)
      this.#checkpoints = new DirectoryCheckpoints(this)
      this.#folders = new DirectoryFolders(this)
    } catch (error) {
      this.#lock.release()
      throw error
    }
    const parts = { folders: this.#folders, checkpoints: this.#checkpoints, flushes: this.#flushes }
    this.#removals = new DirectoryRemovals(this, parts)
  }

  #claim(owner: DirectoryOwner): string {
    const { random, logger, files } = this.context
    const onRebuilt = (missing: readonly string[]): void =>
      logger.warn('meta.properties of a log directory lacks what it had, and is written anew', {
        directory: this.path,
        missing: missing.join(', '),
      })
    return claimDirectory(files.fileSystem, this.path, { ...owner, random, onRebuilt }).directoryId
  }

  /** Names of the partition folders in it. */
  get folders(): ReadonlySet<string> {
    return this.#folders.partitions
  }

  /** Folders into which partitions are being moved, by the partition's name. */
  get futures(): ReadonlyMap<string, string> {
    return this.#folders.futures
  }

  get offlineReason(): string | undefined {
    return this.#offlineReason
  }

  get partitionCount(): number {
    return this.folders.size + this.futures.size
  }

  checkpointed(which: CheckpointedOffset, partitionName: string): number {
    return this.#checkpoints.get(which, partitionName)
  }

  fail(reason: string): void {
    if (this.#offlineReason !== undefined) return
    this.#offlineReason = `log directory ${this.path} is offline: ${reason}`
    this.timers.stop()
    this.context.logger.error('a log directory goes offline', { directory: this.path, reason })
    for (const log of this.logs.values()) log.abandon(this.#offlineReason)
    this.#events.onOffline(this.path, reason)
  }

  get isSlow(): boolean {
    return this.#pace.isSlow
  }

  get speed(): DiskSpeed {
    return this.isSlow ? 'slow' : 'fast'
  }

  writeTook(ms: number): void {
    this.#pace.writeTook(ms)
  }

  read<Result>(read: () => Promise<Result>): Promise<Result> {
    return this.#reads === undefined ? read() : this.#reads.run(read)
  }

  writeLater(write: () => Promise<void>): Promise<void> {
    return this.#pace.writeLater(write)
  }

  wrote(log: LogState, bytes: number): void {
    this.#flushes.wrote(log, bytes)
  }

  checkpointDue(which: CheckpointedOffset): void {
    this.#checkpoints.due(which)
  }

  syncNames(): Promise<void> {
    return this.#folders.syncNames()
  }

  /** Before a partition's folder is made in it: no checkpoint file speaks of one of its name. */
  makesFolder(name: string): void {
    this.#checkpoints.makeSureForgotten(name)
  }

  /** A partition's folder was made in it. */
  folderMade(name: string): void {
    this.#folders.made(name)
  }

  /** Before a partition is moved into it: the path of the folder for it. */
  futureFolderMade(name: string): string {
    return this.#folders.futureMade(name)
  }

  /** The copy of a partition becomes the partition: from here on a start finds it here. */
  promoteFuture(name: string, log: Log): void {
    this.#folders.promoteFuture(name)
    this.logs.set(name, log)
    try {
      this.context.files.fileSystem.syncDirectory(this.path)
    } catch (error) {
      // A start may find it under its new name: it must not go on under the old one.
      this.fail(`the name of ${name} could not be made durable: ${errorMessage(error)}`)
    }
  }

  /** A move is given up: what was copied goes. */
  dropFuture(name: string, deleteDelayMs: number): void {
    this.#removals.dropFuture(name, deleteDelayMs)
  }

  /** The partition lies in another directory now: its folder here goes. Says whether that is sure. */
  removeMoved(name: string, moved: LogState | undefined): boolean {
    return this.#removals.removeMoved(name, moved)
  }

  /** What a restart must know of a partition before it is looked for here. */
  checkpointMoved(): Promise<void> {
    return this.#checkpoints.writeAllForSure()
  }

  rolled(log: LogState): void {
    if (log.config.cleanupPolicy.includes('compact')) this.#events.onRolled(log)
  }

  /** Undefined where it never was compacted. */
  cleanedUntil(partitionName: string): number | undefined {
    return this.#checkpoints.cleaned.get(partitionName)
  }

  setCleanedUntil(partitionName: string, offset: number): Promise<void> {
    return this.#checkpoints.cleaned.set(partitionName, offset)
  }

  cleanedNoFurther(log: LogState, offset: number): void {
    this.#checkpoints.cleaned.noFurther(log.name, offset)
  }

  checkpointRecoveryPoints(): void {
    this.#checkpoints.writeRecoveryPoints()
  }

  checkpointRecoveryPointsLater(): Promise<void> {
    return this.#checkpoints.writeRecoveryPointsLater()
  }

  /** Partition folders whose log nobody opened. */
  unopened(): string[] {
    return [...this.folders, ...this.futures.keys()].filter((name) => !this.logs.has(name))
  }

  /** Forgets a partition; its folder gets another name at once, durable when this resolves, and goes later. */
  removePartition(name: string, deleteDelayMs: number): Promise<void> {
    return this.#removals.removePartition(name, deleteDelayMs)
  }

  /** Forgets a partition that nobody opened; its folder stays under another name. Returns its path. */
  setAside(name: string): string {
    return this.#removals.setAside(name)
  }

  /** Says whether the stop was a clean one. */
  async close(brokerEpoch: number): Promise<boolean> {
    this.timers.cancelAll()
    try {
      return this.#offlineReason === undefined && (await closeCleanly(this, this.#checkpoints, brokerEpoch))
    } finally {
      // The last flushes made checkpoints due again.
      this.timers.stop()
      for (const log of this.logs.values()) log.release()
      this.#lock.release()
    }
  }
}

// Where the directory itself is lost with the power, all that was synced in it is too.
function makeDurably(fileSystem: FileSystem, path: string): void {
  const parents: string[] = []
  for (let at = path; at !== dirname(at) && fileSystem.stat(at) === undefined; at = dirname(at))
    parents.push(dirname(at))
  fileSystem.makeDirectory(path)
  for (const parent of parents) fileSystem.syncDirectory(parent)
}
