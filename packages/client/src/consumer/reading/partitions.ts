import type { TopicPartition } from '../../record.ts'
import type { PartitionState } from './partition-state.ts'
import { keyOf } from './partition-state.ts'

/** The partitions that a consumer reads now, in the order in which their turn comes. */
export class Partitions implements Iterable<PartitionState> {
  readonly #byKey = new Map<string, PartitionState>()

  get size(): number {
    return this.#byKey.size
  }

  [Symbol.iterator](): IterableIterator<PartitionState> {
    return this.#byKey.values()
  }

  get(partition: TopicPartition): PartitionState | undefined {
    return this.#byKey.get(keyOf(partition))
  }

  /** Those of these that are read now. */
  these(partitions: readonly TopicPartition[]): PartitionState[] {
    return partitions.flatMap((each) => this.get(each) ?? [])
  }

  /** Whether it is still this one that is read, and not a later one of the same name. */
  has(state: PartitionState): boolean {
    return this.#byKey.get(state.key) === state
  }

  add(state: PartitionState): void {
    this.#byKey.set(state.key, state)
  }

  remove(state: PartitionState): void {
    if (!this.has(state)) return
    this.#byKey.delete(state.key)
    state.dropBuffered()
  }

  /** Its turn comes last. */
  moveToBack(state: PartitionState): void {
    if (!this.has(state)) return
    this.#byKey.delete(state.key)
    this.#byKey.set(state.key, state)
  }

  get bufferedBytes(): number {
    let sum = 0
    for (const state of this) sum += state.bufferedBytes
    return sum
  }
}
