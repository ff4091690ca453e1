import { batches, batchField, checkBatch } from '@millrace/protocol'
import { failedAppend } from './append-answers.ts'
import type { AppendOutcome } from './partition-log.ts'

/**
 * A leader's batches as they are: offsets rise from `nextOffset` on, CRCs are right, and no epoch is later than ours
 * (KAFKA-18723). Returns where the last batch to append starts, -1 where there is none, or why they are refused.
 */
export function lastCopyAt(records: Uint8Array, leaderEpoch: number, nextOffset: number): number | AppendOutcome {
  let last = -1
  let expected = nextOffset
  for (const at of batches(records)) {
    const problem = checkBatch(records, at)
    if (problem !== null) return failedAppend(problem.error, problem.message)
    if (batchField.leaderEpoch(records, at) > leaderEpoch) break
    const baseOffset = batchField.baseOffset(records, at)
    if (baseOffset < expected) {
      const message = `a leader's batch starts at ${baseOffset}, the log ends at ${expected}`
      return failedAppend('OFFSET_OUT_OF_RANGE', message)
    }
    expected = batchField.lastOffset(records, at) + 1
    last = at
  }
  return last
}
