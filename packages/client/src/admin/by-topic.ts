import type { TopicPartition } from '../record.ts'

/** Grouped by topic, in the order in which they came. */
export function byTopic<Item extends TopicPartition>(items: readonly Item[]): Map<string, Item[]> {
  const topics = new Map<string, Item[]>()
  for (const item of items) {
    const mine = topics.get(item.topic)
    if (mine === undefined) topics.set(item.topic, [item])
    else mine.push(item)
  }
  return topics
}
