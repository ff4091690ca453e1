export * from './batch-builder.ts'
export * from './batch-header.ts'
export * from './check-batch.ts'
export type { Codec } from './compression/codec.ts'
export { codecOf, codecs, compress, decompress } from './compression/codec.ts'
export { compressAside } from './compression/compress-aside.ts'
export * from './control.ts'
export * from './corrupt-records-error.ts'
export {
  decompressedBytesMaxDefault,
  readRecordHeaders,
  readRecords,
  unpackRecordsAside,
  type ReadLimits,
  type ReadRecord,
  type RecordHeader,
} from './read-records.ts'
export { RecordCursor } from './record-cursor.ts'
export * from './whole-batch.ts'
export { readInt16, readInt32, readInt64, readUint32, saturated, writeInt16, writeInt32, writeInt64 } from './fixed.ts'
