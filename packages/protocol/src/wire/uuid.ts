/** The uuid that stands for none. */
export const zeroUuid = 'AAAAAAAAAAAAAAAAAAAAAA'

const uuidCharacters = 22
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const notInAlphabet = 64
const values = new Uint8Array(128).fill(notInAlphabet)
for (let value = 0; value < alphabet.length; value++) values[alphabet.charCodeAt(value)] = value

/** Writes a uuid's 16 bytes; false if `text` isn't one. */
export function writeUuid(text: string, bytes: Uint8Array, start: number): boolean {
  if (text.length !== uuidCharacters) return false
  let bits = 0
  let bitCount = 0
  let position = start
  let seen = 0
  for (let i = 0; i < uuidCharacters; i++) {
    const code = text.charCodeAt(i)
    const value = code < 128 ? (values[code] as number) : notInAlphabet
    seen |= value
    bits = ((bits << 6) | value) & 0x3fff
    bitCount += 6
    if (bitCount < 8) continue
    bitCount -= 8
    bytes[position++] = bits >> bitCount
  }
  return seen < notInAlphabet
}
