import { errorMessage } from '@millrace/kernel'
import { segmentFile, segmentSuffixes } from '../segment/segment-files.ts'
import type { Segment } from '../segment/segment.ts'
import type { LogState } from './log-state.ts'
import { removeSnapshots } from './producer-replay.ts'

/** Set behind the names of files that nobody may read any more; a start removes what is left of them. */
export const deletedSuffix = '.deleted'

/**
 * Takes segments out of the log. Their files get another name now and go after `file.delete.delay.ms`, as in Kafka.
 */
export function removeSegments(state: LogState, gone: readonly Segment[]): void {
  if (gone.length === 0) return
  state.changed()
  state.segments.remove(new Set(gone))
  dropFromDisk(state, gone)
  const bases = new Set(gone.map((segment) => segment.baseOffset))
  removeSnapshots(state, (offset) => bases.has(offset))
}

/** Only their files: for segments that others take the place of. */
export function dropFromDisk(state: LogState, gone: readonly Segment[]): void {
  const renamed = gone.flatMap((segment) => renameFiles(state, segment))
  const { folder } = state
  const { clock, removals } = state.context
  const timer = clock.setTimer(state.config.fileDeleteDelayMs, async () => {
    removals.delete(timer)
    // The folder may have been renamed or removed since, and its files with it.
    for (const name of renamed) await removeQuietly(state, `${folder}/${name}`)
  })
  removals.add(timer)
}

function renameFiles(state: LogState, segment: Segment): string[] {
  const { fileSystem } = state.files
  segment.close()
  const renamed: string[] = []
  for (const suffix of segmentSuffixes) {
    const path = segmentFile(state.folder, segment.baseOffset, suffix)
    if (fileSystem.stat(path) === undefined) continue
    fileSystem.rename(path, path + deletedSuffix)
    state.namesAreDurable = false
    renamed.push(path.slice(state.folder.length + 1) + deletedSuffix)
  }
  return renamed
}

async function removeQuietly(state: LogState, path: string): Promise<void> {
  try {
    await state.files.fileSystem.removeLater(path)
  } catch (error) {
    state.context.logger.warn('a deleted segment stays until the next start', { path, error: errorMessage(error) })
  }
}
