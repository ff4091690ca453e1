import type { LogState } from '../log/log-state.ts'
import { dropFromDisk } from '../log/remove-segments.ts'
import { removeSnapshots } from '../log/producer-replay.ts'
import { cleanedSuffix, swapSuffix } from '../log/swap-files.ts'
import { Segment } from '../segment/segment.ts'
import type { CleanedSegment } from './cleaned-segment.ts'

/**
 * Puts a compacted segment in the place of those that it was made from. Until all its files are called `.swap` a crash
 * leaves the old ones; from then on a start finishes what is left to do (`finishSwaps`).
 */
export function swapIn(state: LogState, old: readonly Segment[], cleaned: CleanedSegment): void {
  const { fileSystem } = state.files
  const swaps: string[] = []
  for (const path of cleaned.paths()) {
    const swap = path.slice(0, -cleanedSuffix.length) + swapSuffix
    fileSystem.rename(path, swap)
    swaps.push(swap)
  }
  fileSystem.syncDirectory(state.folder)
  state.changes += 1
  dropFromDisk(state, old)
  for (const swap of swaps) fileSystem.rename(swap, swap.slice(0, -swapSuffix.length))
  fileSystem.syncDirectory(state.folder)
  removeSnapshots(state, (offset) => offset !== cleaned.baseOffset && old.some((one) => one.baseOffset === offset))
  const nowMs = state.context.clock.wallMs()
  state.segments.replace(new Set(old), [new Segment(state, cleaned.baseOffset, cleaned.sizeBytes, nowMs)])
}
