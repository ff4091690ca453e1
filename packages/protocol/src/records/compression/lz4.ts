import { CorruptRecordsError } from '../corrupt-records-error.ts'
import { searchLz4Block } from './lz4-search.ts'
import { compressLz4Block, decompressLz4Block, lz4BlockBound, measureLz4Block } from './lz4-block.ts'
import type { Unpacking } from './slices.ts'
import { inOneGo, inSlices } from './slices.ts'

/** Kafka's own level, at which it, too, is content with the first match that it finds. */
const quickLevel = 9

/** Reads one frame; what follows it is ignored, as Java does. */
export function decompressLz4(bytes: Uint8Array, limitBytes: number): Uint8Array {
  return inOneGo(unpack(bytes, limitBytes))
}

/** The same in slices, between which the event loop turns. */
export const decompressLz4Aside = (bytes: Uint8Array, limitBytes: number): Promise<Uint8Array> =>
  inSlices(unpack(bytes, limitBytes))

/** Version 1, independent blocks (Java refuses others), 64 KiB at most each, and the header's checksum, which is fixed. */
const frameHeader = Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82)
const blockBytesMax = 64 * 1024
const storedBit = 0x8000_0000

/** At levels other than 9 it searches for longer matches, the longer the higher they are. */
export function compressLz4(bytes: Uint8Array, level = quickLevel): Uint8Array {
  const frame = startFrame(scratchOf(frameBound(bytes.length)), level)
  for (let from = 0; from < bytes.length; from += blockBytesMax) addBlock(frame, bytes, from)
  return endFrame(frame)
}

/** Block after block, with a turn of the event loop after each. */
export async function compressLz4Aside(
  bytes: Uint8Array,
  nextTurn: () => Promise<unknown>,
  level = quickLevel,
): Promise<Uint8Array> {
  const frame = startFrame(fresh(frameBound(bytes.length)), level)
  for (let from = 0; from < bytes.length; from += blockBytesMax) {
    addBlock(frame, bytes, from)
    await nextTurn()
  }
  return endFrame(frame)
}

/** What is in it is whatever was there before. Not a Buffer, whose `slice` copies nothing. */
const fresh = (sizeBytes: number): Uint8Array => new Uint8Array(Buffer.allocUnsafeSlow(sizeBytes).buffer)

// Frames are copied out of it: memory that the system has to find anew takes as long as the packing.
const scratchBytesMax = 1024 * 1024
let scratch: Uint8Array = new Uint8Array(0)

function scratchOf(sizeBytes: number): Uint8Array {
  if (sizeBytes > scratchBytesMax) return fresh(sizeBytes)
  if (scratch.length < sizeBytes) scratch = fresh(Math.min(2 * sizeBytes, scratchBytesMax))
  return scratch
}

const frameBound = (sizeBytes: number): number =>
  frameHeader.length + 4 + lz4BlockBound(sizeBytes) + 20 * Math.ceil(sizeBytes / blockBytesMax)

interface FrameToWrite {
  readonly out: Uint8Array
  readonly level: number
  at: number
}

function startFrame(out: Uint8Array, level: number): FrameToWrite {
  out.set(frameHeader)
  return { out, level, at: frameHeader.length }
}

function addBlock(frame: FrameToWrite, bytes: Uint8Array, from: number): void {
  frame.at = writeBlock(bytes.subarray(from, from + blockBytesMax), frame)
}

function endFrame({ out, at }: FrameToWrite): Uint8Array {
  // An empty block ends the frame.
  writeUint32Little(out, at, 0)
  return out.slice(0, at + 4)
}

function writeBlock(block: Uint8Array, { out, at, level }: FrameToWrite): number {
  const room = out.subarray(at + 4)
  const packed =
    level === quickLevel ? compressLz4Block(block, room) : searchLz4Block(block, room, 2 ** Math.min(level, 12))
  if (packed < block.length) {
    writeUint32Little(out, at, packed)
    return at + 4 + packed
  }
  writeUint32Little(out, at, block.length + storedBit)
  out.set(block, at + 4)
  return at + 4 + block.length
}

interface Block {
  readonly start: number
  readonly end: number
  readonly stored: boolean
}

interface Frame {
  /** Where its first block begins. */
  readonly start: number
  readonly blockBytesMax: number
  /** Behind each block, and behind the last. */
  readonly checksumBytes: number
  readonly endBytes: number
}

const wrong = (what: string): CorruptRecordsError => new CorruptRecordsError(`an lz4 frame is corrupt: ${what}`)

const blockSizes: Readonly<Record<number, number>> = { 4: 0x1_0000, 5: 0x4_0000, 6: 0x10_0000, 7: 0x40_0000 }

function frameOf(bytes: Uint8Array): Frame {
  if (bytes.length < 11 || readUint32Little(bytes, 0) !== 0x184d2204) throw wrong('no frame magic')
  const flags = bytes[4]!
  const frameBlockMax = blockSizes[(bytes[5]! >> 4) & 7]
  if (flags >> 6 !== 1 || frameBlockMax === undefined) throw wrong(`flags ${flags}, block descriptor ${bytes[5]}`)
  return {
    start: 7 + ((flags & 0x08) === 0 ? 0 : 8) + ((flags & 0x01) === 0 ? 0 : 4),
    blockBytesMax: frameBlockMax,
    checksumBytes: (flags & 0x10) === 0 ? 0 : 4,
    endBytes: (flags & 0x04) === 0 ? 0 : 4,
  }
}

// One after the other and never all together: five bytes can be a block.
function* blocksOf(bytes: Uint8Array, frame: Frame): Generator<Block, void> {
  let at = frame.start
  for (let block = readBlock(bytes, at); block !== undefined; block = readBlock(bytes, at)) {
    if (block.end - block.start > frame.blockBytesMax) throw wrong(`a block of ${block.end - block.start} bytes`)
    yield block
    at = block.end + frame.checksumBytes
  }
  if (at + 4 + frame.endBytes > bytes.length) throw wrong('it has no end')
}

/** Undefined for the empty block that ends a frame, which Java takes also where it is stored. */
function readBlock(bytes: Uint8Array, at: number): Block | undefined {
  if (bytes.length - at < 4) throw wrong('it has no end')
  const word = readUint32Little(bytes, at)
  if (word === 0 || word === storedBit) return undefined
  const stored = word >= storedBit
  const start = at + 4
  const end = start + (stored ? word - storedBit : word)
  if (end > bytes.length) throw wrong(`a block of ${end - start} bytes, ${bytes.length - start} are left`)
  return { start, end, stored }
}

// Measured before anything is allocated, so that a lie about size costs nothing.
function* unpack(bytes: Uint8Array, limitBytes: number): Unpacking {
  const frame = frameOf(bytes)
  let [doneBytes, sizeBytes] = [0, 0]
  for (const block of blocksOf(bytes, frame)) {
    sizeBytes += unpackedSize(bytes, block, frame)
    if (sizeBytes > limitBytes) {
      throw new CorruptRecordsError(`lz4 expands past the limit of ${limitBytes} bytes`, 'too-large')
    }
    doneBytes += blockWorkBytes + block.end - block.start
    yield doneBytes
  }
  const target = fresh(sizeBytes)
  let at = 0
  for (const block of blocksOf(bytes, frame)) {
    const end = unpackBlock(bytes, block, target, at)
    doneBytes += blockWorkBytes + end - at
    at = end
    yield doneBytes
  }
  // It isn't zeroed: what is given out must all have been written.
  if (at !== target.length) throw wrong(`it gave ${at} bytes of ${target.length}`)
  return target
}

/** What a block takes beside its bytes, as if it had so many more: a frame may have millions of the smallest. */
const blockWorkBytes = 64

function unpackedSize(bytes: Uint8Array, { start, end, stored }: Block, frame: Frame): number {
  const blockBytes = stored ? end - start : measureLz4Block(bytes, start, end)
  if (blockBytes <= frame.blockBytesMax) return blockBytes
  throw wrong(`a block gives ${blockBytes} bytes, at most ${frame.blockBytesMax}`)
}

/** Says where in the target it ends. */
function unpackBlock(bytes: Uint8Array, { start, end, stored }: Block, target: Uint8Array, at: number): number {
  if (!stored) return decompressLz4Block(bytes, start, end, target, at)
  target.set(bytes.subarray(start, end), at)
  return at + end - start
}

const readUint32Little = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0

function writeUint32Little(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value >>> 16
  bytes[at + 3] = value >>> 24
}
