import type { Timer } from '@millrace/kernel'
import { errorMessage } from '@millrace/kernel'
import { isDeviceError } from '../io/disk-errors.ts'
import { flushInTurn } from '../log/flush.ts'
import type { LogDirectory } from '../log/log-directory.ts'
import type { Log } from '../log/log.ts'
import { copyNewestSnapshot } from '../log/producer-replay.ts'
import { DamagedSourceError, LogCopier } from './log-copier.ts'
import { removeMovedFrom, writeMovedFrom } from './moved-from.ts'
import type { MoveThrottle } from './move-throttle.ts'

export interface LogMoveOptions {
  /** What is moved: readers and producers of it notice nothing. */
  readonly log: Log
  /** Its copy, which lies in `target`. */
  readonly copy: Log
  readonly source: LogDirectory
  readonly target: LogDirectory
  readonly throttle: MoveThrottle
  /** Gives others their turn of the event loop. */
  readonly pause: () => Promise<void>
  /** First offset of the log that compaction has not looked at. */
  readonly cleanedUntil: number
}

// What is missing at the end is copied while nobody else has a turn: as much as takes a millisecond.
const lastBytesMax = 1024 * 1024
const retryMs = 1_000

/** Moves one log to another directory, while it is written and read. */
export class LogMove {
  readonly log: Log
  readonly copy: Log
  readonly source: LogDirectory
  readonly target: LogDirectory
  readonly #options: LogMoveOptions
  readonly #copier: LogCopier
  #isCancelled = false
  #isMarked = false
  #checkpointedStart = -1
  #saysRefused = true
  #wake: (() => void) | undefined
  #timer: Timer | undefined

  constructor(options: LogMoveOptions) {
    this.log = options.log
    this.copy = options.copy
    this.source = options.source
    this.target = options.target
    this.#options = options
    this.#copier = new LogCopier(options.log.state, options.copy.state)
    options.log.state.copy = options.copy.state
    // A compaction that is under way would give the log other segments: it is begun anew after the move.
    options.log.state.changed()
  }

  /** Nothing more is copied; what was copied stays as it is. */
  cancel(): void {
    this.#isCancelled = true
    if (this.log.state.copy === this.copy.state) this.log.state.copy = undefined
    this.#timer?.cancel()
    this.#wake?.()
  }

  get #isOver(): boolean {
    return this.#isCancelled || this.log.offline || this.copy.offline
  }

  /** Says whether the log lies in the other directory now; it doesn't where the move was cancelled or can't go on. */
  async run(): Promise<boolean> {
    while (!this.#isOver) {
      try {
        if ((await this.#copyOn()) && (await this.#swapSettled())) return true
      } catch (error) {
        if (this.#isOver) break
        if (error instanceof DamagedSourceError) throw error
        await this.#refused(error)
      }
    }
    return false
  }

  /** Says whether so little is missing that the logs can be swapped. */
  async #copyOn(): Promise<boolean> {
    const { throttle, pause } = this.#options
    // What is copied is written in our turn: onto a slow disk not before it is fast again.
    if (this.target.isSlow) {
      await this.#wait(retryMs)
      return false
    }
    if (this.#copier.missingBytes > lastBytesMax) {
      throttle.copied(await this.#copier.copySome(throttle.chunkBytes))
      this.#copier.followStart()
      await pause()
      await this.#wait(throttle.waitMs)
      return false
    }
    return this.#prepareSwap()
  }

  // Everything that waits for the disk happens before the swap.
  async #prepareSwap(): Promise<boolean> {
    const { log, copy, source, target } = this
    if (!this.#isMarked) await this.#mark()
    this.#options.throttle.copied(await this.#copier.copySome(lastBytesMax))
    this.#copier.followStart()
    await copy.flush()
    copyNewestSnapshot(log.state, copy.state)
    this.#checkpointedStart = copy.state.logStartOffset
    await target.checkpointMoved()
    await this.#wait(this.#options.throttle.waitMs)
    return !this.#isOver && source.offlineReason === undefined && this.#copier.missingBytes <= lastBytesMax
  }

  async #mark(): Promise<void> {
    const { log, copy, source, target } = this
    const { fileSystem } = copy.state.files
    // One mark at a time says which of two folders went on.
    await failing(source, async () => {
      removeMovedFrom(fileSystem, log.state.folder)
      await fileSystem.syncDirectoryLater(log.state.folder)
    })
    if (this.#isOver) return
    await failing(target, async () => {
      writeMovedFrom(fileSystem, copy.state.folder, source.directoryId)
      if (this.#options.cleanedUntil > 0) await target.setCleanedUntil(log.state.name, this.#options.cleanedUntil)
    })
    this.#isMarked = true
  }

  async #swapSettled(): Promise<boolean> {
    const { log } = this
    await log.pause()
    try {
      return !this.#isOver && log.isSettled && this.#swap()
    } finally {
      log.resume()
    }
  }

  /** In one turn: nothing is appended meanwhile. */
  #swap(): boolean {
    const { log, copy, source, target } = this
    const from = log.state
    const to = copy.state
    log.writeNow()
    this.#copier.copyRest()
    this.#copier.followStart()
    // A start must not take deleted records for there again.
    if (to.logStartOffset !== this.#checkpointedStart) return false
    this.#keepDurable()
    target.promoteFuture(from.name, log)
    log.moveInto(to, `${target.path}/${from.name}`)
    if (source.removeMoved(from.name, from)) removeMovedFrom(to.files.fileSystem, to.folder)
    return true
  }

  // What is durable, and was said to be, is so in the copy.
  #keepDurable(): void {
    const from = this.log.state
    const to = this.copy.state
    const durableFrom = Math.max(from.recoveryPoint, this.#copier.gapEnd)
    if (to.recoveryPoint >= durableFrom && from.config.flushIntervalMessages === Infinity) return
    flushInTurn(to)
    if (this.#copier.gapEnd > 0) this.target.checkpointRecoveryPoints()
  }

  async #refused(error: unknown): Promise<void> {
    const { state } = this.log
    const fields = { partition: state.name, to: this.target.path, error: errorMessage(error) }
    if (this.#saysRefused) state.context.logger.warn('a move to another log directory waits', fields)
    this.#saysRefused = false
    await this.#wait(retryMs)
  }

  async #wait(delayMs: number): Promise<void> {
    if (delayMs <= 0 || this.#isCancelled) return
    const { clock } = this.log.state.context
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      this.#timer = clock.setTimer(delayMs, resolve)
    })
  }
}

/** Work in a directory, which goes offline where its disk has failed. */
async function failing(directory: LogDirectory, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (isDeviceError(error)) directory.fail(`a move failed there: ${errorMessage(error)}`)
    throw error
  }
}
