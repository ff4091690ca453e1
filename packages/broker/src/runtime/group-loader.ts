import { asOffset } from '@millrace/kernel'
import type { GroupsState } from '@millrace/machines'
import { applyGroupMarker, applyGroupRecord, decodeGroupRecord } from '@millrace/machines'
import { batches, KafkaError, readBatchHeader, readMarker, readRecords } from '@millrace/protocol'
import type { PartitionLog } from '@millrace/storage'

// Small enough that applying it doesn't hold up the event loop.
const readBytesMax = 256 * 1024

/** What is read of a log to load it. */
export type ReadableLog = Pick<PartitionLog, 'logStartOffset' | 'logEndOffset' | 'read'>

/** Applies everything that a partition of `__consumer_offsets` holds, from its start to its end. */
export async function replayGroups(log: ReadableLog, state: GroupsState, isCancelled: () => boolean): Promise<void> {
  let fromOffset: number = log.logStartOffset
  while (fromOffset < log.logEndOffset && !isCancelled()) {
    const read = await log.read({
      fromOffset: asOffset(fromOffset),
      untilOffset: log.logEndOffset,
      maxBytes: readBytesMax,
      minOneBatch: true,
    })
    if (!read.ok) throw new KafkaError(read.error, read.message)
    try {
      const next = applyBatches(joined(read.chunks), state)
      // Compaction may have removed everything between here and the end.
      if (next === undefined) return
      fromOffset = next
    } finally {
      read.release()
    }
  }
}

const joined = (chunks: readonly Uint8Array[]): Uint8Array => {
  const [first] = chunks
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks)
}

/** Returns the offset after the last batch; undefined where there was none. */
function applyBatches(bytes: Uint8Array, state: GroupsState): number | undefined {
  let nextOffset: number | undefined
  for (const position of batches(bytes)) {
    const header = readBatchHeader(bytes, position)
    nextOffset = header.nextOffset
    const transactionalProducerId = header.transactional ? header.producerId : -1
    for (const { key, value, offset } of readRecords(bytes, {}, position)) {
      if (header.control) {
        const marker = readMarker({ key, value })
        if (marker !== null) applyGroupMarker(state, header.producerId, marker.committed ? 'commit' : 'abort')
      } else if (key !== null) {
        const record = decodeGroupRecord(copied(key), value === null ? null : copied(value))
        if (record !== null) applyGroupRecord(state, record, { transactionalProducerId })
        nextOffset = Math.max(nextOffset, offset + 1)
      }
    }
  }
  return nextOffset
}

// The state keeps parts of it; what it was read into is given back.
const copied = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)
