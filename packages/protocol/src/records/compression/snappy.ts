import { compress as pureCompress, uncompress as pureUncompress } from 'snappyjs'
import { optionalPackage } from '../../optional-package.ts'
import { CorruptRecordsError } from '../corrupt-records-error.ts'
import { readInt32, readUint32, writeInt32 } from '../fixed.ts'
import type { Unpacking } from './slices.ts'
import { inOneGo, inSlices } from './slices.ts'

interface SnappyPackage {
  compress(bytes: Uint8Array, options: { copyOutputData: boolean }): Promise<Uint8Array>
  compressSync(bytes: Uint8Array, options: { copyOutputData: boolean }): Uint8Array
  uncompressSync(bytes: Uint8Array, options: { copyOutputData: boolean }): Uint8Array
}

/** How one block is packed: natively where the package is there. */
export interface SnappyBlocks {
  compress(bytes: Uint8Array): Uint8Array
  uncompress(bytes: Uint8Array): Uint8Array
}

// Without copyOutputData its output lives outside V8's heap, which makes it six times slower.
const copied = { copyOutputData: true }
const nativePackage = optionalPackage('snappy') as () => SnappyPackage | undefined

export const pureSnappy: SnappyBlocks = {
  compress: (bytes) => pureCompress(bytes),
  uncompress: (bytes) => pureUncompress(bytes),
}

export function snappyBlocks(): SnappyBlocks {
  const native = nativePackage()
  if (native === undefined) return pureSnappy
  return {
    compress: (bytes) => native.compressSync(bytes, copied),
    uncompress: (bytes) => native.uncompressSync(bytes, copied),
  }
}

// Kafka's snappy is that of Java's SnappyOutputStream (xerial): 0x82 "SNAPPY" 0, version 1, oldest reader 1, then
// blocks of up to 32 KiB, each with its compressed length in four bytes.
const xerialHeader = Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1)
const xerialMagic = 0x82534e41
const xerialBlockBytes = 32 * 1024

export function compressSnappy(bytes: Uint8Array, blocks = snappyBlocks()): Uint8Array {
  return framed(blocksOf(bytes).map((block) => blocks.compress(block)))
}

/** On other threads; in pure code block after block, with a turn of the event loop after each. */
export async function compressSnappyAside(
  bytes: Uint8Array,
  nextTurn: () => Promise<unknown>,
  native: SnappyPackage | null = nativePackage() ?? null,
): Promise<Uint8Array> {
  if (native !== null) return framed(await Promise.all(blocksOf(bytes).map((each) => native.compress(each, copied))))
  const packed: Uint8Array[] = []
  for (const block of blocksOf(bytes)) {
    packed.push(pureSnappy.compress(block))
    await nextTurn()
  }
  return framed(packed)
}

const blocksOf = (bytes: Uint8Array): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / xerialBlockBytes) }, (_, i) =>
    bytes.subarray(i * xerialBlockBytes, (i + 1) * xerialBlockBytes),
  )

function framed(blocks: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = [xerialHeader]
  for (const block of blocks) {
    const length = new Uint8Array(4)
    writeInt32(length, 0, block.length)
    parts.push(length, block)
  }
  return Buffer.concat(parts)
}

/** Reads Java's framing and, as some clients send it, one raw block. */
export const decompressSnappy = (bytes: Uint8Array, limitBytes: number, blocks = snappyBlocks()): Uint8Array =>
  inOneGo(unpack(bytes, limitBytes, blocks))

/** The same in slices, between which the event loop turns. */
export const decompressSnappyAside = (bytes: Uint8Array, limitBytes: number): Promise<Uint8Array> =>
  inSlices(unpack(bytes, limitBytes, snappyBlocks()))

function* unpack(bytes: Uint8Array, limitBytes: number, blocks: SnappyBlocks): Unpacking {
  if (!startsXerial(bytes, 0)) return uncompressBlock(bytes, limitBytes, blocks)
  const parts: Uint8Array[] = []
  let left = limitBytes
  for (const block of xerialBlocks(bytes)) {
    const part = uncompressBlock(block, left, blocks)
    left -= part.length
    parts.push(part)
    yield limitBytes - left
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}

const startsXerial = (bytes: Uint8Array, at: number): boolean =>
  bytes.length - at >= xerialHeader.length && xerialHeader.subarray(0, 8).every((byte, i) => bytes[at + i] === byte)

function* xerialBlocks(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
  let at = xerialHeader.length
  while (at < bytes.length) {
    if (bytes.length - at < 4) throw new CorruptRecordsError(`snappy ends within a block's length at ${at}`)
    // Streams may have been put together: each then starts with the header again.
    if (readUint32(bytes, at) === xerialMagic && startsXerial(bytes, at)) {
      at += xerialHeader.length
      continue
    }
    const length = readInt32(bytes, at)
    at += 4
    if (length < 0 || length > bytes.length - at) {
      throw new CorruptRecordsError(`a snappy block says ${length} bytes, ${bytes.length - at} are left`)
    }
    yield bytes.subarray(at, at + length)
    at += length
  }
}

function uncompressBlock(block: Uint8Array, limitBytes: number, blocks: SnappyBlocks): Uint8Array {
  const declared = declaredLength(block)
  if (declared > limitBytes) {
    throw new CorruptRecordsError(`snappy expands past the limit of ${limitBytes} bytes`, 'too-large')
  }
  // Three bytes give at most 64, so a block that claims more lies, and gets no memory.
  if (declared > block.length * 22) {
    throw new CorruptRecordsError(`a snappy block of ${block.length} bytes can't hold ${declared}`)
  }
  return declared === 0 ? new Uint8Array(0) : blocks.uncompress(block)
}

function declaredLength(block: Uint8Array): number {
  let length = 0
  for (let at = 0; at < 5 && at < block.length; at += 1) {
    const byte = block[at]!
    length += (byte & 0x7f) * 128 ** at
    if (byte < 0x80) return length
  }
  throw new CorruptRecordsError('a snappy block without a length')
}
