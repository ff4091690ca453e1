import { batchField } from '@millrace/protocol'
import { scanBatches } from '../segment/scan.ts'
import type { Segment } from '../segment/segment.ts'
import { damageOf } from './damage.ts'
import { loadFolder, removeLeftovers } from './load-folder.ts'
import type { LogState } from './log-state.ts'
import { loadSnapshot, removeCutSnapshots, removeStraySnapshots, replayProducers } from './producer-replay.ts'
import { removeSegments } from './remove-segments.ts'
import { newSegment } from './roll.ts'

/** What the checkpoint files of the directory say of a log. */
export interface OpenHints {
  /** Whether the last stop wrote everything and said so: nothing is scanned then. */
  readonly clean: boolean
  readonly recoveryPoint: number
  readonly logStartOffset: number
  readonly highWatermark: number
  /** The file of leader epochs is missing or damaged: they are found in the batches. */
  readonly epochsLost: boolean
}

/** Reads what lies in the log's folder into its state, repairing what a crash left. */
export function openLogFiles(state: LogState, hints: OpenHints): void {
  const sureUntil = hints.clean ? Infinity : hints.recoveryPoint
  const { names, leftovers } = loadFolder(state, sureUntil)
  if (state.damage !== undefined) return
  rebuildMissingIndexes(state, names, sureUntil)
  if (hints.epochsLost) rebuildEpochs(state, sureUntil)
  const recoveredFrom = hints.clean ? undefined : recoverTail(state, hints.recoveryPoint)
  if (state.damage !== undefined) return
  if (state.segments.count === 0) state.segments.push(newSegment(state, hints.logStartOffset))
  findLogEnd(state, hints)
  if (state.damage === undefined && isDeletedWhole(state, hints)) startOver(state, hints)
  if (state.damage !== undefined) return
  removeLeftovers(state, leftovers)
  state.segments.active.unseal()
  state.logStartOffset = Math.max(startOf(state, hints), state.segments.first.baseOffset)
  state.recoveryPoint = Math.min(hints.clean ? state.logEndOffset : hints.recoveryPoint, state.logEndOffset)
  state.highWatermark = Math.max(state.logStartOffset, Math.min(hints.highWatermark, state.logEndOffset))
  state.epochs.truncateFromEnd(state.logEndOffset)
  state.epochs.truncateFromStart(state.logStartOffset)
  if (!state.isFuture) loadProducers(state, hints, recoveredFrom)
  state.folderIsDurable = hints.clean
  state.epochsAreDurable = hints.clean && !state.epochs.mustSave(state.logEndOffset)
  state.namesAreDurable = hints.clean
  state.cutsAreDurable = hints.clean
}

function startOf(state: LogState, hints: OpenHints): number {
  if (hints.logStartOffset <= state.logEndOffset) return hints.logStartOffset
  state.context.logger.warn('the checkpoint of the log start lies past the end of the log, and is left out', {
    partition: state.name,
    logStartOffset: hints.logStartOffset,
    logEndOffset: state.logEndOffset,
  })
  return 0
}

// A log that was never written to has no such file. Behind the recovery point there may be anything; a recovery looks at it.
function rebuildEpochs(state: LogState, sureUntil: number): void {
  if (state.segments.sizeBytes === 0) return
  const fields = { folder: state.folder }
  state.context.logger.warn('the leader epochs of a log are missing and found in its batches', fields)
  for (const segment of state.segments.all) {
    if (segment.baseOffset >= sureUntil) break
    scanBatches(segment.file(), { from: 0, until: segment.sizeBytes, checkCrc: false }, (bytes, at) => {
      if (batchField.lastOffset(bytes, at) >= sureUntil) return false
      const epoch = batchField.leaderEpoch(bytes, at)
      if (epoch > state.epochs.latest) state.epochs.assign(epoch, batchField.baseOffset(bytes, at))
      return true
    })
  }
}

function rebuildMissingIndexes(state: LogState, names: ReadonlySet<string>, sureUntil: number): void {
  const recovered = new Set(sureUntil === Infinity ? [] : state.segments.from(sureUntil - 1))
  for (const segment of state.segments.all) {
    if (recovered.has(segment)) continue
    const digits = String(segment.baseOffset).padStart(20, '0')
    const missing = !names.has(`${digits}.index`) || !names.has(`${digits}.timeindex`)
    if (missing && segment.sizeBytes > 0) segment.loadIndexes()
  }
}

/**
 * After a crash: checks every batch from the recovery point on, builds the indexes for them, and cuts the log where it
 * is torn. Returns where it began; sets `damage` where what was durable is not whole.
 */
function recoverTail(state: LogState, recoveryPoint: number): number {
  // Later ones may be those of what was truncated: they are found in the batches.
  state.epochs.truncateFromEnd(recoveryPoint)
  let before: Segment | undefined
  let endOffset = -1
  // From the one with the last durable offset on: what was written to its indexes when it was sealed may be lost.
  for (const segment of state.segments.from(recoveryPoint - 1)) {
    if (before !== undefined && segment.baseOffset > Math.max(endOffset, recoveryPoint)) {
      if (endOffset < recoveryPoint) {
        const end = { path: before.path, position: before.sizeBytes, offset: endOffset, reason: undefined }
        state.damage = damageOf(state, end, recoveryPoint)
        break
      }
      const reason = `the next segment starts at ${segment.baseOffset}: what lay between was never durable`
      cutTail(state, before, { offset: endOffset, position: before.sizeBytes, reason })
      break
    }
    let recovered = recoverSegment(state, segment, segment.forgetIndexesFrom(recoveryPoint))
    // An index entry may be what is torn, and points into the middle of a batch: without it, from the start.
    if (recovered.offset < recoveryPoint) recovered = recoverFromStart(state, segment, recoveryPoint)
    endOffset = recovered.offset
    before = segment
    if (recovered.reason === undefined) continue
    if (endOffset < recoveryPoint) state.damage = damageOf(state, { path: segment.path, ...recovered }, recoveryPoint)
    else if (recovered.isOverlap) {
      cutOverlap(state, segment, recovered)
      continue
    } else cutTail(state, segment, recovered)
    break
  }
  return recoveryPoint
}

/** How far a segment is whole, and what stands there where that isn't its end. */
interface SegmentEnd {
  readonly offset: number
  readonly position: number
  readonly reason: string | undefined
  /** What stands there is from before a truncation that the disk forgot; the next segment was written after it. */
  readonly isOverlap?: boolean
}

function recoverFromStart(state: LogState, segment: Segment, recoveryPoint: number): SegmentEnd {
  segment.forgetIndexesFrom(recoveryPoint, { keepLookup: false })
  return recoverSegment(state, segment, 0)
}

function recoverSegment(state: LogState, segment: Segment, from: number): SegmentEnd {
  let endOffset = segment.baseOffset
  let lastEpoch = -1
  let stray: string | undefined
  const nextBase = state.segments.at(state.segments.indexOf(segment.baseOffset) + 1)?.baseOffset ?? Infinity
  let isOverlap = false
  const end = scanBatches(segment.file(), { from, until: segment.sizeBytes, checkCrc: true }, (bytes, at, position) => {
    const epoch = batchField.leaderEpoch(bytes, at)
    stray = strayBatch(batchField.baseOffset(bytes, at), epoch, endOffset, lastEpoch)
    isOverlap = stray === undefined && batchField.lastOffset(bytes, at) >= nextBase
    if (isOverlap) stray = `a batch reaches into the next segment, which starts at ${nextBase}`
    if (stray !== undefined) return false
    segment.noteBatch(bytes, at, position)
    if (epoch > state.epochs.latest) state.epochs.assign(epoch, batchField.baseOffset(bytes, at))
    endOffset = batchField.lastOffset(bytes, at) + 1
    lastEpoch = epoch
    return true
  })
  return { offset: endOffset, position: end.position, reason: end.problem?.message ?? stray, isOverlap }
}

/** Whole, but left from before a truncation that the disk forgot: offsets only rise, and epochs never fall. */
function strayBatch(baseOffset: number, epoch: number, expected: number, lastEpoch: number): string | undefined {
  if (baseOffset < expected) return `a batch has base offset ${baseOffset} where at least ${expected} was expected`
  return epoch < lastEpoch ? `a batch has leader epoch ${epoch} after one of epoch ${lastEpoch}` : undefined
}

function cutOverlap(state: LogState, segment: Segment, end: SegmentEnd): void {
  const { offset, position, reason } = end
  const fields = { partition: state.name, segment: segment.path, offset, position, reason }
  state.context.logger.warn('a segment holds what was truncated before and is cut again', fields)
  segment.truncate(position, offset)
}

function cutTail(state: LogState, segment: Segment, problem: SegmentEnd): void {
  const later = state.segments.all.filter((one) => one.baseOffset > segment.baseOffset)
  state.context.logger.warn('the end of a log was torn and is cut', {
    partition: state.name,
    segment: segment.path,
    offset: problem.offset,
    position: problem.position,
    bytesCut: segment.sizeBytes - problem.position,
    segmentsRemoved: later.length,
    reason: problem.reason,
  })
  removeSegments(state, later)
  segment.truncate(problem.position, problem.offset)
}

// After a clean stop as well: what stands behind the last batch would end up in the middle of the log.
function findLogEnd(state: LogState, hints: OpenHints): void {
  const { active } = state.segments
  const end = active.findEnd()
  state.logEndOffset = end.offset
  const reason = end.damage?.message
  if (end.offset < hints.recoveryPoint && !isDeletedWhole(state, hints)) {
    state.damage = damageOf(state, { path: active.path, ...end, reason }, hints.recoveryPoint)
  } else if (reason !== undefined) cutTail(state, active, { ...end, reason })
}

// Records were deleted up to a point behind the log's end, which is all that was ever durable: there is nothing to keep.
// After a clean stop the log is as long as it was: then it is the checkpoint that is wrong.
function isDeletedWhole(state: LogState, hints: OpenHints): boolean {
  return !hints.clean && state.logEndOffset < hints.logStartOffset && hints.logStartOffset >= hints.recoveryPoint
}

function startOver(state: LogState, hints: OpenHints): void {
  state.context.logger.warn('all that a log held was deleted before the crash: it starts over', {
    partition: state.name,
    logEndOffset: state.logEndOffset,
    logStartOffset: hints.logStartOffset,
  })
  removeSegments(state, state.segments.all)
  state.segments.push(newSegment(state, hints.logStartOffset))
  state.logEndOffset = hints.logStartOffset
}

function loadProducers(state: LogState, hints: OpenHints, recoveredFrom: number | undefined): void {
  removeCutSnapshots(state, state.logEndOffset)
  // Kafka of old times had no snapshots: after a clean stop there is nothing to be found by reading it all.
  if (hints.clean && state.snapshotOffsets.size === 0) return
  const newest = recoveredFrom ?? state.logEndOffset
  const from = loadSnapshot(state, state.producers, newest)
  replayProducers(state, state.producers, { from, until: state.logEndOffset }, (segment, entry) => {
    if (recoveredFrom !== undefined && entry.lastOffset >= recoveredFrom) segment.indexes.transactions.append(entry)
  })
  state.producers.highWatermarkMoved(state.highWatermark)
  state.producers.expire(state.context.clock.sessions.wallMs(), state.context.settings.producerIdExpirationMs)
  if (state.snapshotOffsets.size > 0) removeStraySnapshots(state)
}
