const seed = 0x9747b28c
const mixer = 0x5bd1e995

/** The 32-bit murmur2 that Kafka's Java client hashes keys with, of the first `length` bytes; signed, as in Java. */
export function murmur2(bytes: Uint8Array, length = bytes.length): number {
  let hash = seed ^ length
  let at = 0
  for (; at + 4 <= length; at += 4) {
    let word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    word = Math.imul(word, mixer)
    word ^= word >>> 24
    hash = Math.imul(hash, mixer) ^ Math.imul(word, mixer)
  }
  const left = length - at
  if (left > 2) hash ^= bytes[at + 2]! << 16
  if (left > 1) hash ^= bytes[at + 1]! << 8
  if (left > 0) hash = Math.imul(hash ^ bytes[at]!, mixer)
  hash = Math.imul(hash ^ (hash >>> 13), mixer)
  return hash ^ (hash >>> 15)
}

/**
 * The partition that the Java client gives a key, the first `keyBytes` of what is given: murmur2 with its sign bit
 * cleared (not made absolute), modulo.
 */
export const partitionForKey = (key: Uint8Array, partitions: number, keyBytes = key.length): number =>
  (murmur2(key, keyBytes) & 0x7fffffff) % partitions
