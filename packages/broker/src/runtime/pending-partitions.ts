import type { LogHistory } from '@millrace/storage'

/** Partitions that lie on this broker by the metadata, and whose logs aren't open yet: by topic, in the order they came. */
export class PendingPartitions {
  readonly #byTopicId = new Map<string, Map<number, LogHistory>>()

  get topicIds(): Iterable<string> {
    return this.#byTopicId.keys()
  }

  get isEmpty(): boolean {
    return this.#byTopicId.size === 0
  }

  has(topicId: string): boolean {
    return this.#byTopicId.has(topicId)
  }

  /** What is known of one that waits already stays. */
  add(topicId: string, partition: number, history: () => LogHistory): void {
    const topic = this.#byTopicId.get(topicId) ?? new Map<number, LogHistory>()
    this.#byTopicId.set(topicId, topic)
    if (!topic.has(partition)) topic.set(partition, history())
  }

  /** Gives those of a topic away one by one; what isn't asked for stays. */
  *take(topicId: string): Iterable<{ readonly partition: number; readonly history: LogHistory }> {
    const topic = this.#byTopicId.get(topicId)
    for (const [partition, history] of topic ?? []) {
      topic?.delete(partition)
      if (topic?.size === 0) this.#byTopicId.delete(topicId)
      yield { partition, history }
    }
  }

  /** Forgets topics that aren't there any more. */
  keep(isThere: (topicId: string) => boolean): void {
    for (const topicId of this.#byTopicId.keys()) if (!isThere(topicId)) this.#byTopicId.delete(topicId)
  }

  clear(): void {
    this.#byTopicId.clear()
  }
}
