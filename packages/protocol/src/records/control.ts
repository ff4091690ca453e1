import { buildBatch } from './batch-builder.ts'
import { CorruptRecordsError } from './corrupt-records-error.ts'
import { readInt16, readInt32, writeInt16, writeInt32 } from './fixed.ts'
import type { ReadRecord } from './read-records.ts'

/** What ends a transaction in a partition: a control batch with one record. */
export interface TransactionMarker {
  readonly committed: boolean
  readonly coordinatorEpoch: number
}

export interface MarkerBatchFields extends TransactionMarker {
  readonly producerId: number
  readonly producerEpoch: number
  readonly timestampMs: number
  readonly baseOffset?: number
  readonly leaderEpoch?: number
}

const abortType = 0
const commitType = 1

/** The batch that commits or aborts a producer's transaction. Its key is (version, type), its value (version, epoch). */
export function buildMarkerBatch(marker: MarkerBatchFields): Uint8Array {
  const key = new Uint8Array(4)
  writeInt16(key, 2, marker.committed ? commitType : abortType)
  const value = new Uint8Array(6)
  writeInt32(value, 2, marker.coordinatorEpoch)
  return buildBatch({
    records: [{ key, value, timestampMs: marker.timestampMs }],
    transactional: true,
    control: true,
    producerId: marker.producerId,
    producerEpoch: marker.producerEpoch,
    baseOffset: marker.baseOffset ?? 0,
    leaderEpoch: marker.leaderEpoch ?? -1,
  })
}

/** The marker in a control batch's record; null for the control records that say something else. */
export function readMarker(record: Pick<ReadRecord, 'key' | 'value'>): TransactionMarker | null {
  const { key, value } = record
  if (key === null || key.length < 4) throw new CorruptRecordsError('a control record without version and type')
  const type = readInt16(key, 2)
  if (type !== abortType && type !== commitType) return null
  if (value === null || value.length < 6) throw new CorruptRecordsError('a marker without a coordinator epoch')
  return { committed: type === commitType, coordinatorEpoch: readInt32(value, 2) }
}
