import { batchField } from '@millrace/protocol'
import { decodeBatches } from '../producer/producer-batches.ts'
import { ProducerState } from '../producer/producer-state.ts'
import { segmentFile } from '../segment/segment-files.ts'
import type { Segment } from '../segment/segment.ts'
import { scanBatches } from '../segment/scan.ts'
import { TransactionIndex } from '../segment/transaction-index.ts'
import type { LogState } from './log-state.ts'
import { replaceFile, replaceFileLater } from '../checkpoint/replace-file.ts'

/**
 * Writes what the producers are now as the snapshot at `offset`: the log's end, or where the next segment begins. Only
 * while nothing waits to be written.
 */
export function writeSnapshot(state: LogState, offset: number): void {
  if (!state.snapshotOffsets.has(offset)) {
    // The snapshot last: where it is, the other is too, whenever the process is killed.
    const batches = state.producers.batches()
    if (batches !== undefined) writeBeside(state, offset, '.batches', batches)
    writeBeside(state, offset, '.snapshot', state.producers.snapshot())
    state.snapshotOffsets.add(offset)
    state.namesAreDurable = false
  }
  state.bytesSinceSnapshot = 0
}

/** The same without waiting for the disk. */
export async function writeSnapshotLater(state: LogState, offset: number): Promise<void> {
  const batches = state.producers.batches()
  await writeBesideLater(state, offset, '.snapshot', state.producers.snapshot())
  if (batches !== undefined) await writeBesideLater(state, offset, '.batches', batches)
  state.snapshotOffsets.add(offset)
  state.namesAreDurable = false
}

const writeBesideLater = (
  state: LogState,
  offset: number,
  suffix: '.snapshot' | '.batches',
  bytes: Uint8Array,
): Promise<void> =>
  replaceFileLater(state.files.fileSystem, segmentFile(state.folder, offset, suffix), bytes, () => true, 'slow')

function writeBeside(state: LogState, offset: number, suffix: '.snapshot' | '.batches', bytes: Uint8Array): void {
  replaceFile(state.files.fileSystem, segmentFile(state.folder, offset, suffix), bytes, false)
}

/** The snapshot of one log at `offset`, where it has one, into a copy of it. */
export function copySnapshot(from: LogState, to: LogState, offset: number): void {
  if (!from.snapshotOffsets.has(offset)) return
  for (const suffix of ['.snapshot', '.batches'] as const) {
    const bytes = from.files.fileSystem.readFile(segmentFile(from.folder, offset, suffix))
    if (bytes !== undefined) writeBeside(to, offset, suffix, bytes)
  }
  to.snapshotOffsets.add(offset)
  to.namesAreDurable = false
}

/** Of those that a recovery of the copy can begin with: it need not read all that was written since the last roll. */
export function copyNewestSnapshot(from: LogState, to: LogState): void {
  const usable = [...from.snapshotOffsets].filter((offset) => offset <= to.recoveryPoint)
  if (usable.length > 0) copySnapshot(from, to, Math.max(...usable))
}

export function removeSnapshots(state: LogState, gone: (offset: number) => boolean): void {
  for (const offset of [...state.snapshotOffsets].filter(gone)) {
    state.files.fileSystem.remove(segmentFile(state.folder, offset, '.snapshot'))
    state.files.fileSystem.remove(segmentFile(state.folder, offset, '.batches'))
    state.snapshotOffsets.delete(offset)
  }
}

/**
 * Those behind the end of a log that was cut, for good: one that a power cut brings back would be taken for that of other
 * records, once the log is as long again.
 */
export function removeCutSnapshots(state: LogState, endOffset: number): void {
  if (![...state.snapshotOffsets].some((offset) => offset > endOffset)) return
  removeSnapshots(state, (offset) => offset > endOffset)
  state.files.fileSystem.syncDirectory(state.folder)
}

/** Keeps the snapshots that belong to a segment, and the newest. */
export function removeStraySnapshots(state: LogState): void {
  const newest = Math.max(...state.snapshotOffsets)
  const bases = new Set(state.segments.all.map((segment) => segment.baseOffset))
  removeSnapshots(state, (offset) => offset !== newest && !bases.has(offset))
}

/** Loads the newest good snapshot at or before `offset`; returns where it stands, the log's start where there is none. */
export function loadSnapshot(state: LogState, producers: ProducerState, offset: number): number {
  const candidates = [...state.snapshotOffsets].filter((at) => at <= offset && at >= state.logStartOffset)
  for (const at of candidates.toSorted((a, b) => b - a)) {
    const bytes = state.files.fileSystem.readFile(segmentFile(state.folder, at, '.snapshot'))
    if (bytes !== undefined && producers.load(bytes)) {
      const path = segmentFile(state.folder, at, '.batches')
      const batches = state.files.fileSystem.readFile(path)
      if (batches !== undefined) addBatches(state, producers, batches, path)
      return at
    }
    state.context.logger.warn('a producer snapshot is damaged and left out', { partition: state.name, offset: at })
    removeSnapshots(state, (damaged) => damaged === at)
  }
  producers.clear()
  return state.logStartOffset
}

function addBatches(state: LogState, producers: ProducerState, bytes: Uint8Array, path: string): void {
  const known = decodeBatches(bytes, path)
  if (known !== undefined) return producers.addBatches(known)
  state.context.logger.warn('what a producer snapshot has no place for is damaged and left out', {
    partition: state.name,
    file: path,
  })
}

/** Applies the batches of [from, until) to the producers; aborted transactions go to `onAborted`. */
export function replayProducers(
  state: LogState,
  producers: ProducerState,
  range: { readonly from: number; readonly until: number },
  onAborted: (segment: Segment, entry: Parameters<TransactionIndex['append']>[0]) => void,
): void {
  if (range.from >= range.until) return
  for (const segment of state.segments.from(range.from)) {
    if (segment.baseOffset >= range.until) break
    replaySegment(producers, segment, range, (entry) => onAborted(segment, entry))
  }
  producers.keep()
}

function replaySegment(
  producers: ProducerState,
  segment: Segment,
  range: { readonly from: number; readonly until: number },
  onAborted: (entry: Parameters<TransactionIndex['append']>[0]) => void,
): void {
  const from = range.from <= segment.baseOffset ? 0 : segment.positionOf(range.from)
  if (from === undefined) return
  scanBatches(segment.file(), { from, until: segment.sizeBytes, checkCrc: false }, (bytes, at) => {
    if (batchField.baseOffset(bytes, at) >= range.until) return false
    const outcome = producers.accept(bytes, at, 'replication')
    if (outcome.kind === 'accepted' && outcome.aborted !== undefined) onAborted(outcome.aborted)
    return true
  })
}

/**
 * The aborted transactions that ended in a segment before an offset, found in its batches: for a `.txnindex` that was
 * damaged. What lies behind the recovery point after a crash may be anything.
 */
export function transactionsOf(state: LogState, segment: Segment, before: number): TransactionIndex {
  const producers = new ProducerState()
  const from = loadSnapshot(state, producers, segment.baseOffset)
  const found = new TransactionIndex()
  const next = state.segments.at(state.segments.indexOf(segment.baseOffset) + 1)
  const until = next?.baseOffset ?? Infinity
  for (const earlier of state.segments.from(from)) {
    if (earlier.baseOffset >= until) break
    scanBatches(earlier.file(), { from: 0, until: earlier.sizeBytes, checkCrc: false }, (bytes, at) => {
      const lastOffset = batchField.lastOffset(bytes, at)
      if (lastOffset >= before) return false
      if (lastOffset < from) return true
      const outcome = producers.accept(bytes, at, 'replication')
      const ends = earlier === segment && outcome.kind === 'accepted'
      if (ends && outcome.aborted !== undefined) found.append(outcome.aborted)
      return true
    })
  }
  return found
}
