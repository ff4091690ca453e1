import type { Segment } from '../segment/segment.ts'
import type { LogState } from './log-state.ts'
import { removeSegments } from './remove-segments.ts'
import { roll } from './roll.ts'

type Reason = 'log start' | 'retention.bytes' | 'retention.ms'

/** Removes what the log's settings say is too old or too much, and what lies before its start. Kafka's order. */
export function applyRetention(state: LogState): void {
  removeOldest(state, 'log start', (_segment, next) => next !== undefined && next.baseOffset <= state.logStartOffset)
  if (!state.config.cleanupPolicy.includes('delete')) return
  removeBySize(state)
  removeByAge(state)
}

function removeBySize(state: LogState): void {
  const { retentionBytes } = state.config
  if (retentionBytes < 0) return
  let excess = state.segments.sizeBytes - retentionBytes
  removeOldest(state, 'retention.bytes', (segment) => {
    if (excess - segment.sizeBytes < 0) return false
    excess -= segment.sizeBytes
    return true
  })
}

function removeByAge(state: LogState): void {
  const { retentionMs } = state.config
  if (retentionMs < 0) return
  const nowMs = state.context.clock.wallMs()
  removeOldest(state, 'retention.ms', (segment) => nowMs - segment.retentionTimestampMs > retentionMs)
}

/** From the oldest on, as long as `goes` says so and everything in a segment is below the high watermark. */
function removeOldest(
  state: LogState,
  reason: Reason,
  goes: (segment: Segment, next: Segment | undefined) => boolean,
): void {
  const { all } = state.segments
  let count = 0
  for (const [index, segment] of all.entries()) {
    const next = all[index + 1]
    if (state.highWatermark < (next?.baseOffset ?? state.logEndOffset)) break
    if (next === undefined && segment.sizeBytes === 0) break
    if (!goes(segment, next)) break
    count += 1
  }
  if (count > 0) removeFirst(state, count, reason)
}

function removeFirst(state: LogState, count: number, reason: Reason): void {
  const gone = state.segments.all.slice(0, count)
  // A log always has a segment to write to.
  if (count === state.segments.count) roll(state, state.logEndOffset)
  const first = state.segments.all[count]
  if (first !== undefined) moveLogStart(state, first.baseOffset)
  state.context.logger.info('segments were deleted', {
    partition: state.name,
    reason,
    segments: count,
    logStartOffset: state.logStartOffset,
  })
  removeSegments(state, gone)
}

/** The log starts at `offset` from now on, if it started before it. */
export function moveLogStart(state: LogState, offset: number): void {
  if (offset <= state.logStartOffset) return
  state.logStartOffset = offset
  state.epochs.truncateFromStart(offset)
  state.home.checkpointDue('logStart')
  state.onStartMoved?.()
}
