/** Java's `String.hashCode`: over UTF-16 units, signed 32 bits. */
export function javaStringHash(text: string): number {
  let hash = 0
  for (let at = 0; at < text.length; at += 1) hash = (Math.imul(31, hash) + text.charCodeAt(at)) | 0
  return hash
}

// Java's abs of the smallest int is negative, so Kafka takes 0 for it.
const abs = (hash: number): number => (hash === -0x8000_0000 ? 0 : Math.abs(hash))

/** The partition of `__consumer_offsets` or `__transaction_state` that holds this group's or transactional id's state. */
export const coordinatorPartition = (id: string, partitions: number): number => abs(javaStringHash(id)) % partitions
