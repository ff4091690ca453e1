import type { Codec } from '@millrace/protocol'
import { BatchBuilder, readBatchHeader, readRecords } from '@millrace/protocol'
import type { CheckedBatch } from './check-client-append.ts'
import { corruptRefusal } from './check-records.ts'

/** The same records in the codec that the topic asks for; all else of the batch stays. */
export function recompress(bytes: Uint8Array, compression: Codec, decompressedBytesMax: number): CheckedBatch {
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
      producerId: header.producerId,
      producerEpoch: header.producerEpoch,
      baseSequence: header.baseSequence,
      transactional: header.transactional,
      lastOffsetDelta: header.lastOffsetDelta,
    }),
  }
}
