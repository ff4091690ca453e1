import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

export const zstdLevelDefault = 3
// zstd's own bound for a decoder that streams (128 MiB); a frame that asks for a larger window is refused.
const windowLogMax = 27

export const compressZstd = (bytes: Uint8Array, level = zstdLevelDefault): Uint8Array =>
  zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } })

export const decompressZstd = (bytes: Uint8Array, limitBytes: number): Uint8Array =>
  zstdDecompressSync(bytes, {
    maxOutputLength: Math.max(1, limitBytes),
    params: { [constants.ZSTD_d_windowLogMax]: windowLogMax },
  })
