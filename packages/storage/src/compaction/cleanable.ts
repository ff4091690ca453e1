import type { LogState } from '../log/log-state.ts'
import type { Segment } from '../segment/segment.ts'

/** The stretch of a log that compaction may look at: [firstDirty, firstUncleanable). */
export interface CleanableRange {
  readonly firstDirtyOffset: number
  readonly firstUncleanableOffset: number
  /** Dirty bytes of all that may be cleaned. */
  readonly dirtyRatio: number
  /** A record waits longer than `max.compaction.lag.ms`. */
  readonly overdue: boolean
}

export function cleanableRange(state: LogState, checkpointed: number, nowMs: number): CleanableRange {
  const { segments } = state
  const firstDirtyOffset = startOfDirty(state, checkpointed)
  const firstUncleanableOffset = Math.max(firstDirtyOffset, firstUncleanable(state, nowMs))
  let cleanBytes = 0
  let dirtyBytes = 0
  let overdue = false
  for (const segment of segments.all) {
    if (segment.baseOffset >= firstUncleanableOffset) break
    if (segment.baseOffset < firstDirtyOffset) cleanBytes += segment.sizeBytes
    else {
      dirtyBytes += segment.sizeBytes
      overdue ||= isOverdue(state, segment, nowMs)
    }
  }
  const dirtyRatio = dirtyBytes === 0 ? 0 : dirtyBytes / (cleanBytes + dirtyBytes)
  return { firstDirtyOffset, firstUncleanableOffset, dirtyRatio, overdue }
}

// A point outside of the log says nothing: it was cut, or starts later.
function startOfDirty(state: LogState, checkpointed: number): number {
  const { first, active } = state.segments
  if (checkpointed < first.baseOffset || checkpointed > active.baseOffset) return first.baseOffset
  return checkpointed
}

/** Kafka's bound: nothing unstable, nothing of the segment that is written to, nothing younger than the lag. */
function firstUncleanable(state: LogState, nowMs: number): number {
  const { minCompactionLagMs } = state.config
  let bound = Math.min(state.lastStableOffset, state.segments.active.baseOffset)
  if (minCompactionLagMs <= 0) return bound
  for (const segment of state.segments.all) {
    if (segment.baseOffset >= bound) break
    if (segment.retentionTimestampMs > nowMs - minCompactionLagMs) bound = segment.baseOffset
  }
  return bound
}

function isOverdue(state: LogState, segment: Segment, nowMs: number): boolean {
  const firstMs = segment.firstTimestampMs
  return firstMs >= 0 && nowMs - firstMs > state.config.maxCompactionLagMs
}

/** Whether it is worth it, by `min.cleanable.dirty.ratio`, or must be. */
export const shouldClean = (state: LogState, range: CleanableRange): boolean =>
  range.dirtyRatio > 0 && (range.overdue || range.dirtyRatio > state.config.minCleanableDirtyRatio)
