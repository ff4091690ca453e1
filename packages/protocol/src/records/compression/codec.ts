import { CorruptRecordsError } from '../corrupt-records-error.ts'
import { gzip, gunzip } from './gzip.ts'
import { compressLz4, decompressLz4 } from './lz4.ts'
import { compressSnappy, decompressSnappy } from './snappy.ts'
import { compressZstd, decompressZstd } from './zstd.ts'

/** In the order of the bits that a batch's attributes carry. */
export const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

export type Codec = (typeof codecs)[number]

interface Compression {
  compress(bytes: Uint8Array, level: number | undefined): Uint8Array
  decompress(bytes: Uint8Array, limitBytes: number): Uint8Array
}

const compressions: Readonly<Record<Codec, Compression>> = {
  none: { compress: (bytes) => bytes, decompress: (bytes) => bytes },
  gzip: { compress: gzip, decompress: gunzip },
  snappy: { compress: (bytes) => compressSnappy(bytes), decompress: decompressSnappy },
  lz4: { compress: compressLz4, decompress: decompressLz4 },
  zstd: { compress: compressZstd, decompress: decompressZstd },
}

/** The codec of a batch's attributes; raises for the bits that Kafka never gave a meaning. */
export function codecOf(attributes: number): Codec {
  const codec = codecs[attributes & 0x07]
  if (codec !== undefined) return codec
  throw new CorruptRecordsError(`unknown compression codec ${attributes & 0x07}, expected 0 to 4`, 'unknown-codec')
}

/** Compresses as Kafka's clients do. `level` counts for gzip (1-9) and zstd (1-22); the others have one level here. */
export const compress = (codec: Codec, bytes: Uint8Array, level?: number): Uint8Array =>
  compressions[codec].compress(bytes, level)

/** What `compress` was given. More than `limitBytes`, or bytes that aren't the codec's, is a CorruptRecordsError. */
export function decompress(codec: Codec, bytes: Uint8Array, limitBytes: number): Uint8Array {
  try {
    return compressions[codec].decompress(bytes, limitBytes)
  } catch (error) {
    if (error instanceof CorruptRecordsError) throw error
    if (isTooLarge(error)) {
      throw new CorruptRecordsError(`${codec} expands past the limit of ${limitBytes} bytes`, 'too-large', error)
    }
    const reason = error instanceof Error ? error.message : String(error)
    throw new CorruptRecordsError(`${codec} doesn't decompress: ${reason}`, 'corrupt', error)
  }
}

// What node:zlib says when its output passes maxOutputLength.
const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
