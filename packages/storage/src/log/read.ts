import { errorMessage } from '@millrace/kernel'
import { batchField, batchHeaderBytes } from '@millrace/protocol'
import type { Segment } from '../segment/segment.ts'
import type { LogState } from './log-state.ts'
import type { ReadOutcome, ReadRange } from './partition-log.ts'
import type { TailEntry } from './tail-cache.ts'

const nothing: ReadOutcome = { ok: true, chunks: [], sizeBytes: 0, release: () => {} }

/** From the tail at once; what isn't there is read from the segments' files. */
export function readLog(state: LogState, range: ReadRange): ReadOutcome | Promise<ReadOutcome> {
  if (state.successor !== undefined) return readLog(state.successor, range)
  const offline = state.offlineReason
  if (offline !== undefined) return { ok: false, error: 'KAFKA_STORAGE_ERROR', message: offline }
  const { fromOffset } = range
  if (fromOffset < state.logStartOffset || fromOffset > state.logEndOffset) {
    const message = `offset ${fromOffset}, the log has ${state.logStartOffset} to ${state.logEndOffset}`
    return { ok: false, error: 'OFFSET_OUT_OF_RANGE', message }
  }
  if (fromOffset >= Math.min(range.untilOffset, state.logEndOffset)) return nothing
  const tailStart = state.tail.startOffset
  const { reads } = state.context
  if (tailStart !== undefined && fromOffset >= tailStart) {
    reads.tail += 1
    return readTail(state, range)
  }
  reads.files += 1
  return readFiles(state, range)
}

function readTail(state: LogState, range: ReadRange): ReadOutcome {
  const { entries, start } = state.tail.from(range.fromOffset)
  const chunks: Uint8Array[] = []
  const held: TailEntry[] = []
  let sizeBytes = 0
  for (let slot = start; slot < entries.length; slot += 1) {
    const entry = entries[slot]!
    const left = range.maxBytes - sizeBytes
    const whole =
      entry.baseOffset >= range.fromOffset && entry.lastOffset < range.untilOffset && entry.bytes.length <= left
    const minOneBatch = range.minOneBatch && sizeBytes === 0
    const part = whole ? entry.bytes : wholeBatches(entry.bytes, { ...range, maxBytes: left, minOneBatch })
    if (part.length > 0) {
      chunks.push(part)
      held.push(entry)
    }
    sizeBytes += part.length
    const reachesEnd = part.byteOffset + part.length === entry.bytes.byteOffset + entry.bytes.length
    if (!reachesEnd) break
  }
  return chunks.length === 0 ? nothing : { ok: true, chunks, sizeBytes, release: holding(state, held) }
}

// The memory of what left the tail is used for other batches: what is still being sent must stay as it is.
function holding(state: LogState, entries: readonly TailEntry[]): () => void {
  const { tailCache } = state.context
  for (const entry of entries) tailCache.hold(entry)
  let isReleased = false
  return () => {
    if (isReleased) return
    isReleased = true
    for (const entry of entries) tailCache.release(entry)
  }
}

/** The stretch of `bytes` that a read may have: from the batch with its first offset on, as much as fits. */
function wholeBatches(bytes: Uint8Array, range: ReadRange): Uint8Array {
  let at = 0
  let start = -1
  while (bytes.length - at >= batchHeaderBytes) {
    const sizeBytes = batchField.sizeBytes(bytes, at)
    if (sizeBytes < batchHeaderBytes || sizeBytes > bytes.length - at) break
    const lastOffset = batchField.lastOffset(bytes, at)
    if (lastOffset >= range.untilOffset) break
    if (start >= 0 || lastOffset >= range.fromOffset) {
      const isFirst = start < 0
      if (isFirst) start = at
      const fits = at + sizeBytes - start <= range.maxBytes
      if (!fits && !(isFirst && range.minOneBatch)) break
    }
    at += sizeBytes
  }
  return start < 0 ? bytes.subarray(0, 0) : bytes.subarray(start, at)
}

async function readFiles(state: LogState, range: ReadRange): Promise<ReadOutcome> {
  const { changes } = state
  try {
    const outcome = await readSegments(state, range)
    if (state.changes === changes) return outcome
    if (outcome.ok) outcome.release()
  } catch (error) {
    if (state.changes === changes) {
      if (!isShortage(error)) state.home.fail(`a read of ${state.folder} failed: ${errorMessage(error)}`)
      return { ok: false, error: 'KAFKA_STORAGE_ERROR', message: errorMessage(error) }
    }
  }
  // The log was cut, compacted or moved meanwhile: what was read may not be in it any more.
  return readLog(state, range)
}

/** Of files that may be open: the disk is well, and so are other reads. */
const isShortage = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EMFILE' || error.code === 'ENFILE')

async function readSegments(state: LogState, range: ReadRange): Promise<ReadOutcome> {
  const { segments } = state
  for (let index = Math.max(0, segments.indexOf(range.fromOffset)); index < segments.count; index += 1) {
    const segment = segments.at(index)
    if (segment === undefined || segment.baseOffset >= range.untilOffset) break
    const outcome = await readSegment(state, segment, range)
    if (!outcome.ok || outcome.sizeBytes > 0) return outcome
    if (stopsHere(outcome)) return nothing
  }
  return nothing
}

/** Something was found, and it may not be given: later segments have nothing for this read either. */
const blocked: ReadOutcome = { ok: true, chunks: [], sizeBytes: 0, release: () => {} }
const stopsHere = (outcome: ReadOutcome): boolean => outcome === blocked

async function readSegment(state: LogState, segment: Segment, range: ReadRange): Promise<ReadOutcome> {
  const { changes } = state
  const { offsets } = segment.indexes
  let position = offsets.lookup(range.fromOffset)
  // The batch that is asked for lies before the next index entry, if that isn't one batch by itself.
  const skipBytes = (offsets.positionAfter(position) ?? segment.sizeBytes) - position
  let wantedBytes = Math.max(batchHeaderBytes, range.maxBytes + Math.min(skipBytes, 2 * state.indexIntervalBytes))
  while (position < segment.sizeBytes) {
    const buffer = state.context.buffers.take(Math.min(wantedBytes, segment.sizeBytes - position))
    const window = buffer.subarray(0, Math.min(wantedBytes, segment.sizeBytes - position))
    const got = await state.home.read(() => segment.file().readLater(window, position))
    const step = examine(window.subarray(0, got), range, segment.sizeBytes - position)
    if (step.kind === 'found') return release(state, buffer, step.bytes)
    state.context.buffers.give(buffer)
    if (state.changes !== changes) break
    if (got < window.length) return corrupt(segment, position + got)
    if (step.kind === 'corrupt') return corrupt(segment, position + step.at)
    if (step.kind === 'blocked') return blocked
    position += step.at
    wantedBytes = Math.max(wantedBytes, step.needBytes)
  }
  return nothing
}

type Step =
  | { readonly kind: 'found'; readonly bytes: Uint8Array }
  /** Read again from `at` on, at least so many bytes. */
  | { readonly kind: 'further'; readonly at: number; readonly needBytes: number }
  | { readonly kind: 'blocked' }
  | { readonly kind: 'corrupt'; readonly at: number }

function examine(bytes: Uint8Array, range: ReadRange, leftInFile: number): Step {
  const found = wholeBatches(bytes, range)
  if (found.length > 0) return { kind: 'found', bytes: found }
  let at = 0
  while (bytes.length - at >= batchHeaderBytes) {
    const sizeBytes = batchField.sizeBytes(bytes, at)
    if (sizeBytes < batchHeaderBytes || sizeBytes > leftInFile - at) return { kind: 'corrupt', at }
    if (batchField.lastOffset(bytes, at) >= range.fromOffset) {
      const wanted =
        batchField.lastOffset(bytes, at) < range.untilOffset && (sizeBytes <= range.maxBytes || range.minOneBatch)
      return wanted ? { kind: 'further', at, needBytes: sizeBytes } : { kind: 'blocked' }
    }
    if (sizeBytes > bytes.length - at) return { kind: 'further', at: at + sizeBytes, needBytes: batchHeaderBytes }
    at += sizeBytes
  }
  return at === 0 ? { kind: 'corrupt', at } : { kind: 'further', at, needBytes: batchHeaderBytes }
}

function release(state: LogState, buffer: Uint8Array, bytes: Uint8Array): ReadOutcome {
  const give = (): void => state.context.buffers.give(buffer)
  return { ok: true, chunks: [bytes], sizeBytes: bytes.length, release: give }
}

function corrupt(segment: Segment, position: number): ReadOutcome {
  return { ok: false, error: 'CORRUPT_MESSAGE', message: `${segment.path} has no batch at byte ${position}` }
}
