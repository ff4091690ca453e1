import { isArrayBufferView, isAnyArrayBuffer } from 'node:util/types'
import type { Sendable } from '../record.ts'

/** Bytes as they are, everything else as text, which goes as UTF-8. Throws for what needs a serializer. */
export function plainBytes(given: Sendable): Uint8Array | string {
  if (typeof given === 'string' || given instanceof Uint8Array) return given
  if (typeof given === 'number' || typeof given === 'bigint') return String(given)
  if (isArrayBufferView(given)) return new Uint8Array(given.buffer, given.byteOffset, given.byteLength)
  if (isAnyArrayBuffer(given)) return new Uint8Array(given)
  throw new TypeError(`${shown(given)} needs a serializer`)
}

const shown = (given: unknown): string =>
  given === undefined ? 'undefined' : typeof given === 'object' ? 'an object' : `a ${typeof given}`
