import type { LogManagerSettings } from '@millrace/storage'
import type { BrokerSettings } from '../config/settings.ts'
import { cordonedDirectories } from '../config/data-directories.ts'

/** The broker's settings that its log manager takes. */
export const logManagerSettings = (settings: BrokerSettings): Partial<LogManagerSettings> => ({
  retentionCheckIntervalMs: settings.number('log.retention.check.interval.ms'),
  flushOffsetCheckpointIntervalMs: settings.number('log.flush.offset.checkpoint.interval.ms'),
  flushStartOffsetCheckpointIntervalMs: settings.number('log.flush.start.offset.checkpoint.interval.ms'),
  highWatermarkCheckpointIntervalMs: settings.number('replica.high.watermark.checkpoint.interval.ms'),
  producerIdExpirationMs: settings.number('producer.id.expiration.ms'),
  tailCacheBytes: settings.number('log.tail.cache.bytes'),
  indexCacheBytes: settings.number('log.index.cache.bytes'),
  openFilesMax: settings.number('log.open.files.max'),
  decompressedBatchBytesMax: settings.number('max.decompressed.message.bytes'),
  cleanerEnable: settings.boolean('log.cleaner.enable'),
  cleanerBackoffMs: settings.number('log.cleaner.backoff.ms'),
  cleanerDedupeBufferBytes: settings.number('log.cleaner.dedupe.buffer.size'),
  cleanerThreads: settings.number('log.cleaner.threads'),
  cleanerDedupeLoadFactor: settings.number('log.cleaner.io.buffer.load.factor'),
  cleanerIoBufferBytes: settings.number('log.cleaner.io.buffer.size'),
  cordonedDirectories: cordonedDirectories(settings),
  movesMax: settings.numberOrNull('num.replica.alter.log.dirs.threads'),
  moveBytesPerSecond: settings.quota('replica.alter.log.dirs.io.max.bytes.per.second') ?? Infinity,
  cleanerIoMaxBytesPerSecond: settings.number('log.cleaner.io.max.bytes.per.second'),
})
