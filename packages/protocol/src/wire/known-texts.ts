const slots = 1024
const textBytesMax = 64
const fnvBasis = 0x811c9dc5
const fnvPrime = 0x01000193

interface Known {
  readonly bytes: Uint8Array
  readonly text: string
}

/**
 * Texts that every request says again, such as names of topics and clients: made once, they cost no call into the
 * runtime, and a Map finds them by a hash that they carry already. Holds the last ones that came twice, 1,024 at most.
 */
export class KnownTexts {
  readonly #known: (Known | undefined)[] = Array.from({ length: slots })
  /** The hash of what last missed in each slot: what comes but once displaces nothing. */
  readonly #missed = new Int32Array(slots)
  readonly #decode: (bytes: Uint8Array, start: number, end: number) => string

  constructor(decode: (bytes: Uint8Array, start: number, end: number) => string) {
    this.#decode = decode
  }

  text(bytes: Uint8Array, start: number, end: number): string {
    if (end - start > textBytesMax) return this.#decode(bytes, start, end)
    const hash = hashOf(bytes, start, end)
    const slot = hash & (slots - 1)
    const known = this.#known[slot]
    if (known !== undefined && isSame(known.bytes, bytes, start, end)) return known.text
    const text = this.#decode(bytes, start, end)
    // A copy, which a Buffer's own slice is not.
    if (this.#missed[slot] === hash) this.#known[slot] = { bytes: new Uint8Array(bytes.subarray(start, end)), text }
    else this.#missed[slot] = hash
    return text
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = fnvBasis
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), fnvPrime)
  return hash ^ (hash >>> 15)
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false
  return true
}
