import { buildBatch } from '@millrace/protocol'

/** A batch of `records` records of `recordBytes` bytes each, without key and uncompressed, made once and sent often. */
export function batchOf(records: number, recordBytes: number): Uint8Array {
  const value = Buffer.alloc(recordBytes, 'millrace')
  const timestampMs = Date.now()
  return buildBatch({ records: Array.from({ length: records }, () => ({ key: null, value, timestampMs })) })
}
