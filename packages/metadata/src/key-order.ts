/** Orders keys as their UTF-8 bytes are ordered, which JavaScript's `<` doesn't do beyond U+FFFF. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i += 1) {
    const unitA = a.charCodeAt(i)
    const unitB = b.charCodeAt(i)
    if (unitA !== unitB) return afterSurrogates(unitA) - afterSurrogates(unitB)
  }
  return a.length - b.length
}

// Surrogates (0xd800-0xdfff) stand for code points that come after all that one unit can hold.
const afterSurrogates = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800)

/** The last code point is no character: refused in keys, it bounds the range of a prefix from above. */
export const afterAllKeys = '\u{10ffff}'
