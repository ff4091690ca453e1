import { CorruptRecordsError } from '../corrupt-records-error.ts'
import { gzip, gunzip, gunzipAside } from './gzip.ts'
import { compressLz4, decompressLz4, decompressLz4Aside } from './lz4.ts'
import { compressSnappy, decompressSnappy, decompressSnappyAside } from './snappy.ts'
import { compressZstd, decompressZstd, decompressZstdAside } from './zstd.ts'

/** In the order of the bits that a batch's attributes carry. */
export const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

export type Codec = (typeof codecs)[number]

interface Compression {
  compress(bytes: Uint8Array, level: number | undefined): Uint8Array
  decompress(bytes: Uint8Array, limitBytes: number): Uint8Array
  decompressAside(bytes: Uint8Array, limitBytes: number): Promise<Uint8Array>
}

const asIs = (bytes: Uint8Array): Uint8Array => bytes

const compressions: Readonly<Record<Codec, Compression>> = {
  none: { compress: asIs, decompress: asIs, decompressAside: (bytes) => Promise.resolve(bytes) },
  gzip: { compress: gzip, decompress: gunzip, decompressAside: gunzipAside },
  snappy: {
    compress: (bytes) => compressSnappy(bytes),
    decompress: decompressSnappy,
    decompressAside: decompressSnappyAside,
  },
  lz4: { compress: compressLz4, decompress: decompressLz4, decompressAside: decompressLz4Aside },
  zstd: { compress: compressZstd, decompress: decompressZstd, decompressAside: decompressZstdAside },
}

/** The codec of a batch's attributes; raises for the bits that Kafka never gave a meaning. */
export function codecOf(attributes: number): Codec {
  const codec = codecs[attributes & 0x07]
  if (codec !== undefined) return codec
  throw new CorruptRecordsError(`unknown compression codec ${attributes & 0x07}, expected 0 to 4`, 'unknown-codec')
}

/** Compresses as Kafka's clients do. `level` counts for gzip (1-9), lz4 (1-17) and zstd (up to 22); snappy has none. */
export const compress = (codec: Codec, bytes: Uint8Array, level?: number): Uint8Array =>
  compressions[codec].compress(bytes, level)

/** What `compress` was given. More than `limitBytes`, or bytes that aren't the codec's, is a CorruptRecordsError. */
export function decompress(codec: Codec, bytes: Uint8Array, limitBytes: number): Uint8Array {
  try {
    return compressions[codec].decompress(bytes, limitBytes)
  } catch (error) {
    throw asCorrupt(error, codec, limitBytes)
  }
}

/** The same for bytes that take long: on another thread or in slices, so that the event loop goes on meanwhile. */
export async function decompressAside(codec: Codec, bytes: Uint8Array, limitBytes: number): Promise<Uint8Array> {
  try {
    return await compressions[codec].decompressAside(bytes, limitBytes)
  } catch (error) {
    throw asCorrupt(error, codec, limitBytes)
  }
}

function asCorrupt(error: unknown, codec: Codec, limitBytes: number): CorruptRecordsError {
  if (error instanceof CorruptRecordsError) return error
  if (isTooLarge(error)) {
    return new CorruptRecordsError(`${codec} expands past the limit of ${limitBytes} bytes`, 'too-large', error)
  }
  const reason = error instanceof Error ? error.message : String(error)
  return new CorruptRecordsError(`${codec} doesn't decompress: ${reason}`, 'corrupt', error)
}

// What node:zlib says when its output passes maxOutputLength.
const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
