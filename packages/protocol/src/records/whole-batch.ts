import { buildBatch } from './batch-builder.ts'
import type { TimestampType } from './batch-header.ts'
import { batchField, readBatchHeader } from './batch-header.ts'
import { batches, checkBatch } from './check-batch.ts'
import type { Codec } from './compression/codec.ts'
import { codecOf } from './compression/codec.ts'
import { CorruptRecordsError } from './corrupt-records-error.ts'
import type { ReadLimits, ReadRecord, RecordHeader } from './read-records.ts'
import { readRecords } from './read-records.ts'

export interface WholeRecord {
  readonly offset: number
  /** The broker's time where the batch has LogAppendTime. */
  readonly timestamp: number
  /** What stands in the record, and what it was before LogAppendTime: needed to write the same bytes. */
  readonly timestampDelta: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly RecordHeader[]
}

/** A batch with everything it says, in Kafka's names: for tools and tests, not for the paths of a broker. */
export interface WholeBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly partitionLeaderEpoch: number
  readonly crc: number
  readonly compression: Codec
  readonly timestampType: TimestampType
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly isTransactional: boolean
  readonly isControlBatch: boolean
  readonly deleteHorizonMs: number | null
  readonly records: readonly WholeRecord[]
}

/** Reads the batch at `position` whole, CRC included; whatever is wrong is a CorruptRecordsError. */
export function decodeBatch(bytes: Uint8Array, position = 0, limits: ReadLimits = {}): WholeBatch {
  const wrong = checkBatch(bytes, position)
  if (wrong !== null) {
    throw new CorruptRecordsError(wrong.message, wrong.error === 'CORRUPT_MESSAGE' ? 'corrupt' : 'old-magic')
  }
  const header = readBatchHeader(bytes, position)
  return {
    baseOffset: header.baseOffset,
    lastOffset: header.lastOffset,
    partitionLeaderEpoch: header.leaderEpoch,
    crc: header.crc,
    compression: codecOf(header.attributes),
    timestampType: header.timestampType,
    baseTimestamp: header.baseTimestampMs,
    maxTimestamp: header.maxTimestampMs,
    producerId: header.producerId,
    producerEpoch: header.producerEpoch,
    baseSequence: header.baseSequence,
    isTransactional: header.transactional,
    isControlBatch: header.control,
    deleteHorizonMs: header.deleteHorizonMs,
    records: Array.from(readRecords(bytes, limits, position), asWholeRecord),
  }
}

/** Every batch in `bytes`, which they must fill exactly. */
export function decodeBatches(bytes: Uint8Array, limits: ReadLimits = {}): readonly WholeBatch[] {
  const whole: WholeBatch[] = []
  let end = 0
  for (const position of batches(bytes)) {
    whole.push(decodeBatch(bytes, position, limits))
    end = position + batchField.sizeBytes(bytes, position)
  }
  if (end !== bytes.length) throw new CorruptRecordsError(`${bytes.length - end} bytes after the last whole batch`)
  return whole
}

const asWholeRecord = (record: ReadRecord): WholeRecord => ({
  offset: record.offset,
  timestamp: record.timestampMs,
  timestampDelta: record.timestampDelta,
  key: record.key,
  value: record.value,
  headers: record.headers,
})

/** The bytes of a batch that says this; `crc` is computed. Uncompressed, they are those that `decodeBatch` read. */
export function encodeBatch(batch: WholeBatch): Uint8Array {
  return buildBatch({
    compression: batch.compression,
    baseOffset: batch.baseOffset,
    leaderEpoch: batch.partitionLeaderEpoch,
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
    transactional: batch.isTransactional,
    control: batch.isControlBatch,
    timestampType: batch.timestampType,
    baseTimestampMs: batch.baseTimestamp,
    maxTimestampMs: batch.maxTimestamp,
    deleteHorizonMs: batch.deleteHorizonMs,
    lastOffsetDelta: batch.lastOffset - batch.baseOffset,
    records: batch.records.map((record) => ({
      key: record.key,
      value: record.value,
      headers: record.headers,
      timestampMs: batch.baseTimestamp + record.timestampDelta,
      offsetDelta: record.offset - batch.baseOffset,
    })),
  })
}
