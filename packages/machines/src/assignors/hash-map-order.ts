import { javaStringHash } from '@millrace/protocol'

/**
 * Names in the order in which a Java HashMap gives them back. Kafka's Java code breaks ties by it; clients of several
 * kinds in one group get the same answer from whichever of them decides.
 */
export function inHashMapOrder(names: Iterable<string>): string[] {
  const unique = [...new Set(names)]
  let buckets = 16
  while (unique.length > buckets * 0.75) buckets *= 2
  const bucketOf = (name: string): number => {
    const hash = javaStringHash(name)
    return (hash ^ (hash >>> 16)) & (buckets - 1)
  }
  return unique.toSorted((a, b) => bucketOf(a) - bucketOf(b))
}
