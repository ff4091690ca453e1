import type { LogState } from './log-state.ts'
import { loadSnapshot, removeCutSnapshots, removeSnapshots, replayProducers } from './producer-replay.ts'
import { removeSegments } from './remove-segments.ts'
import { newSegment } from './roll.ts'

/** Removes everything at and after `offset`. Nothing may wait to be written. */
export function truncateLog(state: LogState, offset: number): void {
  if (offset >= state.logEndOffset) return
  state.changed()
  state.cutsAreDurable = false
  state.home.cleanedNoFurther(state, offset)
  lowerRecoveryPoint(state, offset)
  state.context.tailCache.drop(state.tail)
  if (offset < state.segments.first.baseOffset) startAnewAt(state, offset)
  else cutAt(state, offset)
  state.logEndOffset = offset
  state.highWatermark = Math.min(state.highWatermark, offset)
  state.logStartOffset = Math.min(state.logStartOffset, offset)
  state.epochs.truncateFromEnd(offset)
  state.writeEpochs()
  if (state.isFuture) removeCutSnapshots(state, offset)
  else reloadProducers(state)
}

/** Everything goes, and the log begins at `offset`, which is where another log of it does. */
export function restartLog(state: LogState, offset: number): void {
  state.changed()
  state.cutsAreDurable = false
  state.home.cleanedNoFurther(state, 0)
  state.recoveryPoint = offset
  state.home.checkpointRecoveryPoints()
  removeSnapshots(state, () => true)
  startAnewAt(state, offset)
  state.logStartOffset = offset
  state.highWatermark = offset
  state.logEndOffset = offset
  state.epochs.truncateFromEnd(0)
  state.writeEpochs()
}

// A recovery takes what lies below this point for whole: it must be down before the bytes are gone.
function lowerRecoveryPoint(state: LogState, offset: number): void {
  if (offset >= state.recoveryPoint) return
  state.recoveryPoint = offset
  state.home.checkpointRecoveryPoints()
}

function cutAt(state: LogState, offset: number): void {
  const kept = state.segments.indexOf(offset)
  removeSegments(state, state.segments.all.slice(kept + 1))
  const { active } = state.segments
  const position = active.positionOf(offset)
  active.unseal()
  if (position !== undefined) active.truncate(position, offset)
}

function startAnewAt(state: LogState, offset: number): void {
  removeSegments(state, state.segments.all)
  state.segments.push(newSegment(state, offset))
}

function reloadProducers(state: LogState): void {
  removeCutSnapshots(state, state.logEndOffset)
  const from = loadSnapshot(state, state.producers, state.logEndOffset)
  // Their aborted transactions are in the indexes already.
  replayProducers(state, state.producers, { from, until: state.logEndOffset }, () => {})
  // Transactions that ended below it are settled: the last stable offset never goes back for a reader.
  state.producers.highWatermarkMoved(state.highWatermark)
}
