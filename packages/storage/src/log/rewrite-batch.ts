import { batchAttribute, batchField, codecs, writeCreateTime } from '@millrace/protocol'
import type { CheckContext, CheckedBatch } from './check-client-append.ts'
import { checkRecords } from './check-records.ts'
import { recompress } from './recompress.ts'

/** Only then are records looked at one by one: the header says the rest. */
export function needsRecords(bytes: Uint8Array, { config, nowMs }: CheckContext): boolean {
  if (config.cleanupPolicy.includes('compact')) return true
  if ((batchField.attributes(bytes, 0) & batchAttribute.logAppendTime) !== 0) return true
  if (config.messageTimestampType === 'LogAppendTime') return false
  const latestMs = nowMs + config.messageTimestampAfterMaxMs
  if (batchField.maxTimestampMs(bytes, 0) > latestMs) return true
  // A record may be older than its batch's base, so a bound on age needs each of them.
  return config.messageTimestampBeforeMaxMs < nowMs
}

/** Whether the topic asks for another compression than the batch has. */
export function needsRecompression(bytes: Uint8Array, { config }: CheckContext): boolean {
  if (config.compressionType === 'producer') return false
  return codecs[batchField.attributes(bytes, 0) & batchAttribute.codec] !== targetOf(config.compressionType)
}

/** Looks at the records and compresses them anew, as far as either is needed. The header was checked before. */
export function rewriteBatch(bytes: Uint8Array, context: CheckContext): CheckedBatch {
  if (!needsRecords(bytes, context)) return recompressed(bytes, context)
  const checked = checkRecords(bytes, context)
  if ('refusal' in checked) return checked
  const anew = recompressed(bytes, context)
  if ('bytes' in anew && context.config.messageTimestampType === 'CreateTime') {
    ownTimes(anew.bytes, checked.maxTimestampMs)
  }
  return anew
}

// As Kafka's setMaxTimestamp: the header says what the records say, whatever the producer wrote there.
function ownTimes(bytes: Uint8Array, maxTimestampMs: number): void {
  const isBrokersTime = (batchField.attributes(bytes, 0) & batchAttribute.logAppendTime) !== 0
  if (isBrokersTime || batchField.maxTimestampMs(bytes, 0) !== maxTimestampMs) writeCreateTime(bytes, 0, maxTimestampMs)
}

function recompressed(bytes: Uint8Array, context: CheckContext): CheckedBatch {
  const { compressionType, compressionLevel: level, maxMessageBytes } = context.config
  if (compressionType === 'producer' || !needsRecompression(bytes, context)) return { bytes }
  const target = targetOf(compressionType)
  const anew = recompress(bytes, { compression: target, level, decompressedBytesMax: context.decompressedBytesMax })
  if ('refusal' in anew || anew.bytes.length <= maxMessageBytes) return anew
  const message = `a batch of ${anew.bytes.length} bytes once compressed as ${target}, max.message.bytes is ${maxMessageBytes}`
  return { refusal: { error: 'MESSAGE_TOO_LARGE', message } }
}

type CompressionType = CheckContext['config']['compressionType']

const targetOf = <Type extends Exclude<CompressionType, 'producer'>>(
  type: Type,
): Exclude<Type, 'uncompressed'> | 'none' =>
  type === 'uncompressed' ? 'none' : (type as Exclude<Type, 'uncompressed'>)
