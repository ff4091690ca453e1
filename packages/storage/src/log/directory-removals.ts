import { errorMessage } from '@millrace/kernel'
import type { DirectoryCheckpoints } from './directory-checkpoints.ts'
import type { DirectoryFlushes } from './directory-flushes.ts'
import type { DirectoryFolders } from './directory-folders.ts'
import type { DirectoryGround } from './directory-ground.ts'
import type { LogState } from './log-state.ts'

/** What of a directory speaks of its partitions. */
interface DirectoryParts {
  readonly folders: DirectoryFolders
  readonly checkpoints: DirectoryCheckpoints
  readonly flushes: DirectoryFlushes
}

/** How partitions leave a log directory: deleted, moved away, set aside, or a move's copy that is given up. */
export class DirectoryRemovals {
  readonly #ground: DirectoryGround
  readonly #folders: DirectoryFolders
  readonly #checkpoints: DirectoryCheckpoints
  readonly #flushes: DirectoryFlushes

  constructor(ground: DirectoryGround, { folders, checkpoints, flushes }: DirectoryParts) {
    this.#ground = ground
    this.#folders = folders
    this.#checkpoints = checkpoints
    this.#flushes = flushes
  }

  /** A move is given up: what was copied goes. */
  dropFuture(name: string, deleteDelayMs: number): void {
    const folder = this.#folders.futures.get(name)
    if (folder === undefined) return
    const log = this.#ground.logs.get(name)
    this.#folders.futures.delete(name)
    this.#forget(name)
    if (this.#ground.offlineReason !== undefined) return
    const renamed = this.#folders.rename(folder, name, '-delete')
    if (log !== undefined) log.state.folder = `${this.#ground.path}/${renamed}`
    this.#folders.removeLater(renamed, deleteDelayMs)
  }

  /** The partition lies in another directory now: its folder here goes. Says whether that is sure. */
  removeMoved(name: string, moved: LogState | undefined): boolean {
    this.#ground.logs.delete(name)
    this.#forgetFolder(name)
    if (moved !== undefined) this.#flushes.forget(moved)
    if (this.#ground.offlineReason !== undefined) return false
    try {
      const renamed = this.#folders.rename(name, name, '-delete')
      if (moved !== undefined) moved.folder = `${this.#ground.path}/${renamed}`
      this.#folders.removeLater(
        renamed,
        moved?.config.fileDeleteDelayMs ?? this.#ground.context.settings.initialTaskDelayMs,
      )
      return true
    } catch (error) {
      this.#ground.fail(`the folder of ${name}, which was moved away, could not be renamed: ${errorMessage(error)}`)
      return false
    }
  }

  /**
   * Forgets a partition; its folder gets another name at once and goes later. Resolves when that is durable: of thousands
   * that are deleted in one turn with one sync.
   */
  async removePartition(name: string, deleteDelayMs: number): Promise<void> {
    const log = this.#ground.logs.get(name)
    this.#forget(name)
    if (this.#ground.offlineReason !== undefined) return
    const renamed = this.#folders.renameSoon(name, name, '-delete')
    if (log !== undefined) log.state.folder = `${this.#ground.path}/${renamed}`
    try {
      await this.#folders.syncNames()
    } catch (error) {
      this.#ground.fail(`the folder of ${name}, which was deleted, could not be renamed: ${errorMessage(error)}`)
      throw error
    }
    this.#folders.removeLater(renamed, deleteDelayMs)
  }

  /** Forgets a partition that nobody opened; its folder stays under another name. Returns its path. */
  setAside(name: string): string {
    const folder = this.#folders.futures.get(name) ?? name
    this.#folders.futures.delete(name)
    this.#forget(name)
    return `${this.#ground.path}/${this.#folders.rename(folder, name, '-stray')}`
  }

  #forget(name: string): void {
    const log = this.#ground.logs.get(name)
    this.#ground.logs.delete(name)
    this.#forgetFolder(name)
    if (log === undefined) return
    log.release()
    log.state.deleted = true
    log.state.changed()
    this.#flushes.forget(log.state)
  }

  #forgetFolder(name: string): void {
    this.#folders.partitions.delete(name)
    this.#checkpoints.forget(name)
  }
}
