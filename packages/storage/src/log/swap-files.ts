import type { DirectoryEntry } from '../io/file-system.ts'
import { baseOffsetOf, segmentFile, segmentSuffixes } from '../segment/segment-files.ts'
import { batchField } from '@millrace/protocol'
import { scanBatches } from '../segment/scan.ts'
import type { LogState } from './log-state.ts'

/** Compaction writes files with this behind their names; such files are worth nothing. */
export const cleanedSuffix = '.cleaned'
/** Then it gives them this one: from here on they take the place of what they were made from. */
export const swapSuffix = '.swap'

/**
 * Ends what a crash interrupted in a compaction: files that were being written go; where all were written and being
 * put in place, the segments that they replace go and they get their names. Says whether there was anything to do.
 */
export function finishSwaps(state: LogState, entries: readonly DirectoryEntry[]): boolean {
  const { fileSystem } = state.files
  const names = entries.map((entry) => entry.name)
  const cleaned = names.filter((name) => name.endsWith(cleanedSuffix))
  const swaps = names.filter((name) => name.endsWith(swapSuffix))
  if (cleaned.length === 0 && swaps.length === 0) return false
  const firstCleaned = Math.min(...cleaned.map((name) => Number(name.slice(0, 20))))
  const whole = swaps.filter((name) => Number(name.slice(0, 20)) < firstCleaned)
  for (const name of swaps) if (!whole.includes(name)) fileSystem.remove(`${state.folder}/${name}`)
  // Last, for it is by one of these that the others are known not to be all there.
  for (const name of cleaned) fileSystem.remove(`${state.folder}/${name}`)
  removeReplaced(state, whole)
  for (const name of whole) {
    fileSystem.rename(`${state.folder}/${name}`, `${state.folder}/${name.slice(0, -swapSuffix.length)}`)
  }
  fileSystem.syncDirectory(state.folder)
  return true
}

function removeReplaced(state: LogState, swaps: readonly string[]): void {
  const bases = swaps.flatMap((name) => baseOffsetOf(name, `.log${swapSuffix}`) ?? [])
  if (bases.length === 0) return
  const from = Math.min(...bases)
  const until = Math.max(...bases.map((base) => endOfSwap(state, base)))
  for (const { name } of state.files.fileSystem.list(state.folder) ?? []) {
    const base = baseOffsetOf(name, '.log')
    if (base === undefined || base < from || base >= until) continue
    // The log last: by it the others are found again, should this be cut short.
    for (const suffix of segmentSuffixes.toReversed()) {
      state.files.fileSystem.remove(segmentFile(state.folder, base, suffix))
    }
  }
}

function endOfSwap(state: LogState, baseOffset: number): number {
  const path = segmentFile(state.folder, baseOffset, '.log') + swapSuffix
  let end = baseOffset
  const file = state.files.fileSystem.open(path, 'existing')
  const until = state.files.fileSystem.stat(path)?.sizeBytes ?? 0
  scanBatches(file, { from: 0, until, checkCrc: false }, (bytes, at) => {
    end = batchField.lastOffset(bytes, at) + 1
  })
  file.close()
  return end
}
