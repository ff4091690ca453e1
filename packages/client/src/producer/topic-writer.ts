import type { Cluster } from '../cluster/cluster.ts'
import type { ClusterImage, TopicImage } from '../cluster/cluster-image.ts'
import { emptyImage } from '../cluster/cluster-image.ts'
import type { SerializerTable } from '../serde/serdes-of-topic.ts'
import { serializerOf } from '../serde/serdes-of-topic.ts'
import type { BatchMemory } from './batch-memory.ts'
import type { LaneListener } from './partition-lane.ts'
import { PartitionLane } from './partition-lane.ts'
import { Partitioner } from './partitioner.ts'
import type { ProducerSettings } from './producer-settings.ts'
import type { PartWriter, RecordDraft } from './record-draft.ts'

/** What a producer keeps of one topic: how its records are written, and the lanes of its partitions. */
export class TopicWriter {
  readonly name: string
  readonly key: PartWriter
  readonly value: PartWriter
  readonly #cluster: Cluster
  readonly #settings: ProducerSettings
  readonly #memory: BatchMemory
  readonly #partitioner: Partitioner
  readonly #lanes: PartitionLane[] = []
  readonly #laneAt = (partition: number): PartitionLane | undefined => this.#lanes[partition]
  /** When a batch was begun last, on the clock's monotonic time. */
  usedAtMs: number
  #seen: ClusterImage = emptyImage
  #image: TopicImage | undefined

  constructor(
    name: string,
    cluster: Cluster,
    settings: ProducerSettings,
    memory: BatchMemory,
    serializers: SerializerTable | undefined,
  ) {
    this.name = name
    this.#memory = memory
    this.#cluster = cluster
    this.usedAtMs = cluster.settings.clock.monotonicMs()
    this.#settings = settings
    this.key = { serializer: serializerOf(serializers, name, 'key'), context: { topic: name, part: 'key' } }
    this.value = { serializer: serializerOf(serializers, name, 'value'), context: { topic: name, part: 'value' } }
    this.#partitioner = new Partitioner(settings, () => cluster.settings.clock.monotonicMs())
  }

  /** What is known of the topic without asking. */
  get image(): TopicImage | undefined {
    if (this.#seen !== this.#cluster.image) {
      this.#seen = this.#cluster.image
      this.#image = this.#seen.topics.get(this.name)
    }
    return this.#image
  }

  /** Whether what is known suffices to place this record: partitions may have been added since we asked. */
  canPlace(draft: RecordDraft): boolean {
    const { image } = this
    return image !== undefined && (draft.partition === undefined || draft.partition < image.partitions.length)
  }

  /** Asks for what isn't known. */
  async find(): Promise<void> {
    const { closing } = this.#cluster
    if (this.image !== undefined) await this.#cluster.refresh([this.name], closing)
    const { maxBlockMs, createTopics } = this.#settings
    // Who waits for it has the same deadline, and knows better what to say then.
    const terms = { timeoutMs: maxBlockMs, interrupts: false, create: createTopics }
    await this.#cluster.topic(this.name, { ...terms, signal: closing })
  }

  /** The lane of the partition that the record goes to; throws a RangeError for one that the topic doesn't have. */
  laneFor(draft: RecordDraft, image: TopicImage, listener: LaneListener): PartitionLane {
    const partition = this.#partitioner.choose(draft, image, this.#laneAt)
    return (this.#lanes[partition] ??= new PartitionLane(this.name, partition, this.#settings, this.#memory, listener))
  }
}
