import { errorMessage } from '@millrace/kernel'
import { KafkaError } from '@millrace/protocol'
import { readPartitionTopicId } from '../checkpoint/partition-metadata.ts'
import { isSystemError } from '../io/disk-errors.ts'
import { settleDuplicates } from '../move/settle-duplicates.ts'
import type { LogContext } from './log-context.ts'
import type { DirectoryEvents } from './log-directory.ts'
import { LogDirectory } from './log-directory.ts'
import type { LogManagerOptions } from './log-manager-options.ts'
import { parsePartitionFolder } from './partition-folders.ts'
import type { LogDirectoryStatus, UnopenedPartition } from './partition-log.ts'

/** All of `log.dirs`: which could be opened, which serve, and in which of them a partition lies or is made. */
export class LogDirectories {
  readonly #all: LogDirectory[] = []
  readonly #failed = new Map<string, string>()
  readonly #context: LogContext
  readonly #options: LogManagerOptions

  constructor(context: LogContext, options: LogManagerOptions) {
    this.#context = context
    this.#options = options
  }

  /** Those that were opened; some may have failed since. */
  get all(): readonly LogDirectory[] {
    return this.#all
  }

  /** Why a directory could not be opened at the start, by its path. */
  get failed(): ReadonlyMap<string, string> {
    return this.#failed
  }

  /** Throws where one is in use or somebody else's, or none can be used; then none stays open. */
  open(events: DirectoryEvents): void {
    try {
      for (const path of this.#options.directories) this.#openOrLeaveOut(path, events)
      if (this.#all.length === 0) throw new Error(`no log directory can be used: ${this.offlineReasons}`)
      settleDuplicates(this.#context, this.#all)
    } catch (error) {
      for (const directory of this.#all) void directory.close(-1)
      throw error
    }
  }

  // What the system refuses takes that directory alone offline; one that is held, or another's, is a mistake to be said.
  #openOrLeaveOut(path: string, events: DirectoryEvents): void {
    try {
      this.#all.push(new LogDirectory(path, this.#context, this.#options, events))
    } catch (error) {
      if (!isSystemError(error)) throw error
      const reason = errorMessage(error)
      this.#failed.set(path, reason)
      this.#context.logger.error('a log directory can not be used and is offline', { directory: path, reason })
    }
  }

  get offlineReasons(): string {
    const failed = [...this.#failed].map(([path, reason]) => `${path}: ${reason}`)
    return [...failed, ...this.#all.flatMap(({ offlineReason }) => offlineReason ?? [])].join('; ')
  }

  get offlineCount(): number {
    const offline = this.#all.filter((directory) => directory.offlineReason !== undefined)
    return this.#failed.size + offline.length
  }

  at(path: string): LogDirectory | undefined {
    return this.#all.find((directory) => directory.path === path)
  }

  statuses(): readonly LogDirectoryStatus[] {
    return this.#options.directories.map((path) => {
      const directory = this.at(path)
      const online = directory !== undefined && directory.offlineReason === undefined
      const space = online ? this.#spaceOf(directory) : noSpace
      return { path, directoryId: directory?.directoryId ?? '', online, cordoned: this.isCordoned(path), ...space }
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

  /** The one that has a folder of the partition. Where two topics of one name left a folder each, the other's is a stray. */
  holderOf(name: string, topicId: string): LogDirectory | undefined {
    const holders = this.#all.filter((directory) => directory.folders.has(name))
    if (holders.length < 2) return holders[0]
    const { fileSystem, logger } = this.#options
    const own = holders.filter(({ path }) => readPartitionTopicId(fileSystem, `${path}/${name}`) === topicId)
    for (const other of holders) {
      if (own.includes(other) || other.offlineReason !== undefined) continue
      logger.warn('a folder of an earlier topic of that name is set aside', { movedTo: other.setAside(name) })
    }
    return own[0]
  }

  /** `cordoned.log.dirs`: what lies there stays and is served, nothing comes to it. */
  isCordoned(path: string): boolean {
    return this.#context.settings.cordonedDirectories.includes(path)
  }

  /** The one for a new partition: which has the fewest of those that aren't cordoned. */
  forNew(): LogDirectory {
    const online = this.#all.filter((directory) => directory.offlineReason === undefined)
    const open = online.filter(({ path }) => !this.isCordoned(path))
    const [emptiest] = open.toSorted((a, b) => a.partitionCount - b.partitionCount)
    // A partition may have been given to this broker just before all were cordoned: as in Kafka, the first takes it.
    const chosen = emptiest ?? online[0]
    if (chosen === undefined) throw new KafkaError('KAFKA_STORAGE_ERROR', 'no log directory is online')
    return chosen
  }

  /** The partitions whose log nobody opened, of those that serve. */
  unopened(): readonly UnopenedPartition[] {
    return this.#all
      .filter(({ offlineReason }) => offlineReason === undefined)
      .flatMap((directory) => directory.unopened().map((name) => ({ name, directory: directory.path })))
      .flatMap(({ name, directory }) => {
        const parsed = parsePartitionFolder(name)
        return parsed === undefined ? [] : [{ ...parsed, directory }]
      })
  }
}

const noSpace = { totalBytes: -1, usableBytes: -1 }
