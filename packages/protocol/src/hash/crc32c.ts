import { optionalPackage } from '../optional-package.ts'

type NativeCrc32c = (bytes: Uint8Array, previous?: number) => number

const nativePackage = optionalPackage('@node-rs/crc32') as () => { readonly crc32c: NativeCrc32c } | undefined

// Below this the call into native code costs more than it saves (measured: 0.12 us against 0.09 us).
const nativeFromBytes = 200

/** CRC-32C (Castagnoli) of `bytes[start, end)`, unsigned, as record batches carry it. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  const native = end - start < nativeFromBytes ? undefined : nativePackage()
  return native === undefined ? pureCrc32c(bytes, start, end) : native.crc32c(bytes.subarray(start, end))
}

// Eight tables of 256: table k advances a byte by k more zero bytes, so that eight bytes are folded in one step.
const tables = makeTables()

function makeTables(): Uint32Array {
  const made = new Uint32Array(8 * 256)
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    made[byte] = crc
  }
  for (let at = 256; at < made.length; at += 1) {
    const before = made[at - 256]!
    made[at] = (before >>> 8) ^ made[before & 0xff]!
  }
  return made
}

/** The same without native code. */
export function pureCrc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = 0xffffffff
  let at = start
  for (; at + 8 <= end; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    crc =
      tables[1792 + (crc & 0xff)]! ^
      tables[1536 + ((crc >>> 8) & 0xff)]! ^
      tables[1280 + ((crc >>> 16) & 0xff)]! ^
      tables[1024 + (crc >>> 24)]! ^
      tables[768 + bytes[at + 4]!]! ^
      tables[512 + bytes[at + 5]!]! ^
      tables[256 + bytes[at + 6]!]! ^
      tables[bytes[at + 7]!]!
  }
  for (; at < end; at += 1) crc = (crc >>> 8) ^ tables[(crc ^ bytes[at]!) & 0xff]!
  return ~crc >>> 0
}
