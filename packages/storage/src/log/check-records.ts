import type { ReadRecord } from '@millrace/protocol'
import { CorruptRecordsError, readRecords } from '@millrace/protocol'
import type { AppendRefusal, CheckContext } from './check-client-append.ts'
import type { RecordError } from './partition-log.ts'

interface Findings {
  readonly errors: RecordError[]
  anyTimestamp: boolean
}

/** Looks at each record: its key where the topic is compacted, its time against the topic's window. */
export function checkRecords(bytes: Uint8Array, context: CheckContext): AppendRefusal | undefined {
  const found: Findings = { errors: [], anyTimestamp: false }
  try {
    let batchIndex = 0
    for (const record of readRecords(bytes, { decompressedBytesMax: context.decompressedBytesMax })) {
      checkRecord(record, batchIndex, context, found)
      batchIndex += 1
    }
  } catch (error) {
    return corruptRefusal(error)
  }
  if (found.errors.length === 0) return undefined
  const what = found.anyTimestamp ? 'invalid timestamp' : `${found.errors.length} record errors`
  return {
    error: found.anyTimestamp ? 'INVALID_TIMESTAMP' : 'INVALID_RECORD',
    message: `records were refused: ${what}`,
    recordErrors: found.errors,
  }
}

function checkRecord(record: ReadRecord, batchIndex: number, { config, nowMs }: CheckContext, found: Findings): void {
  if (record.key === null && config.cleanupPolicy.includes('compact')) {
    found.errors.push({ batchIndex, message: 'a compacted topic takes no record without a key' })
    return
  }
  if (config.messageTimestampType === 'LogAppendTime' || record.timestampMs === -1) return
  const earliestMs = nowMs - config.messageTimestampBeforeMaxMs
  const latestMs = nowMs + config.messageTimestampAfterMaxMs
  if (record.timestampMs >= earliestMs && record.timestampMs <= latestMs) return
  found.anyTimestamp = true
  const window = `expected ${earliestMs} to ${latestMs}`
  found.errors.push({ batchIndex, message: `timestamp ${record.timestampMs} is out of range, ${window}` })
}

/** What a client is told whose batch has a good CRC and can't be read all the same. */
export function corruptRefusal(error: unknown): AppendRefusal {
  if (!(error instanceof CorruptRecordsError)) throw error
  return { error: error.kind === 'too-large' ? 'MESSAGE_TOO_LARGE' : 'INVALID_RECORD', message: error.message }
}
