/** Where chance comes from: the host's in production, a seed in simulation. */
export interface Random {
  /** Uniform in [0, 1). */
  fraction(): number
  /** Uniform whole number in [0, below). */
  below(below: number): number
  /** `count` random bytes. */
  bytes(count: number): Uint8Array
  /** A random (version 4) uuid in Kafka's 22-character text; never one that starts with a dash, as in Kafka. */
  uuid(): string
}

/** Chance from any source of bytes: the host's, or a seed's. */
export function randomFrom(fill: (count: number) => Uint8Array): Random {
  const fraction = (): number => {
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = fill(6)
    return (((a << 16) | (b << 8) | c) * 0x1000000 + ((d << 16) | (e << 8) | f)) / 2 ** 48
  }
  const uuid = (): string => {
    const bytes = fill(16)
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
    const text = base64Url(bytes)
    return text.startsWith('-') ? uuid() : text
  }
  return { fraction, below: (below) => Math.floor(fraction() * below), bytes: fill, uuid }
}

/** The same chance each time for the same seed (SplitMix32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0
    let z = state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
  return randomFrom((count) => {
    const bytes = new Uint8Array(count)
    for (let i = 0; i < count; i += 1) bytes[i] = next() & 0xff
    return bytes
  })
}

const base64UrlDigits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Base64 of RFC 4648 section 5 without padding: how Kafka writes a uuid (16 bytes, 22 characters). */
export function base64Url(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    const digits = left === 1 ? 2 : left === 2 ? 3 : 4
    for (let k = 0; k < digits; k += 1) text += base64UrlDigits[(word >> (18 - 6 * k)) & 63]
  }
  return text
}
