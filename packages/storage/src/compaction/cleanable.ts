import type { LogState } from '../log/log-state.ts'
import type { Segment } from '../segment/segment.ts'

/** The stretch of a log that compaction may look at: [firstDirty, firstUncleanable). */
export interface CleanableRange {
  readonly firstDirtyOffset: number
  readonly firstUncleanableOffset: number
  readonly dirtyBytes: number
  /** Dirty bytes of all that may be cleaned. */
  readonly dirtyRatio: number
  /** By how much the oldest record waits longer than `max.compaction.lag.ms`; 0 where none does. */
  readonly overdueMs: number
}

// The first time that a segment is asked for its times they are read from its files.
const segmentsPerSlice = 4

/** Kafka's rules for what may be compacted, and how much it is worth. */
export async function cleanableRange(
  state: LogState,
  checkpointed: number | undefined,
  nowMs: number,
  pause: () => Promise<void>,
): Promise<CleanableRange> {
  const firstDirtyOffset = startOfDirty(state, checkpointed)
  const dirty = dirtySegments(state, firstDirtyOffset)
  let bound = Math.min(state.lastStableOffset, state.segments.active.baseOffset)
  let firstMs = Infinity
  for (const [index, segment] of dirty.entries()) {
    if (segment.baseOffset >= bound) break
    if (isTooYoung(state, segment, nowMs)) bound = segment.baseOffset
    firstMs = Math.min(firstMs, firstTimeOf(state, segment))
    if (index % segmentsPerSlice === segmentsPerSlice - 1) await pause()
  }
  const firstUncleanableOffset = Math.max(firstDirtyOffset, bound)
  const overdueMs = Math.max(0, nowMs - Math.max(0, state.config.maxCompactionLagMs) - firstMs)
  return { firstDirtyOffset, firstUncleanableOffset, ...amounts(state, firstDirtyOffset, bound), overdueMs }
}

/** Whether anything sealed may be dirty: cheap enough to ask of every log. */
export const mayBeDirty = (state: LogState, checkpointed: number | undefined): boolean =>
  state.segments.count > 1 && startOfDirty(state, checkpointed) < state.segments.active.baseOffset

// A point outside of the log says nothing: it was cut, or starts later.
function startOfDirty(state: LogState, checkpointed: number | undefined): number {
  const start = Math.max(state.logStartOffset, state.segments.first.baseOffset)
  return checkpointed === undefined || checkpointed < start || checkpointed > state.logEndOffset ? start : checkpointed
}

const dirtySegments = ({ segments }: LogState, firstDirtyOffset: number): readonly Segment[] =>
  segments.from(firstDirtyOffset).filter((segment) => segment !== segments.active)

function isTooYoung(state: LogState, segment: Segment, nowMs: number): boolean {
  const { minCompactionLagMs } = state.config
  return minCompactionLagMs > 0 && segment.retentionTimestampMs > nowMs - minCompactionLagMs
}

// Only asked for where somebody waits for it: it is read from the segment's file.
function firstTimeOf(state: LogState, segment: Segment): number {
  if (state.config.maxCompactionLagMs > state.context.clock.wallMs()) return Infinity
  const firstMs = segment.firstTimestampMs
  return firstMs > 0 ? firstMs : Infinity
}

function amounts(state: LogState, firstDirtyOffset: number, bound: number): { dirtyBytes: number; dirtyRatio: number } {
  const { all } = state.segments
  let cleanBytes = 0
  let dirtyBytes = 0
  for (const [index, segment] of all.entries()) {
    const endOffset = all[index + 1]?.baseOffset ?? Infinity
    if (segment.baseOffset < firstDirtyOffset) cleanBytes += segment.sizeBytes
    // One that can be cleaned in part only waits until it can be as a whole.
    if (endOffset > firstDirtyOffset && endOffset <= bound) dirtyBytes += segment.sizeBytes
  }
  return { dirtyBytes, dirtyRatio: dirtyBytes === 0 ? 0 : dirtyBytes / (cleanBytes + dirtyBytes) }
}

/** Whether it is worth it, by `min.cleanable.dirty.ratio`, or must be. */
export const shouldClean = (state: LogState, range: CleanableRange): boolean =>
  range.dirtyBytes > 0 && (range.overdueMs > 0 || range.dirtyRatio > state.config.minCleanableDirtyRatio)
