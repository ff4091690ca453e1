import type { OfflinePartitions, PartitionImage } from '@millrace/machines'

/** Partitions of this broker whose log can't be used: their log directory has failed, or what lies there is damaged. */
export class OfflineReplicas {
  readonly #partitions = new Map<string, Set<number>>()

  get count(): number {
    let count = 0
    for (const known of this.#partitions.values()) count += known.size
    return count
  }

  has({ topicId, partition }: Pick<PartitionImage, 'topicId' | 'partition'>): boolean {
    return this.#partitions.get(topicId)?.has(partition) === true
  }

  /** Says whether it wasn't there yet. */
  add(topicId: string, partition: number): boolean {
    const known = this.#partitions.get(topicId)
    if (known?.has(partition) === true) return false
    if (known === undefined) this.#partitions.set(topicId, new Set([partition]))
    else known.add(partition)
    return true
  }

  remove(topicId: string, partition: number): void {
    const known = this.#partitions.get(topicId)
    known?.delete(partition)
    if (known?.size === 0) this.#partitions.delete(topicId)
  }

  /** Forgets topics that are gone. */
  keep(isThere: (topicId: string) => boolean): void {
    for (const topicId of this.#partitions.keys()) if (!isThere(topicId)) this.#partitions.delete(topicId)
  }

  byTopicId(): OfflinePartitions {
    return Object.fromEntries([...this.#partitions].map(([id, known]) => [id, [...known].toSorted((a, b) => a - b)]))
  }
}
