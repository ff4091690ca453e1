import { errorMessage } from '@millrace/kernel'
import type { OffsetCheckpointName } from '../checkpoint/offset-checkpoint.ts'
import {
  readOffsetCheckpoint,
  writeOffsetCheckpoint,
  writeOffsetCheckpointLater,
} from '../checkpoint/offset-checkpoint.ts'
import type { DiskSpeed } from '../checkpoint/replace-file.ts'
import type { FileSystem } from '../io/file-system.ts'
import type { Log } from './log.ts'

/** Which offset of a log a checkpoint file holds. */
const offsetOf: Readonly<Record<Exclude<OffsetCheckpointName, 'cleaner-offset-checkpoint'>, (log: Log) => number>> = {
  'recovery-point-offset-checkpoint': (log) => log.state.recoveryPoint,
  'log-start-offset-checkpoint': (log) => log.state.logStartOffset,
  'replication-offset-checkpoint': (log) => log.state.highWatermark,
}

export type LogCheckpointName = keyof typeof offsetOf

export const logCheckpointNames = Object.keys(offsetOf) as readonly LogCheckpointName[]

// So often others may come between before the event loop is held up.
const triesMax = 5

/** One checkpoint file of a directory: what was read of logs that nobody opened yet, and what the open ones say now. */
export class Checkpoint {
  readonly name: LogCheckpointName
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #read: Map<string, number>
  #writes = 0

  constructor(fileSystem: FileSystem, directory: string, name: LogCheckpointName, onDamage: (reason: string) => void) {
    this.name = name
    this.#fileSystem = fileSystem
    this.#directory = directory
    this.#read = readOr(() => readOffsetCheckpoint(fileSystem, directory, name), onDamage)
  }

  get(partitionName: string): number | undefined {
    return this.#read.get(partitionName)
  }

  /** Says whether it had one. */
  forget(partitionName: string): boolean {
    return this.#read.delete(partitionName)
  }

  write(logs: Iterable<Log>): void {
    this.#note(logs)
    writeOffsetCheckpoint(this.#fileSystem, this.#directory, this.name, this.#read)
  }

  /**
   * Without waiting for the disk in this turn; a write that comes meanwhile has newer offsets, and stays. Says whether it was
   * this one that was written.
   */
  async writeLater(logs: Iterable<Log>, disk: DiskSpeed): Promise<boolean> {
    const mine = this.#note(logs)
    const isCurrent = (): boolean => this.#writes === mine
    await writeOffsetCheckpointLater(this.#fileSystem, this.#directory, this.name, this.#read, isCurrent, disk)
    return isCurrent()
  }

  /** The same for who goes on with what can't be taken back: what the logs say now is on disk when it resolves. */
  async writeForSure(logs: Iterable<Log>, disk: DiskSpeed): Promise<void> {
    for (let tries = 0; tries < triesMax; tries += 1) if (await this.writeLater(logs, disk)) return
    this.write(logs)
  }

  // Kafka leaves out logs that start where their first segment does; a line too many does no harm. Of a log that is damaged
  // nothing new is known: with another recovery point the next start would cut it where this one refused to.
  #note(logs: Iterable<Log>): number {
    for (const log of logs) {
      if (log.state.damage === undefined) this.#read.set(log.state.name, offsetOf[this.name](log))
    }
    this.#writes += 1
    return this.#writes
  }
}

function readOr(read: () => Map<string, number>, onDamage: (reason: string) => void): Map<string, number> {
  try {
    return read()
  } catch (error) {
    onDamage(errorMessage(error))
    return new Map()
  }
}
