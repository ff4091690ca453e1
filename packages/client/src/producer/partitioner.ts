import { partitionForKey } from '@millrace/protocol'
import type { TopicImage } from '../cluster/cluster-image.ts'
import { refuseLater } from '../serde/at-once.ts'
import type { ProducerSettings } from './producer-settings.ts'
import type { RecordDraft } from './record-draft.ts'

/** What waits for a partition to be sent. */
export interface PartitionLoad {
  readonly queuedBytes: number
  /** Since when the oldest batch that could go has waited; undefined where none does. */
  readonly waitingSinceMs: number | undefined
}

type LoadOf = (partition: number) => PartitionLoad | undefined

/**
 * Chooses the partitions of one topic. A key goes where the Java client sends it. Records without one stay on a
 * partition for a batch's worth of bytes, then go to another, picked by chance: with more of it for partitions that keep
 * up, unless that is turned off (KIP-794).
 */
export class Partitioner {
  readonly #settings: ProducerSettings
  readonly #nowMs: () => number
  #stickyPartition = -1
  #stickyBytes = 0
  #next = -1

  constructor(settings: ProducerSettings, nowMs: () => number) {
    this.#settings = settings
    this.#nowMs = nowMs
  }

  /** Throws a RangeError for a partition that the topic doesn't have. */
  choose(draft: RecordDraft, topic: TopicImage, loadOf: LoadOf): number {
    const count = topic.partitions.length
    const { partitioner, ignoreKeys } = this.#settings
    if (draft.partition !== undefined) return checked(draft.partition, topic)
    if (typeof partitioner === 'function') {
      const chosen = partitioner({ topic: topic.name, key: draft.keyOfItsOwn(), partitions: count })
      refuseLater(chosen, 'an asynchronous partitioner can not place records')
      return checked(chosen, topic)
    }
    if (draft.key !== null && !ignoreKeys) return partitionForKey(draft.key, count, draft.keyBytes)
    return partitioner === 'round-robin' ? this.#roundRobin(count) : this.#stick(draft, topic, loadOf)
  }

  #roundRobin(count: number): number {
    this.#next = this.#next < 0 ? Math.floor(Math.random() * count) : (this.#next + 1) % count
    return this.#next
  }

  #stick(draft: RecordDraft, topic: TopicImage, loadOf: LoadOf): number {
    if (this.#stickyPartition < 0 || this.#stickyBytes >= this.#settings.batchBytes) {
      this.#stickyPartition = this.#another(topic, loadOf)
      this.#stickyBytes = 0
    }
    this.#stickyBytes += draft.sizeBytesMax
    return this.#stickyPartition
  }

  #another(topic: TopicImage, loadOf: LoadOf): number {
    const led = topic.partitions.filter(({ leader }) => leader >= 0)
    const candidates = (led.length > 0 ? led : topic.partitions).map(({ partition }) => partition)
    if (!this.#settings.adaptive) return candidates[Math.floor(Math.random() * candidates.length)]!
    const available = candidates.filter((partition) => this.#isAvailable(loadOf(partition)))
    return lightlyLoaded(available.length > 0 ? available : candidates, loadOf)
  }

  #isAvailable(load: PartitionLoad | undefined): boolean {
    const { availabilityTimeoutMs } = this.#settings
    if (availabilityTimeoutMs === 0 || load?.waitingSinceMs === undefined) return true
    return this.#nowMs() - load.waitingSinceMs < availabilityTimeoutMs
  }
}

function checked(partition: number, topic: TopicImage): number {
  if (Number.isInteger(partition) && partition >= 0 && partition < topic.partitions.length) return partition
  throw new RangeError(`${topic.name} has no partition ${partition}: it has ${topic.partitions.length}`)
}

// The more waits for a partition, the smaller its chance.
function lightlyLoaded(partitions: readonly number[], loadOf: LoadOf): number {
  const loads = partitions.map((partition) => loadOf(partition)?.queuedBytes ?? 0)
  const most = loads.reduce((max, load) => Math.max(max, load), 0)
  const weights = loads.map((load) => most - load + 1)
  let ticket = Math.random() * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [i, weight] of weights.entries()) {
    ticket -= weight
    if (ticket < 0) return partitions[i]!
  }
  return partitions.at(-1)!
}
