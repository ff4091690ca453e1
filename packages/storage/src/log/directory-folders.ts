import { assert, errorMessage } from '@millrace/kernel'
import type { DirectoryGround } from './directory-ground.ts'
import { futureFolder, parsePartitionFolder, partitionOfFuture, renamedFolder } from './partition-folders.ts'

/** The folders in one log directory: which there are, what they are called, and that their names are durable. */
export class DirectoryFolders {
  /** Names of the partition folders. */
  readonly partitions = new Set<string>()
  /** Folders into which partitions are being moved, by the partition's name. */
  readonly futures = new Map<string, string>()
  readonly #ground: DirectoryGround
  /** How often a name was made or changed, and how many of these are durable. What is found at the start may not be. */
  #changes = 1
  #durableChanges = 0
  #syncing: Promise<void> | undefined

  constructor(ground: DirectoryGround) {
    this.#ground = ground
    const { path, context } = ground
    for (const { name, isDirectory } of context.files.fileSystem.list(path) ?? []) {
      if (!isDirectory) continue
      const moved = partitionOfFuture(name)
      if (parsePartitionFolder(name) !== undefined) this.partitions.add(name)
      else if (moved !== undefined) this.futures.set(moved, name)
      else if (name.endsWith('-delete')) this.removeLater(name, context.settings.initialTaskDelayMs)
    }
  }

  /** A partition's folder was made. */
  made(name: string): void {
    this.partitions.add(name)
    this.#changes += 1
  }

  /** Before a partition is moved here: the path of the folder for it. */
  futureMade(name: string): string {
    const { path, context } = this.#ground
    const folder = futureFolder(name, context.random.bytes(16))
    this.futures.set(name, folder)
    this.#changes += 1
    return `${path}/${folder}`
  }

  /** The folder of a copy gets the partition's name, which isn't durable yet. */
  promoteFuture(name: string): void {
    const { path, context } = this.#ground
    const folder = this.futures.get(name)
    assert(folder !== undefined, `${name} is being moved to ${path}`)
    context.files.fileSystem.rename(`${path}/${folder}`, `${path}/${name}`)
    this.futures.delete(name)
    this.partitions.add(name)
  }

  /** Makes the names of the folders durable, if any is new. Who asks while a sync is under way that began before waits for the next. */
  async syncNames(): Promise<void> {
    const wanted = this.#changes
    while (this.#durableChanges < wanted) {
      this.#syncing ??= this.#sync()
      await this.#syncing
    }
  }

  async #sync(): Promise<void> {
    const { path, context } = this.#ground
    const changes = this.#changes
    try {
      await context.files.fileSystem.syncDirectoryLater(path)
      this.#durableChanges = changes
    } finally {
      this.#syncing = undefined
    }
  }

  /** Returns the new name, which is durable. */
  rename(folder: string, partitionName: string, ending: '-delete' | '-stray'): string {
    const { path, context } = this.#ground
    const renamed = this.renameSoon(folder, partitionName, ending)
    context.files.fileSystem.syncDirectory(path)
    return renamed
  }

  /** Returns the new name, which is durable after `syncNames`. */
  renameSoon(folder: string, partitionName: string, ending: '-delete' | '-stray'): string {
    const { path, context } = this.#ground
    const renamed = renamedFolder(partitionName, context.random.bytes(16), ending)
    context.files.fileSystem.rename(`${path}/${folder}`, `${path}/${renamed}`)
    this.#changes += 1
    return renamed
  }

  removeLater(name: string, delayMs: number): void {
    const { path, context, timers } = this.#ground
    timers.once(`delete ${name}`, delayMs, async () => {
      try {
        await context.files.fileSystem.removeDirectoryLater(`${path}/${name}`)
      } catch (error) {
        const fields = { name, error: errorMessage(error) }
        context.logger.warn('a deleted partition stays until the next start', fields)
      }
    })
  }
}
