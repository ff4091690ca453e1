import { javaStringHash } from '@millrace/protocol'
import type { TopicPartition } from './consumer-protocol.ts'

/**
 * Names in the order in which a Java HashMap gives them back. Kafka's Java code breaks ties by it; clients of several
 * kinds in one group get the same answer from whichever of them decides.
 */
export const inHashMapOrder = (names: Iterable<string>): string[] => inOrderOf(javaStringHash, [...new Set(names)])

/** The same of partitions, which must differ. */
export const partitionsInHashMapOrder = (partitions: readonly TopicPartition[]): TopicPartition[] =>
  inOrderOf(({ topic, partition }) => (Math.imul(31, 31 + partition) + javaStringHash(topic)) | 0, partitions)

function inOrderOf<T>(hashOf: (item: T) => number, items: readonly T[]): T[] {
  let buckets = 16
  while (items.length > buckets * 0.75) buckets *= 2
  const bucketOf = (item: T): number => {
    const hash = hashOf(item)
    return (hash ^ (hash >>> 16)) & (buckets - 1)
  }
  return items.toSorted((a, b) => bucketOf(a) - bucketOf(b))
}
