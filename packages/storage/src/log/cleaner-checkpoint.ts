import { errorMessage } from '@millrace/kernel'
import {
  readOffsetCheckpoint,
  writeOffsetCheckpoint,
  writeOffsetCheckpointLater,
} from '../checkpoint/offset-checkpoint.ts'
import type { DirectoryGround } from './directory-ground.ts'

const file = 'cleaner-offset-checkpoint'

/** A directory's file of the first offset of each log that compaction has not looked at. */
export class CleanerCheckpoint {
  readonly #ground: DirectoryGround
  readonly #offsets: Map<string, number>
  #writes = 0

  constructor(ground: DirectoryGround) {
    this.#ground = ground
    this.#offsets = readOrNone(ground)
  }

  /** Undefined where it never was compacted. */
  get(partitionName: string): number | undefined {
    return this.#offsets.get(partitionName)
  }

  /** Where this is lost, more is looked at again: it waits for no disk. */
  async set(partitionName: string, offset: number): Promise<void> {
    this.#offsets.set(partitionName, offset)
    await this.writeLater()
  }

  /** Without waiting for the disk in this turn. Says whether it was this one that was written, and not a newer one. */
  async writeLater(): Promise<boolean> {
    const { path, context, speed } = this.#ground
    this.#writes += 1
    const mine = this.#writes
    const isCurrent = (): boolean => this.#writes === mine
    await writeOffsetCheckpointLater(context.files.fileSystem, path, file, this.#offsets, isCurrent, speed)
    return isCurrent()
  }

  /** What comes at `offset` next was not compacted. */
  noFurther(partitionName: string, offset: number): void {
    if ((this.#offsets.get(partitionName) ?? 0) <= offset) return
    this.#offsets.set(partitionName, offset)
    this.write()
  }

  /** Says whether it had one. */
  forget(partitionName: string): boolean {
    return this.#offsets.delete(partitionName)
  }

  write(): void {
    this.#writes += 1
    writeOffsetCheckpoint(this.#ground.context.files.fileSystem, this.#ground.path, file, this.#offsets)
  }
}

function readOrNone({ path, context }: DirectoryGround): Map<string, number> {
  try {
    return readOffsetCheckpoint(context.files.fileSystem, path, file)
  } catch (error) {
    const fields = { directory: path, file, reason: errorMessage(error) }
    context.logger.warn('a checkpoint file is damaged and left out', fields)
    return new Map()
  }
}
