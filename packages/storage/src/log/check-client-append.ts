import type { ErrorName } from '@millrace/protocol'
import {
  batchAttribute,
  batchField,
  batchHeaderBytes,
  checkBatch,
  checkClientBatch,
  lengthPrefixBytes,
} from '@millrace/protocol'
import type { LogConfig, RecordError } from './partition-log.ts'
import { needsRecompression, needsRecords, rewriteBatch } from './rewrite-batch.ts'

/** Why nothing is appended. */
export interface AppendRefusal {
  readonly error: ErrorName
  readonly message: string
  readonly recordErrors?: readonly RecordError[]
}

export type CheckedBatch = { readonly bytes: Uint8Array } | { readonly refusal: AppendRefusal }

export interface CheckContext {
  readonly config: LogConfig
  readonly nowMs: number
  readonly decompressedBytesMax: number
}

// Bytes up to a batch's magic; Kafka looks at nothing shorter.
const prefixBytes = 17
const recordBytesMin = 14

const refuse = (error: ErrorName, message: string): CheckedBatch => ({ refusal: { error, message } })

/**
 * What Kafka asks of the records in a Produce request, in its order: one whole batch of magic 2, offsets from 0, not
 * too large, its CRC, no more records than offsets, times within the topic's window, keys where the topic is compacted.
 * Gives the batch as it will be written, compressed anew where the topic says so; 'large' where its records must be looked
 * at or compressed and are too many for a turn: `rewriteBatch` is for another thread then, nothing else is left to check.
 */
export function checkClientAppend(records: Uint8Array, context: CheckContext): CheckedBatch | 'large' {
  const framed = frameOneBatch(records)
  if ('refusal' in framed) return framed
  const { bytes } = framed
  const { config } = context
  if (batchField.baseOffset(bytes, 0) !== 0) {
    return refuse('INVALID_RECORD', `base offset ${batchField.baseOffset(bytes, 0)}, expected 0`)
  }
  if (bytes.length > config.maxMessageBytes) {
    return refuse(
      'MESSAGE_TOO_LARGE',
      `a batch of ${bytes.length} bytes, max.message.bytes is ${config.maxMessageBytes}`,
    )
  }
  const problem = checkBatch(bytes) ?? checkClientBatch(bytes, 0) ?? checkCount(bytes, context)
  if (problem !== null) return { refusal: problem }
  return needsRewriting(bytes, context) ? rewriteInTurn(bytes, context) : { bytes }
}

const needsRewriting = (bytes: Uint8Array, context: CheckContext): boolean =>
  needsRecords(bytes, context) || needsRecompression(bytes, context)

// What takes a few milliseconds at most: gzip of so many bytes, a walk over so many records.
const packedBytesInTurnMax = 64 * 1024
const recordsInTurnMax = 16 * 1024

/** Where that is more than a turn of the event loop can give, another thread does it. */
function rewriteInTurn(bytes: Uint8Array, context: CheckContext): CheckedBatch | 'large' {
  if (isLarge(bytes, context)) return 'large'
  const { decompressedBytesMax } = context
  const inTurn = { ...context, decompressedBytesMax: Math.min(decompressedBytesMax, packedBytesInTurnMax) }
  const rewritten = rewriteBatch(bytes, inTurn)
  // It may be that only this turn is too short for what it expands to.
  const isTooLarge = 'refusal' in rewritten && rewritten.refusal.error === 'MESSAGE_TOO_LARGE'
  return isTooLarge && inTurn.decompressedBytesMax < decompressedBytesMax ? 'large' : rewritten
}

function isLarge(bytes: Uint8Array, context: CheckContext): boolean {
  const isPacked = (batchField.attributes(bytes, 0) & batchAttribute.codec) !== 0
  if (!isPacked && !needsRecompression(bytes, context)) return batchField.recordCount(bytes, 0) > recordsInTurnMax
  return bytes.length > packedBytesInTurnMax
}

// The smallest record: its length, attributes, two deltas, no key, no value, no headers.
const smallestRecordBytes = 7

/**
 * As many records as there is room for. Offsets are given out by the count, so that a few million requests of a hundred
 * bytes that say two billion would use up a partition's offsets.
 */
function checkCount(bytes: Uint8Array, { decompressedBytesMax }: CheckContext): AppendRefusal | null {
  const isCompressed = (batchField.attributes(bytes, 0) & batchAttribute.codec) !== 0
  const roomBytes = isCompressed ? decompressedBytesMax : bytes.length - batchHeaderBytes
  const count = batchField.recordCount(bytes, 0)
  if (count * smallestRecordBytes <= roomBytes) return null
  return { error: 'INVALID_RECORD', message: `a batch says ${count} records, at most ${roomBytes} bytes hold them` }
}

function frameOneBatch(records: Uint8Array): CheckedBatch {
  const sizeBytes = wholeBatchAt(records, 0)
  if (typeof sizeBytes === 'object') return sizeBytes
  if (sizeBytes === 0) return refuse('INVALID_RECORD', 'a partition needs one whole record batch, got none')
  const magic = batchField.magic(records, 0)
  if (magic < 0 || magic > 2) return refuse('CORRUPT_MESSAGE', `a batch of magic ${magic}, expected 2`)
  if (magic !== 2) return refuse('INVALID_RECORD', `a batch of magic ${magic}, expected 2`)
  const next = wholeBatchAt(records, sizeBytes)
  if (typeof next === 'object') return next
  if (next > 0) return refuse('INVALID_RECORD', 'a partition takes one record batch per request, got more')
  return { bytes: records.subarray(0, sizeBytes) }
}

// Size of the batch at `position`; 0 where what is there isn't whole, which Kafka ignores.
function wholeBatchAt(records: Uint8Array, position: number): number | CheckedBatch {
  const left = records.length - position
  if (left < prefixBytes) return 0
  const sizeBytes = batchField.sizeBytes(records, position)
  if (sizeBytes - lengthPrefixBytes < recordBytesMin) {
    return refuse('CORRUPT_MESSAGE', `a batch says ${sizeBytes - lengthPrefixBytes} bytes, expected 49 or more`)
  }
  return sizeBytes > left ? 0 : sizeBytes
}
