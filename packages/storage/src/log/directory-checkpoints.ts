import { errorMessage } from '@millrace/kernel'
import { isDeviceError } from '../io/disk-errors.ts'
import type { LogCheckpointName } from './checkpoints.ts'
import { Checkpoint, logCheckpointNames } from './checkpoints.ts'
import { CleanerCheckpoint } from './cleaner-checkpoint.ts'
import type { DirectoryGround } from './directory-ground.ts'

const checkpointOf = {
  recoveryPoint: 'recovery-point-offset-checkpoint',
  logStart: 'log-start-offset-checkpoint',
  highWatermark: 'replication-offset-checkpoint',
} as const satisfies Record<string, LogCheckpointName>

export type CheckpointedOffset = keyof typeof checkpointOf

/** The checkpoint files of one log directory: when they are written, and that none speaks of a partition that is gone. */
export class DirectoryCheckpoints {
  readonly cleaned: CleanerCheckpoint
  readonly #ground: DirectoryGround
  readonly #files: ReadonlyMap<LogCheckpointName, Checkpoint>
  /** Whether a line of a partition that is gone is still in a file. */
  #owes = false

  constructor(ground: DirectoryGround) {
    this.#ground = ground
    this.#files = new Map(logCheckpointNames.map((name) => [name, this.#open(name)]))
    this.cleaned = new CleanerCheckpoint(ground)
  }

  #open(name: LogCheckpointName): Checkpoint {
    const { path, context } = this.#ground
    return new Checkpoint(context.files.fileSystem, path, name, (reason) => {
      context.logger.warn('a checkpoint file is damaged and left out', { directory: path, file: name, reason })
    })
  }

  get(which: CheckpointedOffset, partitionName: string): number {
    return this.#files.get(checkpointOf[which])?.get(partitionName) ?? 0
  }

  due(which: CheckpointedOffset): void {
    const { context, timers } = this.#ground
    const { settings } = context
    const delayMs = {
      recoveryPoint: settings.flushOffsetCheckpointIntervalMs,
      logStart: settings.flushStartOffsetCheckpointIntervalMs,
      highWatermark: settings.highWatermarkCheckpointIntervalMs,
    }[which]
    timers.once(which, delayMs, () => this.#writeLater(checkpointOf[which]))
  }

  async #writeLater(name: LogCheckpointName): Promise<void> {
    if (this.#ground.offlineReason !== undefined) return
    try {
      const { logs, speed } = this.#ground
      await this.#files.get(name)?.writeLater(logs.values(), speed)
    } catch (error) {
      this.#failed(name, error)
    }
  }

  // The old one stays: it only makes a recovery read more.
  #failed(name: LogCheckpointName, error: unknown): void {
    if (isDeviceError(error)) this.#ground.fail(`${name} could not be written: ${errorMessage(error)}`)
    const fields = { file: name, error: errorMessage(error) }
    this.#ground.context.logger.warn('a checkpoint could not be written', fields)
  }

  /** Writes them all at the stop. Returns those that are old. */
  writeAll(): string[] {
    return logCheckpointNames.filter((name) => !this.#write(name))
  }

  /** Says whether it is written. */
  #write(name: LogCheckpointName): boolean {
    if (this.#ground.offlineReason !== undefined) return false
    try {
      this.#files.get(name)?.write(this.#ground.logs.values())
      return true
    } catch (error) {
      this.#failed(name, error)
      return false
    }
  }

  writeRecoveryPoints(): void {
    this.#files.get(checkpointOf.recoveryPoint)?.write(this.#ground.logs.values())
  }

  async writeRecoveryPointsLater(): Promise<void> {
    const { logs, speed } = this.#ground
    await this.#files.get(checkpointOf.recoveryPoint)?.writeForSure(logs.values(), speed)
  }

  async writeAllForSure(): Promise<void> {
    for (const name of logCheckpointNames) {
      await this.#files.get(name)?.writeForSure(this.#ground.logs.values(), this.#ground.speed)
    }
  }

  /** The partition is gone. */
  forget(partitionName: string): void {
    this.#forgetOffsets(partitionName)
    this.#owes = true
    this.#ground.timers.once('forgotten', 0, () => this.#writeOwed())
  }

  /** Before a partition is made anew: no file speaks of one of its name. */
  makeSureForgotten(partitionName: string): void {
    if (this.#forgetOffsets(partitionName)) this.#owes = true
    this.#writeOwed()
  }

  /** Says whether there was one. */
  #forgetOffsets(partitionName: string): boolean {
    const found = [...this.#files.values()].map((checkpoint) => checkpoint.forget(partitionName))
    return this.cleaned.forget(partitionName) || found.includes(true)
  }

  // Once for all that a request deletes. A line of a log that is gone does no harm until there is one of its name.
  #writeOwed(): void {
    if (!this.#owes || this.#ground.offlineReason !== undefined) return
    for (const checkpoint of this.#files.values()) checkpoint.write(this.#ground.logs.values())
    this.cleaned.write()
    this.#owes = false
  }
}
