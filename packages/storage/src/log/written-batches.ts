import { errorMessage } from '@millrace/kernel'
import { batchField } from '@millrace/protocol'
import { isDeviceError } from '../io/disk-errors.ts'
import { nextBatch } from './appended-batches.ts'
import type { LogState } from './log-state.ts'
import type { Placed } from './tail-blocks.ts'
import type { TailEntry } from './tail-cache.ts'

/** Notes what was written at `position` of the active segment, in its indexes and the leader epochs. */
export function noteChunk(state: LogState, chunk: Placed, position: number): TailEntry {
  const { bytes } = chunk
  const { active } = state.segments
  let lastOffset = -1
  for (let at = 0; at < bytes.length; at = nextBatch(bytes, at)) {
    active.noteBatch(bytes, at, position + at)
    lastOffset = batchField.lastOffset(bytes, at)
    const leaderEpoch = batchField.leaderEpoch(bytes, at)
    if (leaderEpoch >= 0) state.epochs.assign(leaderEpoch, batchField.baseOffset(bytes, at))
  }
  return { ...chunk, baseOffset: batchField.baseOffset(bytes, 0), lastOffset }
}

export function writeEpochs(state: LogState): void {
  try {
    state.writeEpochs()
  } catch (error) {
    const fields = { partition: state.name, error: errorMessage(error) }
    state.context.logger.warn('the leader epochs could not be written, and will be with the next flush', fields)
  }
}

/** Cuts off what a failed write left. Where that fails too, or the device is to blame, the directory goes offline. */
export function undoWrite(state: LogState, error: unknown): void {
  const { active } = state.segments
  try {
    active.undoWrite()
  } catch (undoError) {
    state.home.fail(`a failed write to ${active.path} could not be undone: ${errorMessage(undoError)}`)
  }
  if (isDeviceError(error)) state.home.fail(`a write to ${active.path} failed: ${errorMessage(error)}`)
}
