import { CorruptRecordsError } from './corrupt-records-error.ts'

// Zig-zag variable-length integers, as records have them (the wire's compact lengths are unsigned).

/** Reads on from a place and says where it got to; one object per batch, not per number. */
export class VarintReader {
  readonly bytes: Uint8Array
  at: number
  readonly end: number

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  /** A signed 32-bit number in at most five bytes. */
  varint(): number {
    const first = this.#byte()
    if (first < 0x80) return (first >>> 1) ^ -(first & 1)
    let raw = first & 0x7f
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = this.#byte()
      raw |= (byte & 0x7f) << shift
      if (byte < 0x80) return (raw >>> 1) ^ -(raw & 1)
    }
    throw new CorruptRecordsError(`a varint is longer than 5 bytes at ${this.at}`)
  }

  /** A signed 64-bit number in at most ten bytes; beyond the safe integers it saturates. */
  varlong(): number {
    const first = this.#byte()
    if (first < 0x80) return (first >>> 1) ^ -(first & 1)
    // The lowest bit is the sign, so the magnitude is what the bits above it say.
    let magnitude = (first & 0x7f) >>> 1
    let weight = 64
    for (let count = 1; count < 10; count += 1) {
      const byte = this.#byte()
      magnitude += (byte & 0x7f) * weight
      weight *= 128
      // Not clamped: from -1 to the last safe time is 2^53, and who adds it up saturates the sum.
      if (byte < 0x80) return (first & 1) === 1 ? -magnitude - 1 : magnitude
    }
    throw new CorruptRecordsError(`a varlong is longer than 10 bytes at ${this.at}`)
  }

  #byte(): number {
    if (this.at >= this.end) throw new CorruptRecordsError(`records end within a number at ${this.at}`)
    const byte = this.bytes[this.at]!
    this.at += 1
    return byte
  }
}

/** Writes a 32-bit number and returns the place after it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let raw = ((value << 1) ^ (value >> 31)) >>> 0
  let next = at
  while (raw > 0x7f) {
    bytes[next++] = raw | 0x80
    raw >>>= 7
  }
  bytes[next++] = raw
  return next
}

export function varintSize(value: number): number {
  const raw = ((value << 1) ^ (value >> 31)) >>> 0
  if (raw < 0x80) return 1
  if (raw < 0x4000) return 2
  if (raw < 0x20_0000) return 3
  return raw < 0x1000_0000 ? 4 : 5
}

/** Writes a 64-bit number (a safe integer or the difference of two) and returns the place after it. */
export function writeVarlong(bytes: Uint8Array, at: number, value: number): number {
  if (value >= -0x4000_0000 && value < 0x4000_0000) return writeVarint(bytes, at, value)
  const magnitude = value < 0 ? -value - 1 : value
  let rest = Math.floor(magnitude / 64)
  let next = at
  bytes[next++] = (magnitude % 64) * 2 + (value < 0 ? 1 : 0) + (rest > 0 ? 0x80 : 0)
  while (rest > 0) {
    const more = rest > 0x7f ? 0x80 : 0
    bytes[next++] = (rest % 128) + more
    rest = Math.floor(rest / 128)
  }
  return next
}

export function varlongSize(value: number): number {
  if (value >= -0x4000_0000 && value < 0x4000_0000) return varintSize(value)
  let size = 1
  for (let rest = Math.floor((value < 0 ? -value - 1 : value) / 64); rest > 0; rest = Math.floor(rest / 128)) size += 1
  return size
}
