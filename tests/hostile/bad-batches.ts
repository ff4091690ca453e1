// Record batches that no sane producer writes: a good one, and what can be done to it.
import { crc32, gzipSync } from 'node:zlib'
import type { BatchFields, Codec } from '@millrace/protocol'
import { batchLayout, buildBatch, writeCrc } from '@millrace/protocol'

export interface Wish extends BatchFields {
  readonly count?: number
  readonly keyed?: boolean
  readonly valueBytes?: number
  readonly timestampMs?: number
}

/** A batch as any producer sends it: three records with keys. */
export function goodBatch(wish: Wish = {}): Uint8Array {
  const { count = 3, keyed = true, valueBytes = 8, timestampMs = Date.now(), ...fields } = wish
  const records = Array.from({ length: count }, (_, i) => ({
    key: keyed ? Buffer.from(`key ${i}`) : null,
    value: Buffer.alloc(valueBytes, 'value'),
    timestampMs,
  }))
  return buildBatch({ ...fields, records })
}

type Edit = (bytes: Buffer) => void

/** Bytes of a good batch after an edit, with the CRC that fits them: what the CRC can't find. */
export function edited(edit: Edit, batch = goodBatch()): Uint8Array {
  const bytes = Buffer.from(batch)
  edit(bytes)
  writeCrc(bytes, 0)
  return bytes
}

/** The same with the CRC as it was. */
export function corrupted(edit: Edit, batch = goodBatch()): Uint8Array {
  const bytes = Buffer.from(batch)
  edit(bytes)
  return bytes
}

export const int32At =
  (field: keyof typeof batchLayout, value: number): Edit =>
  (bytes) =>
    bytes.writeInt32BE(value, batchLayout[field])

export const int64At =
  (field: keyof typeof batchLayout, value: bigint): Edit =>
  (bytes) =>
    bytes.writeBigInt64BE(value, batchLayout[field])

export const attributeBits =
  (bits: number): Edit =>
  (bytes) =>
    bytes.writeInt16BE(bytes.readInt16BE(batchLayout.attributes) | bits, batchLayout.attributes)

const codecBits: Readonly<Record<Codec, number>> = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 }

/** A batch whose header says `codec` and whose records are these bytes. */
export function batchOfBytes(codec: Codec, payload: Uint8Array, header = goodBatch()): Uint8Array {
  const bytes = Buffer.concat([header.subarray(0, batchLayout.records), payload])
  bytes.writeInt32BE(bytes.length - 12, batchLayout.batchLength)
  bytes.writeInt16BE(codecBits[codec], batchLayout.attributes)
  writeCrc(bytes, 0)
  return bytes
}

/** One record of so many bytes, most of them zero, which gzip makes a thousandth of. */
export function gzipBomb(valueBytes: number): Uint8Array {
  return goodBatch({ compression: 'gzip', count: 1, valueBytes })
}

/** Gzip in gzip: what comes out of it is no record. */
export const gzipOfGarbage = (): Uint8Array => batchOfBytes('gzip', gzipSync(Buffer.alloc(100, 0xff)))

/** Messages of the format before record batches, in which every message stands alone. */
export function oldMessage(magic: 0 | 1): Uint8Array {
  const value = Buffer.from('an old message')
  const body = Buffer.alloc((magic === 0 ? 14 : 22) + value.length)
  body.writeInt8(magic, 4)
  if (magic === 1) body.writeBigInt64BE(BigInt(Date.now()), 6)
  const at = magic === 0 ? 6 : 14
  body.writeInt32BE(-1, at)
  body.writeInt32BE(value.length, at + 4)
  value.copy(body, at + 8)
  body.writeUInt32BE(crc32(body.subarray(4)), 0)
  const head = Buffer.alloc(12)
  head.writeInt32BE(body.length, 8)
  return Buffer.concat([head, body])
}
