import type { CreatableTopic, MetadataImage } from '@millrace/machines'
import { cappedReplicationFactor, createTopics, isInternalTopic, offsetsTopic } from '@millrace/machines'
import type { ErrorName } from '@millrace/protocol'
import { errorName } from '@millrace/protocol'
import type { BrokerSettings } from '../config/settings.ts'
import type { ControllerRuntime } from './controller-runtime.ts'
import type { ImageKeeper } from './image-keeper.ts'
import type { PartitionRuntime } from './partition-runtime.ts'

export interface CreatedTopics {
  /** Has the topics that could be created. */
  readonly image: MetadataImage
  readonly errors: ReadonlyMap<string, ErrorName>
}

/** What topics are created with. */
export interface TopicCreationParts {
  readonly controller: ControllerRuntime
  readonly images: ImageKeeper
  readonly settings: BrokerSettings
  readonly partitions: PartitionRuntime
}

/** Creates topics that somebody needs and nobody created: those that clients ask for, and the brokers' own. */
export class TopicCreation {
  readonly #controller: ControllerRuntime
  readonly #images: ImageKeeper
  readonly #settings: BrokerSettings
  readonly #partitions: PartitionRuntime
  readonly #underWay = new Map<string, Promise<ReadonlyMap<string, ErrorName>>>()

  constructor({ controller, images, settings, partitions }: TopicCreationParts) {
    this.#controller = controller
    this.#images = images
    this.#settings = settings
    this.#partitions = partitions
  }

  /**
   * Resolves when the topics are there, or can't be. A name that others are asking for is created once; the rest of the
   * names are one command, so that its bound on partitions holds for a client that asks for a million topics.
   */
  async create(names: readonly string[]): Promise<CreatedTopics> {
    const errors = new Map<string, ErrorName>()
    this.#begin(names.filter((name) => !this.#underWay.has(name)))
    const asked = names.map(async (name) => {
      const error = (await this.#underWay.get(name))?.get(name)
      if (error !== undefined) errors.set(name, error)
    })
    await Promise.all(asked)
    return { image: this.#images.current, errors }
  }

  #begin(names: readonly string[]): void {
    if (names.length === 0) return
    const creation = this.#createAll(names).finally(() => {
      for (const name of names) this.#underWay.delete(name)
    })
    for (const name of names) this.#underWay.set(name, creation)
  }

  /** The errors of those that can't be. */
  async #createAll(names: readonly string[]): Promise<ReadonlyMap<string, ErrorName>> {
    const results = await this.#controller.decide(
      names.map((name) => this.#topic(name)),
      (view, topics) => createTopics(view, { topics: [...topics], validateOnly: false }),
    )
    const errors = new Map<string, ErrorName>()
    for (const { name, errorCode } of results) {
      const error = errorName(errorCode)
      if (error !== 'NONE' && error !== 'TOPIC_ALREADY_EXISTS') errors.set(name, error)
    }
    const { topicsByName } = this.#images.current
    await this.#partitions.opened(
      names.flatMap((name) => topicsByName.get(name)?.id ?? []),
      Infinity,
    )
    return errors
  }

  #topic(name: string): CreatableTopic {
    if (!isInternalTopic(name)) {
      return { name, numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] }
    }
    const settings = this.#settings
    const [partitions, factor, segmentBytes] =
      name === offsetsTopic
        ? (['offsets.topic.num.partitions', 'offsets.topic.replication.factor', 'offsets.topic.segment.bytes'] as const)
        : ([
            'transaction.state.log.num.partitions',
            'transaction.state.log.replication.factor',
            'transaction.state.log.segment.bytes',
          ] as const)
    return {
      name,
      numPartitions: settings.number(partitions),
      replicationFactor: this.#replicationFactor(factor),
      assignments: [],
      configs: [
        { name: 'cleanup.policy', value: 'compact' },
        { name: 'compression.type', value: 'producer' },
        { name: 'segment.bytes', value: String(settings.number(segmentBytes)) },
      ],
    }
  }

  // What nobody set is capped by the brokers there are; what somebody set holds.
  #replicationFactor(name: 'offsets.topic.replication.factor' | 'transaction.state.log.replication.factor'): number {
    const wished = this.#settings.number(name)
    return this.#settings.isSet(name) ? wished : cappedReplicationFactor(this.#images.current, wished)
  }
}
