import { errorMessage } from '@millrace/kernel'
import type { LogState } from '../log/log-state.ts'
import { removeSnapshots } from '../log/producer-replay.ts'
import { dropFromDisk } from '../log/remove-segments.ts'
import { cleanedSuffix, swapSuffix } from '../log/swap-files.ts'
import { segmentFile } from '../segment/segment-files.ts'
import { Segment } from '../segment/segment.ts'
import type { CleanedFiles } from './compaction-job.ts'
import { CompactionAbandonedError, SyncFailedError } from './compaction-job.ts'

/**
 * Puts compacted segments in the place of those that they were made from. Until the last of their files is called
 * `.swap`, which is the first segment's `.log`, a crash leaves the old ones; from then on a start finishes what is left
 * to do (`finishSwaps`). So before a log is cut meanwhile, that name is taken back, durably.
 */
export class Swap {
  readonly #state: LogState
  readonly #cleaned: readonly CleanedFiles[]
  /** Without the suffixes, the last segment's first and the first segment's `.log` last. */
  readonly #paths: readonly string[]

  constructor(state: LogState, cleaned: readonly CleanedFiles[]) {
    this.#state = state
    this.#cleaned = cleaned
    this.#paths = cleaned
      .toReversed()
      .flatMap(({ baseOffset, suffixes }) =>
        suffixes.toReversed().map((suffix) => segmentFile(state.folder, baseOffset, suffix)),
      )
  }

  begin(): void {
    const { fileSystem } = this.#state.files
    for (const path of this.#paths) fileSystem.rename(path + cleanedSuffix, path + swapSuffix)
  }

  /** As if it had never begun. What is left of its files is worth nothing, see `removeUnfinished`. */
  takeBack(): void {
    const { fileSystem } = this.#state.files
    const last = this.#paths.at(-1)
    if (last === undefined || this.#state.deleted || fileSystem.stat(last + swapSuffix) === undefined) return
    fileSystem.rename(last + swapSuffix, last + cleanedSuffix)
    fileSystem.syncDirectory(this.#state.folder)
  }

  /** The old segments go, on disk and then in memory. */
  finish(old: readonly Segment[]): void {
    const state = this.#state
    state.changed()
    try {
      this.#replaceFiles(old)
    } catch (error) {
      // The next start does what is left to do; until then nobody can tell which file is which.
      state.home.fail(`compacted segments of ${state.folder} could not be put in place: ${errorMessage(error)}`)
      throw error
    }
    const nowMs = state.context.clock.wallMs()
    const fresh = this.#cleaned.map(({ baseOffset, sizeBytes }) => new Segment(state, baseOffset, sizeBytes, nowMs))
    state.segments.replace(new Set(old), fresh)
  }

  #replaceFiles(old: readonly Segment[]): void {
    const state = this.#state
    dropFromDisk(state, old)
    for (const path of this.#paths.toReversed()) state.files.fileSystem.rename(path + swapSuffix, path)
    const bases = new Set(this.#cleaned.map((one) => one.baseOffset))
    const goneBases = new Set(old.map((one) => one.baseOffset).filter((base) => !bases.has(base)))
    removeSnapshots(state, (offset) => goneBases.has(offset))
  }
}

/** Makes the names in the log's folder durable off the event loop. */
export async function syncFolder(state: LogState): Promise<void> {
  try {
    await state.files.fileSystem.syncDirectoryLater(state.folder)
  } catch (error) {
    if (state.deleted) throw new CompactionAbandonedError(`${state.name} was deleted`)
    throw new SyncFailedError(`${state.folder} could not be made durable: ${errorMessage(error)}`)
  }
}

/** Removes what a run left that didn't come to its end. */
export async function removeUnfinished(state: LogState): Promise<void> {
  const { fileSystem } = state.files
  const names = (fileSystem.list(state.folder) ?? []).map((entry) => entry.name)
  // Those to be swapped first: without any that is still being cleaned they would count.
  for (const suffix of [swapSuffix, cleanedSuffix]) {
    for (const name of names) if (name.endsWith(suffix)) await fileSystem.removeLater(`${state.folder}/${name}`)
  }
}
