import type { Codec } from '@millrace/protocol'
import { BatchBuilder, readBatchHeader, readRecords } from '@millrace/protocol'
import type { CheckedBatch } from './check-client-append.ts'
import { corruptRefusal } from './check-records.ts'

/** What a batch becomes, and what of it is bounded. */
interface Recompression {
  readonly compression: Codec
  readonly level: number | undefined
  readonly decompressedBytesMax: number
}

/** The same records in the codec that the topic asks for; all else of the batch stays. */
export function recompress(bytes: Uint8Array, target: Recompression): CheckedBatch {
  const { compression, level, decompressedBytesMax } = target
  const header = readBatchHeader(bytes)
  const builder = new BatchBuilder(2 * bytes.length, header.baseTimestampMs)
  try {
    for (const record of readRecords(bytes, { decompressedBytesMax })) builder.append(record)
  } catch (error) {
    return { refusal: corruptRefusal(error) }
  }
  return {
    bytes: builder.build({
      compression,
      ...(level === undefined ? {} : { compressionLevel: level }),
      producerId: header.producerId,
      producerEpoch: header.producerEpoch,
      baseSequence: header.baseSequence,
      transactional: header.transactional,
      lastOffsetDelta: header.lastOffsetDelta,
    }),
  }
}
