import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { constants, gzip, zstdCompress } from 'node:zlib'
import type { Codec } from './codec.ts'
import { compressLz4Aside } from './lz4.ts'
import { compressSnappyAside } from './snappy.ts'
import { zstdLevelDefault } from './zstd.ts'

const gzipAside = promisify(gzip)
const zstdAside = promisify(zstdCompress)

/**
 * What `compress` gives, made without holding up the event loop: on another thread where the codec has native code, else
 * in parts with turns of the loop between them. The bytes must stay as they are until it is done.
 */
export function compressAside(codec: Codec, bytes: Uint8Array, level?: number): Promise<Uint8Array> {
  switch (codec) {
    case 'none':
      return Promise.resolve(bytes)
    case 'gzip':
      return gzipAside(bytes, { level: level ?? -1 })
    case 'zstd':
      return zstdAside(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level ?? zstdLevelDefault } })
    case 'snappy':
      return compressSnappyAside(bytes, nextTurn)
    case 'lz4':
      return compressLz4Aside(bytes, nextTurn, level)
  }
}
