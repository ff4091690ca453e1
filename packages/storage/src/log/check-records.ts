import type { ReadRecord } from '@millrace/protocol'
import { batchAttribute, batchField, CorruptRecordsError, readRecords } from '@millrace/protocol'
import type { AppendRefusal, CheckContext } from './check-client-append.ts'
import type { RecordError } from './partition-log.ts'

/** Why the batch isn't taken, or the largest time of its records. */
export type CheckedRecords = { readonly refusal: AppendRefusal } | { readonly maxTimestampMs: number }

interface Findings {
  readonly errors: RecordError[]
  anyTimestamp: boolean
  maxTimestampMs: number
}

/** Looks at each record: its key where the topic is compacted, its time against the topic's window. */
export function checkRecords(bytes: Uint8Array, context: CheckContext): CheckedRecords {
  const found: Findings = { errors: [], anyTimestamp: false, maxTimestampMs: -1 }
  const isBrokersTime = (batchField.attributes(bytes, 0) & batchAttribute.logAppendTime) !== 0
  try {
    let batchIndex = 0
    for (const record of readRecords(bytes, { decompressedBytesMax: context.decompressedBytesMax })) {
      const message = checkRecord(record, isBrokersTime, context, found)
      if (message !== null) found.errors.push({ batchIndex, message })
      batchIndex += 1
    }
  } catch (error) {
    return { refusal: corruptRefusal(error) }
  }
  if (found.errors.length === 0) return { maxTimestampMs: found.maxTimestampMs }
  const what = found.anyTimestamp ? 'invalid timestamp' : `${found.errors.length} record errors`
  const error = found.anyTimestamp ? 'INVALID_TIMESTAMP' : 'INVALID_RECORD'
  return { refusal: { error, message: `records were refused: ${what}`, recordErrors: found.errors } }
}

function checkRecord(
  { key, timestampMs }: ReadRecord,
  isBrokersTime: boolean,
  { config, nowMs }: CheckContext,
  found: Findings,
): string | null {
  if (key === null && config.cleanupPolicy.includes('compact')) return 'a compacted topic takes no record without a key'
  found.maxTimestampMs = Math.max(found.maxTimestampMs, timestampMs)
  if (config.messageTimestampType === 'LogAppendTime' || timestampMs === -1) {
    if (!isBrokersTime) return null
    found.anyTimestamp = true
    return 'a producer may not set the timestamp type to LogAppendTime'
  }
  const earliestMs = nowMs - config.messageTimestampBeforeMaxMs
  const latestMs = nowMs + config.messageTimestampAfterMaxMs
  if (timestampMs >= earliestMs && timestampMs <= latestMs) return null
  found.anyTimestamp = true
  return `timestamp ${timestampMs} is out of range, expected ${earliestMs} to ${latestMs}`
}

/** What a client is told whose batch has a good CRC and can't be read all the same. */
export function corruptRefusal(error: unknown): AppendRefusal {
  if (!(error instanceof CorruptRecordsError)) throw error
  return { error: error.kind === 'too-large' ? 'MESSAGE_TOO_LARGE' : 'INVALID_RECORD', message: error.message }
}
