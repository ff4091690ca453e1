import { batchField } from '@millrace/protocol'
import type { TopicPartition } from '../../record.ts'
import { UnreadableBatchError } from '../consumer-errors.ts'

/** Offset, size, CRC and magic: what a message of any format begins with. */
const beginningBytes = 17
/** Of these the offset and the size itself aren't counted in the size. */
const uncountedBytes = 12

/**
 * What is told of messages in the formats from before Kafka 0.11, which a broker up to 3.9 may still have on disk and sends
 * as they are; undefined where what came is in today's format. They aren't read: `nextOffset` is behind those that came.
 */
export function oldMessages(of: TopicPartition, bytes: Uint8Array, address: string): UnreadableBatchError | undefined {
  const format = formatAt(bytes, 0)
  if (format === undefined) return undefined
  let nextOffset = batchField.baseOffset(bytes, 0) + 1
  let position = 0
  while (formatAt(bytes, position) !== undefined) {
    const { buffer, byteOffset } = bytes
    const countedBytes = new DataView(buffer, byteOffset + position).getInt32(8)
    if (countedBytes <= 0) break
    nextOffset = Math.max(nextOffset, batchField.baseOffset(bytes, position) + 1)
    position += uncountedBytes + countedBytes
  }
  const cause = new Error(`messages of format v${format}, from before Kafka 0.11, aren't read`)
  return new UnreadableBatchError(of, nextOffset, cause, address)
}

function formatAt(bytes: Uint8Array, position: number): number | undefined {
  if (bytes.length - position < beginningBytes) return undefined
  const magic = batchField.magic(bytes, position)
  return magic === 0 || magic === 1 ? magic : undefined
}
