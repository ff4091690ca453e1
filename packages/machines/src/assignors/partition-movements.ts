import type { TopicPartition } from './consumer-protocol.ts'
import { partitionsInHashMapOrder } from './hash-map-order.ts'
import { keyOf } from './owned-partitions.ts'

interface Movement {
  readonly partition: TopicPartition
  readonly from: string
  readonly to: string
}

/** What moved between members while an assignment is worked out, so that no two partitions of a topic swap places. */
export class PartitionMovements {
  readonly #movements = new Map<string, Movement>()

  /** The partition to move instead of this one: one of the same topic that came the opposite way, if there is one. */
  better(partition: TopicPartition, from: string, to: string): TopicPartition {
    const origin = this.#movements.get(keyOf(partition))?.from ?? from
    const opposite = [...this.#movements.values()]
      .filter((each) => each.from === to && each.to === origin && each.partition.topic === partition.topic)
      .map((each) => each.partition)
    return partitionsInHashMapOrder(opposite)[0] ?? partition
  }

  note(partition: TopicPartition, from: string, to: string): void {
    const key = keyOf(partition)
    const origin = this.#movements.get(key)?.from ?? from
    this.#movements.delete(key)
    if (origin !== to) this.#movements.set(key, { partition, from: origin, to })
  }
}
