import { assert } from '@millrace/kernel'
import { batches, batchField } from '@millrace/protocol'

/** What a Buffer that was handed out may keep in memory besides its own batch. */
const slabBytesMax = 64 * 1024

/** The whole batches at the start of what a fetch brought of a partition. */
export interface WholeBatches {
  readonly sizeBytes: number
  /** The offset behind the last batch, and its leader epoch; undefined where there is no whole batch. */
  readonly end: { readonly offset: number; readonly leaderEpoch: number } | undefined
}

export function wholeBatches(bytes: Uint8Array): WholeBatches {
  let sizeBytes = 0
  let last = -1
  for (const position of batches(bytes)) {
    last = position
    sizeBytes = position + batchField.sizeBytes(bytes, position)
  }
  if (last < 0) return { sizeBytes, end: undefined }
  const end = { offset: batchField.lastOffset(bytes, last) + 1, leaderEpoch: batchField.leaderEpoch(bytes, last) }
  return { sizeBytes, end }
}

/**
 * The batch at `from`, and as many behind it as are in 64 KiB together, in memory of their own: a value that somebody
 * keeps doesn't hold on to all that came with it. What is small itself, and little else, isn't copied.
 */
export function slabAt(bytes: Uint8Array, from: number): Buffer {
  const around = bytes.buffer.byteLength
  if (from === 0 && around <= slabBytesMax && bytes.length * 2 >= around) return view(bytes)
  let to = from
  for (const position of batches(bytes, from)) {
    const end = position + batchField.sizeBytes(bytes, position)
    if (to > from && end - from > slabBytesMax) break
    to = end
  }
  assert(to > from, `no whole batch at byte ${from}, where one was when the answer came`)
  return view(copyOf(bytes.subarray(from, to)))
}

/** The same bytes in memory of their own. */
export function copyOf(bytes: Uint8Array): Uint8Array {
  const own = Buffer.allocUnsafeSlow(bytes.length)
  own.set(bytes)
  return own
}

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
