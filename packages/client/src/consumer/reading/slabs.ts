import { batches, batchField } from '@millrace/protocol'

/** What a Buffer that was handed out may keep in memory besides its own batch. */
const slabBytesMax = 64 * 1024

/** The whole batches at the start of what a fetch brought of a partition. */
export interface WholeBatches {
  /** Each holds whole batches: one, or several in at most 64 KiB. */
  readonly slabs: readonly Buffer[]
  readonly sizeBytes: number
  /** The offset behind the last batch, and its leader epoch; undefined where there is no whole batch. */
  readonly end: { readonly offset: number; readonly leaderEpoch: number } | undefined
}

/**
 * Takes the batches out of an answer, so that neither what waits to be read nor a value that somebody keeps holds on to
 * all that came with it. An answer that is small itself, and little else, isn't copied.
 */
export function takeBatches(bytes: Uint8Array): WholeBatches {
  const runs: { from: number; to: number }[] = []
  let sizeBytes = 0
  let end: WholeBatches['end']
  for (const position of batches(bytes)) {
    const to = position + batchField.sizeBytes(bytes, position)
    const run = runs.at(-1)
    if (run !== undefined && to - run.from <= slabBytesMax) run.to = to
    else runs.push({ from: position, to })
    sizeBytes = to
    end = {
      offset: batchField.lastOffset(bytes, position) + 1,
      leaderEpoch: batchField.leaderEpoch(bytes, position),
    }
  }
  const around = bytes.buffer.byteLength
  if (around <= slabBytesMax && sizeBytes * 2 >= around) return { slabs: [view(bytes, sizeBytes)], sizeBytes, end }
  return { slabs: runs.map(({ from, to }) => copy(bytes, from, to)), sizeBytes, end }
}

const view = (bytes: Uint8Array, sizeBytes: number): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, sizeBytes)

function copy(bytes: Uint8Array, from: number, to: number): Buffer {
  const own = Buffer.allocUnsafeSlow(to - from)
  own.set(bytes.subarray(from, to))
  return own
}
