import { optionalPackage } from '../../optional-package.ts'
import { CorruptRecordsError } from '../corrupt-records-error.ts'
import { compressLz4Block, decompressLz4Block, lz4BlockBound, measureLz4Block } from './lz4-block.ts'

interface Lz4Package {
  compressFrameSync(bytes: Buffer): Uint8Array
  decompressFrameSync(bytes: Buffer): Uint8Array
}

const native = optionalPackage('lz4-napi') as Lz4Package | undefined

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

export const compressLz4 = (bytes: Uint8Array): Uint8Array =>
  native === undefined ? pureCompressLz4(bytes) : native.compressFrameSync(asBuffer(bytes))

/** Reads one frame; what follows it is ignored, as Java does. */
export function decompressLz4(bytes: Uint8Array, limitBytes: number): Uint8Array {
  const frame = walkFrame(bytes, limitBytes)
  if (native === undefined) return unpack(bytes, frame)
  return native.decompressFrameSync(asBuffer(bytes.subarray(0, frame.end)))
}

/** Version 1, independent blocks (Java refuses others), 64 KiB at most each, and the header's checksum, which is fixed. */
const frameHeader = Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82)
const blockBytesMax = 64 * 1024
const storedBit = 0x8000_0000

export function pureCompressLz4(bytes: Uint8Array): Uint8Array {
  const blocks = Math.ceil(bytes.length / blockBytesMax)
  const out = new Uint8Array(frameHeader.length + 4 + blocks * (4 + lz4BlockBound(blockBytesMax)))
  out.set(frameHeader)
  let at = frameHeader.length
  for (let from = 0; from < bytes.length; from += blockBytesMax) {
    at = writeBlock(bytes.subarray(from, from + blockBytesMax), out, at)
  }
  // An empty block ends the frame.
  writeUint32Little(out, at, 0)
  return out.slice(0, at + 4)
}

function writeBlock(block: Uint8Array, out: Uint8Array, at: number): number {
  const packed = compressLz4Block(block, out.subarray(at + 4))
  if (packed < block.length) {
    writeUint32Little(out, at, packed)
    return at + 4 + packed
  }
  writeUint32Little(out, at, block.length + storedBit)
  out.set(block, at + 4)
  return at + 4 + block.length
}

export function pureDecompressLz4(bytes: Uint8Array, limitBytes: number): Uint8Array {
  return unpack(bytes, walkFrame(bytes, limitBytes))
}

interface Block {
  readonly start: number
  readonly end: number
  readonly stored: boolean
}

interface Frame {
  readonly blocks: readonly Block[]
  /** Where the frame ends in the bytes. */
  readonly end: number
  /** What unpacking gives. */
  readonly sizeBytes: number
}

const wrong = (what: string): CorruptRecordsError => new CorruptRecordsError(`an lz4 frame is corrupt: ${what}`)

const blockSizes: Readonly<Record<number, number>> = { 4: 0x1_0000, 5: 0x4_0000, 6: 0x10_0000, 7: 0x40_0000 }

// Goes through the headers and lengths only, so that a lie about size costs nothing.
function walkFrame(bytes: Uint8Array, limitBytes: number): Frame {
  if (bytes.length < 11 || readUint32Little(bytes, 0) !== 0x184d2204) throw wrong('no frame magic')
  const flags = bytes[4]!
  const blockMax = blockSizes[(bytes[5]! >> 4) & 7]
  if (flags >> 6 !== 1 || blockMax === undefined) throw wrong(`flags ${flags}, block descriptor ${bytes[5]}`)
  const blockChecksumBytes = (flags & 0x10) === 0 ? 0 : 4
  let at = 7 + ((flags & 0x08) === 0 ? 0 : 8) + ((flags & 0x01) === 0 ? 0 : 4)
  const blocks: Block[] = []
  let sizeBytes = 0
  for (;;) {
    if (bytes.length - at < 4) throw wrong('it has no end')
    const word = readUint32Little(bytes, at)
    at += 4
    if (word === 0) break
    const block = readBlock(bytes, at, word, blockMax)
    blocks.push(block)
    sizeBytes += unpackedSize(bytes, block, blockMax)
    if (sizeBytes > limitBytes) {
      throw new CorruptRecordsError(`lz4 expands past the limit of ${limitBytes} bytes`, 'too-large')
    }
    at = block.end + blockChecksumBytes
  }
  const end = at + ((flags & 0x04) === 0 ? 0 : 4)
  if (end > bytes.length) throw wrong('it has no end')
  return { blocks, end, sizeBytes }
}

function readBlock(bytes: Uint8Array, start: number, word: number, blockMax: number): Block {
  const stored = word >= storedBit
  const length = stored ? word - storedBit : word
  if (length > blockMax || length > bytes.length - start) throw wrong(`a block of ${length} bytes`)
  return { start, end: start + length, stored }
}

function unpackedSize(bytes: Uint8Array, block: Block, blockMax: number): number {
  const size = block.stored ? block.end - block.start : measureLz4Block(bytes, block.start, block.end)
  if (size > blockMax) throw wrong(`a block gives ${size} bytes, expected at most ${blockMax}`)
  return size
}

function unpack(bytes: Uint8Array, frame: Frame): Uint8Array {
  const target = new Uint8Array(frame.sizeBytes)
  let out = 0
  for (const block of frame.blocks) {
    if (block.stored) {
      target.set(bytes.subarray(block.start, block.end), out)
      out += block.end - block.start
    } else {
      out = decompressLz4Block(bytes, block.start, block.end, target, out)
    }
  }
  return target
}

const readUint32Little = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0

function writeUint32Little(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value >>> 16
  bytes[at + 3] = value >>> 24
}
