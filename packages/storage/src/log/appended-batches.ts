import { batchField, writeBaseOffset, writeLeaderEpoch, writeLogAppendTime } from '@millrace/protocol'

/** Where the batch behind the one at `at` starts. What is appended was looked at before: it is whole batches to its end. */
export const nextBatch = (bytes: Uint8Array, at: number): number => at + batchField.sizeBytes(bytes, at)

/**
 * Writes into the batches what their leader gives them, and returns the offset behind the last. Offsets and epoch lie
 * outside the CRC; only the broker's time (none where negative) makes it computed anew.
 */
export function assignOffsets(
  bytes: Uint8Array,
  baseOffset: number,
  leaderEpoch: number,
  logAppendTimeMs: number,
): number {
  let offset = baseOffset
  for (let at = 0; at < bytes.length; at = nextBatch(bytes, at)) {
    writeBaseOffset(bytes, at, offset)
    writeLeaderEpoch(bytes, at, leaderEpoch)
    if (logAppendTimeMs >= 0) writeLogAppendTime(bytes, at, logAppendTimeMs)
    offset += batchField.lastOffsetDelta(bytes, at) + 1
  }
  return offset
}

export function maxTimestampMsOf(bytes: Uint8Array): number {
  let maxTimestampMs = -1
  for (let at = 0; at < bytes.length; at = nextBatch(bytes, at))
    maxTimestampMs = Math.max(maxTimestampMs, batchField.maxTimestampMs(bytes, at))
  return maxTimestampMs
}
