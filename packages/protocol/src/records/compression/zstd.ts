import { promisify } from 'node:util'
import type { ZstdOptions } from 'node:zlib'
import { constants, zstdCompressSync, zstdDecompress, zstdDecompressSync } from 'node:zlib'
import { assertWholeFrames } from './zstd-frames.ts'

export const zstdLevelDefault = 3
// zstd's own bound for a decoder that streams (128 MiB); a frame that asks for a larger window is refused.
const windowLogMax = 27

export const compressZstd = (bytes: Uint8Array, level = zstdLevelDefault): Uint8Array =>
  zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } })

const limited = (limitBytes: number): ZstdOptions => ({
  maxOutputLength: Math.max(1, limitBytes),
  params: { [constants.ZSTD_d_windowLogMax]: windowLogMax },
})

export function decompressZstd(bytes: Uint8Array, limitBytes: number): Uint8Array {
  assertWholeFrames(bytes)
  return zstdDecompressSync(bytes, limited(limitBytes))
}

const later = promisify<Uint8Array, ZstdOptions, Uint8Array>(zstdDecompress)

/** The same on another thread. */
export async function decompressZstdAside(bytes: Uint8Array, limitBytes: number): Promise<Uint8Array> {
  assertWholeFrames(bytes)
  return await later(bytes, limited(limitBytes))
}
