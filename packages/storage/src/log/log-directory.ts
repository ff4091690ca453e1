import { dirname } from 'node:path'
import type { Timer } from '@millrace/kernel'
import { assert, errorMessage } from '@millrace/kernel'
import { takeCleanShutdownMark, writeCleanShutdownMark } from '../checkpoint/clean-shutdown.ts'
import { claimDirectory } from '../checkpoint/meta-properties.ts'
import {
  readOffsetCheckpoint,
  writeOffsetCheckpoint,
  writeOffsetCheckpointLater,
} from '../checkpoint/offset-checkpoint.ts'
import type { DiskSpeed } from '../checkpoint/replace-file.ts'
import { isDeviceError } from '../io/disk-errors.ts'
import type { DirectoryLock, FileSystem } from '../io/file-system.ts'
import type { LogCheckpointName } from './checkpoints.ts'
import { Checkpoint, logCheckpointNames } from './checkpoints.ts'
import { DiskPace, ReadGate } from './disk-pace.ts'
import type { Log } from './log.ts'
import type { LogContext, LogHome } from './log-context.ts'
import type { LogState } from './log-state.ts'
import { futureFolder, parsePartitionFolder, partitionOfFuture, renamedFolder } from './partition-folders.ts'

export interface DirectoryOwner {
  readonly clusterId: string
  readonly nodeId: number
}

/** What a directory tells its manager. */
export interface DirectoryEvents {
  readonly onOffline: (path: string, reason: string) => void
  readonly onRolled: (log: LogState) => void
}

const checkpointOf = {
  recoveryPoint: 'recovery-point-offset-checkpoint',
  logStart: 'log-start-offset-checkpoint',
  highWatermark: 'replication-offset-checkpoint',
} as const satisfies Record<string, LogCheckpointName>

const cleanerCheckpoint = 'cleaner-offset-checkpoint'

// What a timer of the host takes; longer is never, and a broker doesn't run that long without writing.
const timerMsMax = 0x7fff_ffff

/** One of `log.dirs`: its lock, its checkpoint files, and the logs that are open in it. */
export class LogDirectory implements LogHome {
  readonly path: string
  readonly directoryId: string
  /** Whether the last stop was clean: then no log in it is scanned. */
  readonly clean: boolean
  /** Names of the partition folders in it. */
  readonly folders = new Set<string>()
  /** Folders into which partitions are being moved, by the partition's name. */
  readonly futures = new Map<string, string>()
  /** What is open in it, also the copies that moves are making. */
  readonly logs = new Map<string, Log>()
  readonly #context: LogContext
  readonly #fileSystem: FileSystem
  readonly #lock: DirectoryLock
  readonly #checkpoints: ReadonlyMap<LogCheckpointName, Checkpoint>
  /** First offset of each log that compaction has not looked at. */
  readonly #cleaned: Map<string, number>
  #cleanedWrites = 0
  readonly #timers = new Map<string, Timer>()
  readonly #events: DirectoryEvents
  readonly #pace: DiskPace
  /** Undefined where there is no bound. */
  readonly #reads: ReadGate | undefined
  #offlineReason: string | undefined
  #unsyncedBytes = 0
  #owesCheckpoints = false
  #namesAreDurable = false
  #syncingNames: Promise<void> | undefined
  #unsynced = new Set<LogState>()

  constructor(path: string, context: LogContext, owner: DirectoryOwner, events: DirectoryEvents) {
    this.path = path
    this.#context = context
    this.#fileSystem = context.files.fileSystem
    this.#events = events
    this.#pace = new DiskPace(path, context, (reason) => this.fail(reason))
    const { readsPerDirectoryMax } = context
    this.#reads = readsPerDirectoryMax === Infinity ? undefined : new ReadGate(readsPerDirectoryMax)
    makeDurably(this.#fileSystem, path)
    this.#lock = this.#fileSystem.lock(path)
    try {
      this.directoryId = this.#claim(owner)
      this.clean = takeCleanShutdownMark(this.#fileSystem, path)
      this.#checkpoints = new Map(logCheckpointNames.map((name) => [name, this.#openCheckpoint(name)]))
      this.#cleaned = this.#readCleaned()
      this.#listFolders()
    } catch (error) {
      this.#lock.release()
      throw error
    }
  }

  #claim(owner: DirectoryOwner): string {
    const { random, logger } = this.#context
    const onRebuilt = (missing: readonly string[]): void =>
      logger.warn('meta.properties of a log directory lacks what it had, and is written anew', {
        directory: this.path,
        missing: missing.join(', '),
      })
    return claimDirectory(this.#fileSystem, this.path, { ...owner, random, onRebuilt }).directoryId
  }

  #readCleaned(): Map<string, number> {
    try {
      return readOffsetCheckpoint(this.#fileSystem, this.path, cleanerCheckpoint)
    } catch (error) {
      const fields = { directory: this.path, file: cleanerCheckpoint, reason: errorMessage(error) }
      this.#context.logger.warn('a checkpoint file is damaged and left out', fields)
      return new Map()
    }
  }

  #openCheckpoint(name: LogCheckpointName): Checkpoint {
    return new Checkpoint(this.#fileSystem, this.path, name, (reason) => {
      this.#context.logger.warn('a checkpoint file is damaged and left out', {
        directory: this.path,
        file: name,
        reason,
      })
    })
  }

  #listFolders(): void {
    for (const { name, isDirectory } of this.#fileSystem.list(this.path) ?? []) {
      if (!isDirectory) continue
      const moved = partitionOfFuture(name)
      if (parsePartitionFolder(name) !== undefined) this.folders.add(name)
      else if (moved !== undefined) this.futures.set(moved, name)
      else if (name.endsWith('-delete')) this.#removeLater(name, this.#context.settings.initialTaskDelayMs)
    }
  }

  get offlineReason(): string | undefined {
    return this.#offlineReason
  }

  get partitionCount(): number {
    return this.folders.size + this.futures.size
  }

  checkpointed(name: keyof typeof checkpointOf, partitionName: string): number {
    return this.#checkpoints.get(checkpointOf[name])?.get(partitionName) ?? 0
  }

  fail(reason: string): void {
    if (this.#offlineReason !== undefined) return
    this.#offlineReason = `log directory ${this.path} is offline: ${reason}`
    this.#cancelTimers()
    this.#context.logger.error('a log directory goes offline', { directory: this.path, reason })
    for (const log of this.logs.values()) log.abandon(this.#offlineReason)
    this.#events.onOffline(this.path, reason)
  }

  get isSlow(): boolean {
    return this.#pace.isSlow
  }

  get #speed(): DiskSpeed {
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
    this.#unsynced.add(log)
    this.#unsyncedBytes += bytes
    const { flushIntervalMs } = log.config
    if (flushIntervalMs <= timerMsMax) this.#once(`flush ${log.name}`, flushIntervalMs, () => this.#flush(log))
    if (this.#unsyncedBytes >= this.#context.settings.backgroundFlushBytes) this.#flushInBackground()
  }

  // Every few dozen MB, so that the kernel never has so much to write that it stops us.
  #flushInBackground(): void {
    const logs = this.#unsynced
    this.#unsynced = new Set()
    this.#unsyncedBytes = 0
    for (const log of logs) void this.#flush(log)
  }

  async #flush(log: LogState): Promise<void> {
    try {
      await this.logs.get(log.name)?.flush()
    } catch (error) {
      this.#context.logger.error('a flush failed', { partition: log.name, error: errorMessage(error) })
    }
  }

  checkpointDue(which: keyof typeof checkpointOf): void {
    const { settings } = this.#context
    const delayMs = {
      recoveryPoint: settings.flushOffsetCheckpointIntervalMs,
      logStart: settings.flushStartOffsetCheckpointIntervalMs,
      highWatermark: settings.highWatermarkCheckpointIntervalMs,
    }[which]
    this.#once(which, delayMs, () => this.#writeCheckpointLater(checkpointOf[which]))
  }

  syncNames(): Promise<void> {
    if (this.#namesAreDurable) return Promise.resolve()
    this.#syncingNames ??= this.#syncNamesNow()
    return this.#syncingNames
  }

  async #syncNamesNow(): Promise<void> {
    this.#namesAreDurable = true
    try {
      await this.#fileSystem.syncDirectoryLater(this.path)
    } finally {
      this.#syncingNames = undefined
    }
  }

  /** Before a partition's folder is made in it: no checkpoint file speaks of one of its name. */
  makesFolder(name: string): void {
    if (this.#forgetOffsets(name)) this.#owesCheckpoints = true
    this.#writeOwedCheckpoints()
  }

  /** A partition's folder was made in it. */
  folderMade(name: string): void {
    this.folders.add(name)
    this.#namesAreDurable = false
  }

  /** Before a partition is moved into it: the path of the folder for it. */
  futureFolderMade(name: string): string {
    const folder = futureFolder(name, this.#context.random.bytes(16))
    this.futures.set(name, folder)
    this.#namesAreDurable = false
    return `${this.path}/${folder}`
  }

  /** The copy of a partition becomes the partition: from here on a start finds it here. */
  promoteFuture(name: string, log: Log): void {
    const folder = this.futures.get(name)
    assert(folder !== undefined, `${name} is being moved to ${this.path}`)
    this.#fileSystem.rename(`${this.path}/${folder}`, `${this.path}/${name}`)
    this.futures.delete(name)
    this.folders.add(name)
    this.logs.set(name, log)
    try {
      this.#fileSystem.syncDirectory(this.path)
    } catch (error) {
      // A start may find it under its new name: it must not go on under the old one.
      this.fail(`the name of ${name} could not be made durable: ${errorMessage(error)}`)
    }
  }

  /** A move is given up: what was copied goes. */
  dropFuture(name: string, deleteDelayMs: number): void {
    const folder = this.futures.get(name)
    if (folder === undefined) return
    const log = this.logs.get(name)
    this.futures.delete(name)
    this.#forget(name)
    if (this.#offlineReason !== undefined) return
    const renamed = this.#renameFolder(folder, name, '-delete')
    if (log !== undefined) log.state.folder = `${this.path}/${renamed}`
    this.#removeLater(renamed, deleteDelayMs)
  }

  /** The partition lies in another directory now: its folder here goes. Says whether that is sure. */
  removeMoved(name: string, moved: LogState | undefined): boolean {
    this.logs.delete(name)
    this.#forgetFolder(name)
    if (moved !== undefined) this.#unsynced.delete(moved)
    if (this.#offlineReason !== undefined) return false
    try {
      const renamed = this.#renameFolder(name, name, '-delete')
      if (moved !== undefined) moved.folder = `${this.path}/${renamed}`
      this.#removeLater(renamed, moved?.config.fileDeleteDelayMs ?? this.#context.settings.initialTaskDelayMs)
      return true
    } catch (error) {
      this.fail(`the folder of ${name}, which was moved away, could not be renamed: ${errorMessage(error)}`)
      return false
    }
  }

  /** What a restart must know of a partition before it is looked for here. */
  async checkpointMoved(): Promise<void> {
    for (const name of logCheckpointNames) {
      await this.#checkpoints.get(name)?.writeForSure(this.logs.values(), this.#speed)
    }
  }

  rolled(log: LogState): void {
    if (log.config.cleanupPolicy.includes('compact')) this.#events.onRolled(log)
  }

  /** Undefined where it never was compacted. */
  cleanedUntil(partitionName: string): number | undefined {
    return this.#cleaned.get(partitionName)
  }

  /** Where this is lost, more is looked at again: it waits for no disk. */
  async setCleanedUntil(partitionName: string, offset: number): Promise<void> {
    this.#cleaned.set(partitionName, offset)
    this.#cleanedWrites += 1
    const mine = this.#cleanedWrites
    const isCurrent = (): boolean => this.#cleanedWrites === mine
    await writeOffsetCheckpointLater(
      this.#fileSystem,
      this.path,
      cleanerCheckpoint,
      this.#cleaned,
      isCurrent,
      this.#speed,
    )
  }

  cleanedNoFurther(log: LogState, offset: number): void {
    if ((this.#cleaned.get(log.name) ?? 0) <= offset) return
    this.#cleaned.set(log.name, offset)
    this.#writeCleaned()
  }

  #writeCleaned(): void {
    this.#cleanedWrites += 1
    writeOffsetCheckpoint(this.#fileSystem, this.path, cleanerCheckpoint, this.#cleaned)
  }

  checkpointRecoveryPoints(): void {
    this.#checkpoints.get('recovery-point-offset-checkpoint')?.write(this.logs.values())
  }

  async checkpointRecoveryPointsLater(): Promise<void> {
    await this.#checkpoints.get('recovery-point-offset-checkpoint')?.writeForSure(this.logs.values(), this.#speed)
  }

  /** Says whether it is written. */
  #writeCheckpoint(name: LogCheckpointName): boolean {
    if (this.#offlineReason !== undefined) return false
    try {
      this.#checkpoints.get(name)?.write(this.logs.values())
      return true
    } catch (error) {
      this.#checkpointFailed(name, error)
      return false
    }
  }

  async #writeCheckpointLater(name: LogCheckpointName): Promise<void> {
    if (this.#offlineReason !== undefined) return
    try {
      await this.#checkpoints.get(name)?.writeLater(this.logs.values(), this.#speed)
    } catch (error) {
      this.#checkpointFailed(name, error)
    }
  }

  // The old one stays: it only makes a recovery read more.
  #checkpointFailed(name: LogCheckpointName, error: unknown): void {
    if (isDeviceError(error)) this.fail(`${name} could not be written: ${errorMessage(error)}`)
    this.#context.logger.warn('a checkpoint could not be written', { file: name, error: errorMessage(error) })
  }

  // Timers run only while there is something to do, so that an idle broker does nothing.
  #once(key: string, delayMs: number, work: () => void | Promise<void>): void {
    if (this.#timers.has(key) || this.#offlineReason !== undefined) return
    const run = (): void | Promise<void> => {
      this.#timers.delete(key)
      return work()
    }
    this.#timers.set(key, this.#context.clock.setTimer(delayMs, run))
  }

  /** Partition folders whose log nobody opened. */
  unopened(): string[] {
    return [...this.folders, ...this.futures.keys()].filter((name) => !this.logs.has(name))
  }

  /** Forgets a partition; its folder gets another name at once and goes later. */
  removePartition(name: string, deleteDelayMs: number): void {
    const log = this.logs.get(name)
    this.#forget(name)
    if (this.#offlineReason !== undefined) return
    const renamed = this.#renameFolder(name, name, '-delete')
    if (log !== undefined) log.state.folder = `${this.path}/${renamed}`
    this.#removeLater(renamed, deleteDelayMs)
  }

  /** Forgets a partition that nobody opened; its folder stays under another name. Returns its path. */
  setAside(name: string): string {
    const folder = this.futures.get(name) ?? name
    this.futures.delete(name)
    this.#forget(name)
    return `${this.path}/${this.#renameFolder(folder, name, '-stray')}`
  }

  #forget(name: string): void {
    const log = this.logs.get(name)
    this.logs.delete(name)
    this.#forgetFolder(name)
    if (log === undefined) return
    log.release()
    log.state.deleted = true
    log.state.changed()
    this.#unsynced.delete(log.state)
  }

  #forgetFolder(name: string): void {
    this.folders.delete(name)
    this.#forgetOffsets(name)
    this.#owesCheckpoints = true
    this.#once('forgotten', 0, () => this.#writeOwedCheckpoints())
  }

  /** Says whether there was one. */
  #forgetOffsets(name: string): boolean {
    const found = [...this.#checkpoints.values()].map((checkpoint) => checkpoint.forget(name))
    return this.#cleaned.delete(name) || found.includes(true)
  }

  // Once for all that a request deletes. A line of a log that is gone does no harm until there is one of its name.
  #writeOwedCheckpoints(): void {
    if (!this.#owesCheckpoints || this.#offlineReason !== undefined) return
    for (const checkpoint of this.#checkpoints.values()) checkpoint.write(this.logs.values())
    this.#writeCleaned()
    this.#owesCheckpoints = false
  }

  #renameFolder(folder: string, partitionName: string, ending: '-delete' | '-stray'): string {
    const renamed = renamedFolder(partitionName, this.#context.random.bytes(16), ending)
    this.#fileSystem.rename(`${this.path}/${folder}`, `${this.path}/${renamed}`)
    this.#fileSystem.syncDirectory(this.path)
    return renamed
  }

  #removeLater(name: string, delayMs: number): void {
    this.#once(`delete ${name}`, delayMs, () => {
      try {
        this.#fileSystem.removeDirectory(`${this.path}/${name}`)
      } catch (error) {
        this.#context.logger.warn('a deleted partition stays until the next start', {
          name,
          error: errorMessage(error),
        })
      }
    })
  }

  #cancelTimers(): void {
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
  }

  /** Says whether the stop was a clean one. */
  async close(brokerEpoch: number): Promise<boolean> {
    this.#cancelTimers()
    try {
      return this.#offlineReason === undefined && (await this.#closeCleanly(brokerEpoch))
    } finally {
      // The last flushes made checkpoints due again.
      this.#cancelTimers()
      for (const log of this.logs.values()) log.release()
      this.#lock.release()
    }
  }

  #markClean(brokerEpoch: number, failures: string[]): boolean {
    try {
      writeCleanShutdownMark(this.#fileSystem, this.path, brokerEpoch)
      return true
    } catch (error) {
      failures.push(errorMessage(error))
      return false
    }
  }

  async #closeLog(log: Log, failures: string[]): Promise<void> {
    try {
      await log.closeCleanly()
    } catch (error) {
      failures.push(`${log.state.name}: ${errorMessage(error)}`)
    }
    // A log that can't be used stays to be looked at: the next start must not take it for whole.
    if (log.state.damage !== undefined) failures.push(log.state.damage)
  }

  async #closeCleanly(brokerEpoch: number): Promise<boolean> {
    const failures: string[] = []
    const logs = [...this.logs.values()]
    for (let from = 0; from < logs.length; from += closedTogether) {
      await Promise.all(logs.slice(from, from + closedTogether).map((log) => this.#closeLog(log, failures)))
    }
    for (const name of logCheckpointNames) if (!this.#writeCheckpoint(name)) failures.push(`${name} is old`)
    if (failures.length === 0 && this.#markClean(brokerEpoch, failures)) return true
    this.#context.logger.warn('the stop was not clean: the next start checks the ends of all logs', {
      directory: this.path,
      reason: failures.join('; '),
    })
    return false
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

// Not all at once: each has files open meanwhile.
const closedTogether = 64
