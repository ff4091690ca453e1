import { gunzipSync, gzipSync } from 'node:zlib'

export const gzip = (bytes: Uint8Array, level = -1): Uint8Array => gzipSync(bytes, { level })

export const gunzip = (bytes: Uint8Array, limitBytes: number): Uint8Array =>
  gunzipSync(bytes, { maxOutputLength: Math.max(1, limitBytes) })
