import { promisify } from 'node:util'
import { gunzip as gunzipOnAnotherThread, gunzipSync, gzipSync } from 'node:zlib'

export const gzip = (bytes: Uint8Array, level = -1): Uint8Array => gzipSync(bytes, { level })

export const gunzip = (bytes: Uint8Array, limitBytes: number): Uint8Array =>
  gunzipSync(bytes, { maxOutputLength: Math.max(1, limitBytes) })

const later = promisify<Uint8Array, { maxOutputLength: number }, Uint8Array>(gunzipOnAnotherThread)

/** The same on another thread. */
export const gunzipAside = (bytes: Uint8Array, limitBytes: number): Promise<Uint8Array> =>
  later(bytes, { maxOutputLength: Math.max(1, limitBytes) })
