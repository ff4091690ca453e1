import type { ErrorName } from '../errors/errors.ts'
import {
  batchAttribute,
  batchField,
  batchHeaderBytes,
  computeCrc,
  batchLayout,
  lengthPrefixBytes,
} from './batch-header.ts'
import { readInt32 } from './fixed.ts'

/** What is wrong with a batch, as the error that a broker answers. */
export interface BatchProblem {
  readonly error: ErrorName
  readonly message: string
}

const problem = (error: ErrorName, message: string): BatchProblem => ({ error, message })

/**
 * Checks that a whole v2 batch lies at `position` and ends by `end`: length, magic, CRC, offsets in the safe range.
 * Null where it does.
 */
export function checkBatch(bytes: Uint8Array, position = 0, end = bytes.length): BatchProblem | null {
  const wrongShape = checkBatchShape(bytes, position, end)
  if (wrongShape !== null) return wrongShape
  const stored = batchField.crc(bytes, position)
  const computed = computeCrc(bytes, position)
  if (stored === computed) return null
  return problem('CORRUPT_MESSAGE', `the batch at byte ${position} has CRC ${stored}, its bytes give ${computed}`)
}

/** The same without the CRC: cheap, for bytes that were checked before. */
export function checkBatchShape(bytes: Uint8Array, position: number, end: number): BatchProblem | null {
  const left = end - position
  if (left < batchLayout.magic + 1) {
    return problem('CORRUPT_MESSAGE', `a batch needs ${batchHeaderBytes} bytes at byte ${position}, got ${left}`)
  }
  const magic = batchField.magic(bytes, position)
  if (magic < 2) return problem('UNSUPPORTED_FOR_MESSAGE_FORMAT', `records of magic ${magic}, expected 2`)
  if (magic > 2) return problem('CORRUPT_MESSAGE', `the batch at byte ${position} has magic ${magic}, expected 2`)
  const length = readInt32(bytes, position + batchLayout.batchLength)
  if (length < batchHeaderBytes - lengthPrefixBytes || length > left - lengthPrefixBytes) {
    const most = left - lengthPrefixBytes
    return problem('CORRUPT_MESSAGE', `the batch at byte ${position} says ${length} bytes, expected 49 to ${most}`)
  }
  if (!Number.isSafeInteger(batchField.lastOffset(bytes, position))) {
    return problem('CORRUPT_MESSAGE', `the batch at byte ${position} has an offset beyond 2^53-1`)
  }
  return null
}

/**
 * What a broker asks of a client's batch beyond that, whatever the topic (Kafka's LogValidator): as many records as
 * offsets, no control batch, a sequence where there is a producer id, a known codec.
 */
export function checkClientBatch(bytes: Uint8Array, position: number): BatchProblem | null {
  const attributes = batchField.attributes(bytes, position)
  const count = batchField.recordCount(bytes, position)
  const offsets = batchField.lastOffsetDelta(bytes, position) + 1
  if (count <= 0) return problem('INVALID_RECORD', `a batch has ${count} records, expected at least 1`)
  if (offsets !== count) return problem('INVALID_RECORD', `a batch of ${count} records spans ${offsets} offsets`)
  if ((attributes & batchAttribute.control) !== 0)
    return problem('INVALID_RECORD', 'clients may not write control records')
  if ((attributes & batchAttribute.codec) > 4) {
    // Not CORRUPT_MESSAGE, which a producer would send again for two minutes.
    return problem('INVALID_RECORD', `unknown compression codec ${attributes & batchAttribute.codec}, expected 0 to 4`)
  }
  return checkProducer(bytes, position, attributes)
}

function checkProducer(bytes: Uint8Array, position: number, attributes: number): BatchProblem | null {
  const producerId = batchField.producerId(bytes, position)
  const baseSequence = batchField.baseSequence(bytes, position)
  if (!Number.isSafeInteger(producerId)) return problem('INVALID_RECORD', 'a producer id beyond 2^53-1')
  if (producerId >= 0 && baseSequence < 0) {
    return problem('INVALID_RECORD', `sequence ${baseSequence} with producer id ${producerId}, expected 0 or more`)
  }
  if (producerId < 0 && (attributes & batchAttribute.transactional) !== 0) {
    return problem('INVALID_RECORD', 'a transactional batch without a producer id')
  }
  return null
}

/** The positions of the batches in `bytes`; stops before one that isn't whole. Nothing else is checked. */
export function* batches(bytes: Uint8Array, start = 0, end = bytes.length): Generator<number, void, undefined> {
  let position = start
  while (end - position >= batchHeaderBytes) {
    const sizeBytes = batchField.sizeBytes(bytes, position)
    if (sizeBytes < batchHeaderBytes || sizeBytes > end - position) return
    yield position
    position += sizeBytes
  }
}
