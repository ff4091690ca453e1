import type { BrokerId, Revision } from '@millrace/kernel'
import { asBrokerEpoch, asLeaderEpoch, asPartitionEpoch, asProducerId, asRevision } from '@millrace/kernel'
import type {
  BrokerRegistration,
  MetadataImage,
  PartitionImage,
  PartitionState,
  ResourceConfigs,
  TopicImage,
} from './image.ts'
import { emptyImage, noBroker } from './image.ts'
import type { ConfigResource, ParsedKey } from './keys.ts'
import { configKey, parseKey } from './keys.ts'
import type { StoredChange, StoredEntry, StoredSnapshot } from './store-types.ts'
import type {
  BrokerValue,
  ClusterValue,
  ConfigValue,
  ControllerValue,
  PartitionValue,
  ProducerIdsValue,
  TopicValue,
} from './values.ts'
import { decodeValue } from './values.ts'

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** The image of everything in the snapshot, in place of whatever was known before. */
export const replaceImage = (snapshot: StoredSnapshot): MetadataImage =>
  applyChanges(
    emptyImage,
    snapshot.revision,
    snapshot.entries.map((entry) => ({ kind: 'put', entry })),
  )

/** The image after the changes of one watch response. Throws MetadataFormatError for a value of a newer format. */
export function applyChanges(
  image: MetadataImage,
  revision: Revision,
  changes: readonly StoredChange[],
): MetadataImage {
  if (changes.length === 0) return { ...image, revision }
  const draft = new Draft(image)
  for (const change of changes) {
    if (change.kind === 'put') draft.put(change.entry)
    else draft.remove(parseKey(change.key))
  }
  return draft.finish(revision)
}

/** An image being changed: each map is copied when first written, topics are put together once at the end. */
class Draft {
  readonly #before: MetadataImage
  readonly #image: Writable<MetadataImage>
  readonly #brokers: CopyOnWrite<BrokerId, BrokerRegistration>
  readonly #configs: CopyOnWrite<string, ResourceConfigs>
  readonly #states = new Map<string, Map<number, PartitionState>>()
  readonly #topics = new Map<string, StoredTopic | null>()

  constructor(image: MetadataImage) {
    this.#before = image
    this.#image = { ...image }
    this.#brokers = new CopyOnWrite(image.brokers)
    this.#configs = new CopyOnWrite(image.configs)
  }

  put(entry: StoredEntry): void {
    const key = parseKey(entry.key)
    switch (key.kind) {
      case 'cluster':
        this.#image.clusterId = (decodeValue(entry.key, entry.value) as ClusterValue).clusterId
        break
      case 'controller':
        this.#image.controllerId = (decodeValue(entry.key, entry.value) as ControllerValue).brokerId
        this.#image.controllerEpoch = entry.createRevision
        break
      case 'broker':
        this.#brokers.writable.set(key.id, brokerRegistration(key.id, entry))
        break
      case 'topic':
        this.#topics.set(key.name, {
          ...(decodeValue(entry.key, entry.value) as TopicValue),
          createRevision: entry.createRevision,
          modRevision: entry.modRevision,
        })
        break
      case 'partition':
        this.#statesToWrite(key.topicId).set(key.partition, partitionState(entry))
        break
      case 'config':
        this.#configs.writable.set(configKey(key.resource), resourceConfigs(key.resource, entry))
        break
      case 'producerIds':
        this.#image.producerIds = {
          next: asProducerId((decodeValue(entry.key, entry.value) as ProducerIdsValue).next),
          modRevision: entry.modRevision,
        }
        break
      case 'other':
        break
    }
  }

  remove(key: ParsedKey): void {
    switch (key.kind) {
      case 'cluster':
        this.#image.clusterId = ''
        break
      case 'controller':
        this.#image.controllerId = noBroker
        this.#image.controllerEpoch = asRevision(0)
        break
      case 'broker':
        this.#brokers.writable.delete(key.id)
        break
      case 'topic':
        this.#topics.set(key.name, null)
        break
      case 'partition':
        this.#statesToWrite(key.topicId).delete(key.partition)
        break
      case 'config':
        this.#configs.writable.delete(configKey(key.resource))
        break
      case 'producerIds':
        this.#image.producerIds = emptyImage.producerIds
        break
      case 'other':
        break
    }
  }

  finish(revision: Revision): MetadataImage {
    this.#image.revision = revision
    this.#image.brokers = this.#brokers.value
    this.#image.configs = this.#configs.value
    this.#finishStates()
    this.#finishTopics()
    return this.#image
  }

  /** The topic's partition states, copied when this draft first writes them. */
  #statesToWrite(topicId: string): Map<number, PartitionState> {
    const draft = this.#states.get(topicId) ?? new Map(this.#before.partitionStates.get(topicId))
    this.#states.set(topicId, draft)
    return draft
  }

  #finishStates(): void {
    if (this.#states.size === 0) return
    const all = new Map(this.#before.partitionStates)
    for (const [topicId, states] of this.#states) {
      if (states.size === 0) all.delete(topicId)
      else all.set(topicId, states)
    }
    this.#image.partitionStates = all
  }

  #finishTopics(): void {
    if (this.#topics.size === 0 && this.#states.size === 0) return
    const byName = new Map(this.#before.topicsByName)
    const byId = new Map(this.#before.topicsById)
    for (const topicId of this.#states.keys()) {
      const topic = byId.get(topicId)
      if (topic !== undefined && !this.#topics.has(topic.name)) this.#topics.set(topic.name, storedTopic(topic))
    }
    for (const [name, stored] of this.#topics) {
      const before = byName.get(name)
      if (before !== undefined) byId.delete(before.id)
      byName.delete(name)
      if (stored === null) continue
      const topic = topicImage(name, stored, this.#image.partitionStates.get(stored.topicId) ?? noStates, before)
      byName.set(name, topic)
      byId.set(topic.id, topic)
    }
    this.#image.topicsByName = byName
    this.#image.topicsById = byId
  }
}

/** A map that is copied before its first change. */
class CopyOnWrite<K, V> {
  #map: ReadonlyMap<K, V>
  #copy: Map<K, V> | undefined

  constructor(map: ReadonlyMap<K, V>) {
    this.#map = map
  }

  get value(): ReadonlyMap<K, V> {
    return this.#map
  }

  get writable(): Map<K, V> {
    this.#copy ??= new Map(this.#map)
    this.#map = this.#copy
    return this.#copy
  }
}

interface StoredTopic extends TopicValue {
  readonly createRevision: Revision
  readonly modRevision: Revision
}

const noStates: ReadonlyMap<number, PartitionState> = new Map()

const storedTopic = (topic: TopicImage): StoredTopic => ({
  topicId: topic.id,
  replicas: topic.partitions.map((partition) => partition.replicas),
  createRevision: topic.createRevision,
  modRevision: topic.modRevision,
})

const brokerRegistration = (id: BrokerId, entry: StoredEntry): BrokerRegistration => ({
  ...(decodeValue(entry.key, entry.value) as BrokerValue),
  id,
  epoch: asBrokerEpoch(entry.createRevision),
  modRevision: entry.modRevision,
})

function partitionState(entry: StoredEntry): PartitionState {
  const value = decodeValue(entry.key, entry.value) as PartitionValue
  return {
    leader: value.leader,
    leaderEpoch: value.leaderEpoch,
    isr: value.isr.map((member) => member.brokerId),
    isrEpochs: value.isr.map((member) => member.brokerEpoch),
    partitionEpoch: value.partitionEpoch,
    modRevision: entry.modRevision,
  }
}

const resourceConfigs = (resource: ConfigResource, entry: StoredEntry): ResourceConfigs => ({
  resource,
  configs: new Map(Object.entries((decodeValue(entry.key, entry.value) as ConfigValue).configs)),
  modRevision: entry.modRevision,
})

/** What is known of a partition whose topic is there and whose own key isn't yet. */
const notYetWritten: PartitionState = {
  leader: noBroker,
  leaderEpoch: asLeaderEpoch(-1),
  isr: [],
  isrEpochs: [],
  partitionEpoch: asPartitionEpoch(-1),
  modRevision: asRevision(0),
}

function topicImage(
  name: string,
  stored: StoredTopic,
  states: ReadonlyMap<number, PartitionState>,
  before: TopicImage | undefined,
): TopicImage {
  const { topicId, createRevision, modRevision } = stored
  const partitions = stored.replicas.map((replicas, partition): PartitionImage => {
    const state = states.get(partition) ?? notYetWritten
    const known = before?.id === topicId ? before.partitions[partition] : undefined
    if (known?.modRevision === state.modRevision && sameBrokers(known.replicas, replicas)) return known
    return { topic: name, topicId, partition, replicas, ...state }
  })
  return { name, id: topicId, partitions, createRevision, modRevision }
}

const sameBrokers = (a: readonly BrokerId[], b: readonly BrokerId[]): boolean =>
  a === b || (a.length === b.length && a.every((id, index) => id === b[index]))
