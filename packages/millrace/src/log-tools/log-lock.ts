import type { FileSystem } from '@millrace/storage'
import { explain } from '../output/explain.ts'
import type { Terminal } from '../terminal.ts'
import { say } from '../terminal.ts'

export interface HeldLock {
  /** A broker runs on the directory. */
  readonly live: boolean
  release(): void
}

const nothingHeld = (live: boolean): HeldLock => ({ live, release: () => {} })

/**
 * Keeps brokers out of a log directory while it is looked at. Where one is there already, or the directory can't be
 * written to, that is said and the work goes on without.
 */
export async function lockIfFree(
  fileSystem: FileSystem,
  directory: string | undefined,
  terminal: Terminal,
): Promise<HeldLock> {
  const { DirectoryLockedError } = await import('@millrace/storage')
  if (directory === undefined) return nothingHeld(false)
  try {
    const lock = fileSystem.lock(directory)
    return { live: false, release: () => lock.release() }
  } catch (error) {
    const live = error instanceof DirectoryLockedError
    say(
      terminal,
      live
        ? `${explain(error)}: only what it has finished writing is looked at`
        : `${directory} is read without its lock: ${explain(error)}`,
    )
    return nothingHeld(live)
  }
}
