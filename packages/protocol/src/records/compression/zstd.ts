import { promisify } from 'node:util'
import type { ZstdOptions } from 'node:zlib'
import {
  constants,
  createZstdCompress,
  createZstdDecompress,
  zstdCompressSync,
  zstdDecompress,
  zstdDecompressSync,
} from 'node:zlib'
import { ZstdEngine } from './zstd-engine.ts'
import { assertWholeFrames } from './zstd-frames.ts'

export const zstdLevelDefault = 3
// zstd's own bound for a decoder that streams (128 MiB); a frame that asks for a larger window is refused.
const windowLogMax = 27

const atLevel = (level: number): ZstdOptions => ({ params: { [constants.ZSTD_c_compressionLevel]: level } })

const bounded: ZstdOptions = { params: { [constants.ZSTD_d_windowLogMax]: windowLogMax } }

const limited = (limitBytes: number): ZstdOptions => ({ ...bounded, maxOutputLength: Math.max(1, limitBytes) })

// What is longer takes long itself, and would leave much memory with an engine.
const engineBytesMax = 256 * 1024
let packer: ZstdEngine | undefined
let unpacker: ZstdEngine | undefined

export function compressZstd(bytes: Uint8Array, level = zstdLevelDefault): Uint8Array {
  if (level !== zstdLevelDefault || bytes.length > engineBytesMax) return zstdCompressSync(bytes, atLevel(level))
  if (packer === undefined || packer.isSpent) packer = ZstdEngine.of(createZstdCompress(atLevel(level)), 'compress')
  return packer?.run(bytes, Infinity) ?? zstdCompressSync(bytes, atLevel(level))
}

export function decompressZstd(bytes: Uint8Array, limitBytes: number): Uint8Array {
  assertWholeFrames(bytes)
  if (bytes.length > engineBytesMax) return zstdDecompressSync(bytes, limited(limitBytes))
  if (unpacker === undefined || unpacker.isSpent) {
    unpacker = ZstdEngine.of(createZstdDecompress(bounded), 'decompress')
  }
  return unpacker?.run(bytes, limitBytes) ?? zstdDecompressSync(bytes, limited(limitBytes))
}

const later = promisify<Uint8Array, ZstdOptions, Uint8Array>(zstdDecompress)

/** The same on another thread. */
export async function decompressZstdAside(bytes: Uint8Array, limitBytes: number): Promise<Uint8Array> {
  assertWholeFrames(bytes)
  return await later(bytes, limited(limitBytes))
}
