import { Segment } from '../segment/segment.ts'
import { offsetEntryBytes } from '../segment/offset-index.ts'
import { timeEntryBytes } from '../segment/time-index.ts'
import type { LogState } from './log-state.ts'
import { writeSnapshot, writeSnapshotLater } from './producer-replay.ts'

export interface RollQuestion {
  /** Of what is to be appended, and of what waits to be written before it. */
  readonly bytes: number
  readonly waitingBytes: number
  readonly maxTimestampMs: number
  readonly lastOffset: number
}

/** Whether a new segment must begin: the active one is full, or old, or its indexes can't take more (Kafka's rules). */
export function mustRoll(state: LogState, question: RollQuestion): boolean {
  const { active } = state.segments
  const sizeBytes = active.sizeBytes + question.waitingBytes
  if (sizeBytes === 0) return !active.fitsOffset(question.lastOffset)
  if (sizeBytes > state.config.segmentBytes - question.bytes) return true
  if (!active.fitsOffset(question.lastOffset) || indexIsFull(state, active)) return true
  return ageMs(state, active, question) > segmentMsOf(state) - state.rollJitterMs
}

// What is in the active segment can't be compacted: with a bound on how long that may wait it is sealed by then.
function segmentMsOf({ config }: LogState): number {
  const bounded = config.cleanupPolicy.includes('compact') && config.maxCompactionLagMs > 0
  return bounded ? Math.min(config.maxCompactionLagMs, config.segmentMs) : config.segmentMs
}

function indexIsFull(state: LogState, active: Segment): boolean {
  const bytes = state.config.segmentIndexBytes
  const { offsets, times } = active.indexes
  // One entry of the time index is for the largest timestamp, when the segment is sealed.
  return offsets.count >= Math.floor(bytes / offsetEntryBytes) || times.count >= Math.floor(bytes / timeEntryBytes) - 1
}

// Age goes by the records' own time where they have one, so that old data replayed today is split as it was.
function ageMs(state: LogState, active: Segment, question: RollQuestion): number {
  const firstMs = active.sizeBytes === 0 ? -1 : active.firstTimestampMs
  if (firstMs >= 0) return question.maxTimestampMs - firstMs
  return state.context.clock.wallMs() - active.createdMs
}

/** Whether a roll has no more to write than the names of files. */
export const isRollPrepared = (state: LogState, baseOffset: number): boolean =>
  state.snapshotOffsets.has(baseOffset) && state.segments.active.areIndexesWritten

/** Writes in another thread what a roll writes. Nothing may be appended meanwhile. */
export async function prepareRoll(state: LogState, baseOffset: number): Promise<void> {
  await writeSnapshotLater(state, baseOffset)
  await state.segments.active.writeIndexesLater()
}

/** Begins a segment at `baseOffset`, which is where the log ends. Nothing may wait to be written. */
export function roll(state: LogState, baseOffset: number): void {
  writeSnapshot(state, baseOffset)
  state.segments.active.seal()
  if (baseOffset > state.logEndOffset) settleGap(state, baseOffset)
  state.segments.push(newSegment(state, baseOffset))
  state.home.rolled(state)
}

// A follower of a compacted log skips offsets. Past the recovery point a recovery takes such a gap for lost records.
function settleGap(state: LogState, baseOffset: number): void {
  for (const segment of state.segments.from(state.recoveryPoint)) segment.file().sync()
  state.files.fileSystem.syncDirectory(state.folder)
  state.recoveryPoint = baseOffset
  state.logEndOffset = baseOffset
  state.home.checkpointRecoveryPoints()
}

export function newSegment(state: LogState, baseOffset: number): Segment {
  const jitterMs = Math.min(state.config.segmentJitterMs, state.config.segmentMs)
  state.namesAreDurable = false
  state.rollJitterMs = jitterMs > 0 ? state.context.random.below(jitterMs) : 0
  return Segment.create(state, baseOffset, state.context.clock.wallMs())
}
