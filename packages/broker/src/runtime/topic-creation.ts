import type { CreatableTopic, MetadataImage } from '@millrace/machines'
import { cappedReplicationFactor, createTopics, isInternalTopic, offsetsTopic } from '@millrace/machines'
import type { ErrorName } from '@millrace/protocol'
import { errorName } from '@millrace/protocol'
import type { BrokerSettings } from '../config/settings.ts'
import type { ControllerRuntime } from './controller-runtime.ts'
import type { ImageKeeper } from './image-keeper.ts'

export interface CreatedTopics {
  /** Has the topics that could be created. */
  readonly image: MetadataImage
  readonly errors: ReadonlyMap<string, ErrorName>
}

/** Creates topics that somebody needs and nobody created: those that clients ask for, and the brokers' own. */
export class TopicCreation {
  readonly #controller: ControllerRuntime
  readonly #images: ImageKeeper
  readonly #settings: BrokerSettings
  readonly #underWay = new Map<string, Promise<ErrorName>>()

  constructor(controller: ControllerRuntime, images: ImageKeeper, settings: BrokerSettings) {
    this.#controller = controller
    this.#images = images
    this.#settings = settings
  }

  /** Resolves when the topics are there, or can't be. A name that others are asking for is created once. */
  async create(names: readonly string[]): Promise<CreatedTopics> {
    const errors = new Map<string, ErrorName>()
    const created = names.map(async (name) => {
      const error = await this.#once(name)
      if (error !== 'NONE') errors.set(name, error)
    })
    await Promise.all(created)
    return { image: this.#images.current, errors }
  }

  #once(name: string): Promise<ErrorName> {
    const underWay = this.#underWay.get(name)
    if (underWay !== undefined) return underWay
    const creation = this.#createOne(name).finally(() => this.#underWay.delete(name))
    this.#underWay.set(name, creation)
    return creation
  }

  async #createOne(name: string): Promise<ErrorName> {
    const [result] = await this.#controller.decide([this.#topic(name)], (view, topics) =>
      createTopics(view, { topics: [...topics], validateOnly: false }),
    )
    const error = errorName(result?.errorCode ?? -1)
    return error === 'TOPIC_ALREADY_EXISTS' ? 'NONE' : error
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
