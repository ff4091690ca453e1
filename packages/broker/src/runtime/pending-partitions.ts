import type { LogHistory } from '@millrace/storage'

interface PendingTopic {
  readonly name: string
  readonly partitions: Map<number, LogHistory>
}

/** Partitions that lie on this broker by the metadata, and whose logs aren't open yet: by topic, in the order they came. */
export class PendingPartitions {
  readonly #byTopicId = new Map<string, PendingTopic>()

  get topicIds(): Iterable<string> {
    return this.#byTopicId.keys()
  }

  get isEmpty(): boolean {
    return this.#byTopicId.size === 0
  }

  /** Undefined where none of the topic waits. */
  nameOf(topicId: string): string | undefined {
    return this.#byTopicId.get(topicId)?.name
  }

  /** What is known of one that waits already stays. */
  add(
    { id, name }: { readonly id: string; readonly name: string },
    partition: number,
    history: () => LogHistory,
  ): void {
    const topic = this.#byTopicId.get(id) ?? { name, partitions: new Map<number, LogHistory>() }
    this.#byTopicId.set(id, topic)
    if (!topic.partitions.has(partition)) topic.partitions.set(partition, history())
  }

  /** Gives those of a topic away one by one; what isn't asked for stays. */
  *take(topicId: string): Iterable<{ readonly partition: number; readonly history: LogHistory }> {
    const partitions = this.#byTopicId.get(topicId)?.partitions
    for (const [partition, history] of partitions ?? []) {
      partitions?.delete(partition)
      if (partitions?.size === 0) this.#byTopicId.delete(topicId)
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
