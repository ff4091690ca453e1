import {
  batchField,
  batchHeaderBytes,
  batchLayout,
  checkBatchShape,
  computeCrc,
  lengthPrefixBytes,
  readInt32,
} from '@millrace/protocol'

/** What is wrong with the bytes where a batch should stand. */
export interface BatchDamage {
  readonly expected: string
  readonly got: string
  readonly message: string
}

const damage = (expected: string, got: string): BatchDamage => ({
  expected,
  got,
  message: `expected ${expected}, got ${got}`,
})

/** What is looked at: the batch at `at`, which must end by `end`; so many bytes are `left` in its file from there. */
export interface BatchPlace {
  readonly at: number
  readonly end: number
  readonly left: number
}

/** Null where a whole v2 batch lies there; its CRC is only looked at where asked for. */
export function batchDamage(bytes: Uint8Array, place: BatchPlace, checkCrc: boolean): BatchDamage | null {
  const { at } = place
  const problem = checkBatchShape(bytes, at, place.end)
  if (problem !== null) return shapeDamage(bytes, place, problem.message)
  if (!checkCrc) return null
  const [stored, computed] = [batchField.crc(bytes, at), computeCrc(bytes, at)]
  return stored === computed ? null : damage(`CRC ${stored}`, `${computed} from the bytes`)
}

function shapeDamage(bytes: Uint8Array, { at, end, left }: BatchPlace, otherwise: string): BatchDamage {
  const header = bytes.subarray(at, Math.min(end, at + batchHeaderBytes))
  if (header.every((byte) => byte === 0)) return damage('a batch', 'zeroes')
  if (left <= batchLayout.magic) return damage(`a batch of at least ${batchHeaderBytes} bytes`, `${left} bytes`)
  const magic = batchField.magic(bytes, at)
  if (magic !== 2) return damage('a batch of magic 2', `magic ${magic}`)
  const length = readInt32(bytes, at + batchLayout.batchLength)
  const [least, most] = [batchHeaderBytes - lengthPrefixBytes, left - lengthPrefixBytes]
  if (length < least) return damage(`a batch length of at least ${least}`, String(length))
  if (length > most) return damage(`a batch of ${length + lengthPrefixBytes} bytes, as it says`, `${left} bytes`)
  const lastOffset = batchField.lastOffset(bytes, at)
  if (!Number.isSafeInteger(lastOffset)) return damage('an offset below 2^53', String(lastOffset))
  return { expected: 'a batch', got: otherwise, message: otherwise }
}
