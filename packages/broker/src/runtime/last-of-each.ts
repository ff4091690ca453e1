/** How a request names partitions. */
export interface Naming<Topic, Part> {
  readonly keyOf: (topic: Topic) => string
  readonly partsOf: (topic: Topic) => readonly Part[]
  readonly indexOf: (part: Part) => number
  readonly withParts: (topic: Topic, parts: Part[]) => Topic
}

// Beyond that many, comparing each with each costs more than a set.
const comparedMax = 8

/**
 * Kafka keeps what a request says by partition (KafkaApis): of a partition that is named twice only the last counts, in
 * the place of the first. Gives the list itself where none is.
 */
export function lastOfEach<Topic, Part>(topics: readonly Topic[], naming: Naming<Topic, Part>): readonly Topic[] {
  const { keyOf, partsOf, indexOf, withParts } = naming
  const isTwice = repeats(topics, keyOf) || topics.some((topic) => repeats(partsOf(topic), indexOf))
  if (!isTwice) return topics
  const byKey = new Map<string, { topic: Topic; parts: Map<number, Part> }>()
  for (const topic of topics) {
    const entry = byKey.get(keyOf(topic)) ?? { topic, parts: new Map<number, Part>() }
    byKey.set(keyOf(topic), entry)
    for (const part of partsOf(topic)) entry.parts.set(indexOf(part), part)
  }
  return Array.from(byKey.values(), ({ topic, parts }) => withParts(topic, [...parts.values()]))
}

function repeats<T>(items: readonly T[], keyOf: (item: T) => string | number): boolean {
  if (items.length > comparedMax) return new Set(items.map(keyOf)).size < items.length
  for (let i = 1; i < items.length; i += 1) {
    const key = keyOf(items[i]!)
    for (let j = 0; j < i; j += 1) if (keyOf(items[j]!) === key) return true
  }
  return false
}
