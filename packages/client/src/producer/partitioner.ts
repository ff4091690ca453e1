import { partitionForKey } from '@millrace/protocol'
import type { TopicImage } from '../cluster/cluster-image.ts'
import type { PlainProducerOptions } from './producer-api.ts'
import type { SerializedRecord } from './serialize.ts'

/** How many bytes wait for each partition; where more wait, fewer new ones are sent. */
export type QueueLengths = (partition: number) => number

/**
 * Chooses partitions. A key goes where the Java client sends it. Records without one stay on a partition for a batch's
 * worth of bytes, then go to another, picked by chance with more of it for partitions that keep up (KIP-794).
 */
export class Partitioner {
  readonly #kind: NonNullable<PlainProducerOptions['partitioner']>
  readonly #stickyBytes: number
  readonly #sticky = new Map<string, { partition: number; bytes: number }>()
  readonly #next = new Map<string, number>()

  constructor(kind: PlainProducerOptions['partitioner'], stickyBytes: number) {
    this.#kind = kind ?? 'sticky'
    this.#stickyBytes = stickyBytes
  }

  /** Throws a RangeError for a partition that the topic doesn't have. */
  choose(record: SerializedRecord, topic: TopicImage, queued: QueueLengths): number {
    const count = topic.partitions.length
    if (record.partition !== undefined) return checked(record.partition, topic)
    if (typeof this.#kind === 'function') {
      return checked(this.#kind({ topic: topic.name, key: record.key, partitions: count }), topic)
    }
    if (record.key !== null) return partitionForKey(record.key, count)
    return this.#kind === 'round-robin' ? this.#roundRobin(topic) : this.#stick(record, topic, queued)
  }

  #roundRobin(topic: TopicImage): number {
    const next = this.#next.get(topic.name) ?? Math.floor(Math.random() * topic.partitions.length)
    this.#next.set(topic.name, next + 1)
    return next % topic.partitions.length
  }

  #stick(record: SerializedRecord, topic: TopicImage, queued: QueueLengths): number {
    let sticky = this.#sticky.get(topic.name)
    if (sticky === undefined || sticky.bytes >= this.#stickyBytes) {
      sticky = { partition: lightlyLoaded(topic, queued), bytes: 0 }
      this.#sticky.set(topic.name, sticky)
    }
    sticky.bytes += record.sizeBytesMax
    return sticky.partition
  }
}

function checked(partition: number, topic: TopicImage): number {
  if (Number.isInteger(partition) && partition >= 0 && partition < topic.partitions.length) return partition
  throw new RangeError(`${topic.name} has no partition ${partition}: it has ${topic.partitions.length}`)
}

function lightlyLoaded(topic: TopicImage, queued: QueueLengths): number {
  const led = topic.partitions.filter(({ leader }) => leader >= 0)
  const candidates = led.length > 0 ? led : topic.partitions
  const loads = candidates.map(({ partition }) => queued(partition))
  const most = Math.max(...loads)
  const weights = loads.map((load) => most - load + 1)
  let ticket = Math.random() * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [i, weight] of weights.entries()) {
    ticket -= weight
    if (ticket < 0) return candidates[i]!.partition
  }
  return candidates.at(-1)!.partition
}
