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

// Of thousands that are deleted one after the other, once for many.
const forgottenWithinMs = 1_000

/** The checkpoint files of one log directory: when they are written, and that none speaks of a partition that is gone. */
export class DirectoryCheckpoints {
  readonly cleaned: CleanerCheckpoint
  readonly #ground: DirectoryGround
  readonly #files: ReadonlyMap<LogCheckpointName, Checkpoint>
  /** How often a partition was forgotten, and how many of these no file speaks of any more. */
  #forgotten = 0
  #written = 0

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
  #failed(name: string, error: unknown): void {
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

  /** The partition is gone. A line of it does no harm until there is one of its name: the files are written soon. */
  forget(partitionName: string): void {
    this.#forgetOffsets(partitionName)
    this.#forgotten += 1
    this.#ground.timers.once('forgotten', forgottenWithinMs, () => this.#writeForgottenLater())
  }

  /** Before a partition is made anew: no file speaks of one of its name. */
  makeSureForgotten(partitionName: string): void {
    if (this.#forgetOffsets(partitionName)) this.#forgotten += 1
    if (this.#written === this.#forgotten || this.#ground.offlineReason !== undefined) return
    for (const checkpoint of this.#files.values()) checkpoint.write(this.#ground.logs.values())
    this.cleaned.write()
    this.#written = this.#forgotten
  }

  /** Says whether there was one. */
  #forgetOffsets(partitionName: string): boolean {
    const found = [...this.#files.values()].map((checkpoint) => checkpoint.forget(partitionName))
    return this.cleaned.forget(partitionName) || found.includes(true)
  }

  async #writeForgottenLater(): Promise<void> {
    const forgotten = this.#forgotten
    if (this.#written === forgotten || this.#ground.offlineReason !== undefined) return
    const { logs, speed, timers } = this.#ground
    let writing = 'cleaner-offset-checkpoint'
    try {
      let isWritten = await this.cleaned.writeLater()
      for (const [name, checkpoint] of this.#files) {
        writing = name
        isWritten = (await checkpoint.writeLater(logs.values(), speed)) && isWritten
      }
      // Only now: who makes a partition meanwhile writes them in its turn.
      if (isWritten) this.#written = Math.max(this.#written, forgotten)
      else timers.once('forgotten', forgottenWithinMs, () => this.#writeForgottenLater())
    } catch (error) {
      this.#failed(writing, error)
    }
  }
}
