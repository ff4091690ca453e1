import type { BrokerEpoch } from '@millrace/kernel'
import { asLeaderEpoch, asPartitionEpoch, asProducerId } from '@millrace/kernel'
import type { PartitionValue, ProducerIdsValue, StoreOp, TopicValue } from '@millrace/machines'
import {
  authorOfBroker,
  configKey,
  encodeValue,
  partitionKey,
  producerIdsKey,
  topicKey,
  topicNameFault,
} from '@millrace/machines'
import type { MetadataStore } from '@millrace/metadata'
import type { FileSystem, PartitionLog } from '@millrace/storage'
import { listPartitionFolders, readMetaProperties } from '@millrace/storage'
import { topicConfig } from '../config/topic-config.ts'
import type { StoredSettings } from './kafka-metadata-log.ts'
import { readKafkaMetadata } from './kafka-metadata-log.ts'
import type { BrokerServices } from './services.ts'

/** A topic that lies in the data directory of a broker that kept its metadata elsewhere. */
interface AdoptedTopic {
  readonly name: string
  readonly topicId: string | undefined
  /** One more than the highest partition number. */
  readonly partitionCount: number
}

/** What an empty metadata store takes over from data directories that somebody else wrote. */
export interface AdoptedData {
  readonly clusterId: string | undefined
  readonly nodeId: number | undefined
  readonly topics: readonly AdoptedTopic[]
  readonly settings: readonly StoredSettings[]
  /** The first producer id that its cluster hadn't given to a broker yet; 0 where it doesn't say. */
  readonly nextProducerId: number
}

/** Looks through the log directories; null where there is nothing to adopt. */
export function findAdoptable(fileSystem: FileSystem, directories: readonly string[]): AdoptedData | null {
  const topics = new Map<string, AdoptedTopic>()
  let clusterId: string | undefined
  let nodeId: number | undefined
  const settings: StoredSettings[] = []
  let nextProducerId = 0
  for (const directory of directories) {
    const meta = readMetaProperties(fileSystem, directory)
    clusterId ??= meta?.clusterId
    nodeId ??= meta?.nodeId
    const metadata = readKafkaMetadata(fileSystem, directory)
    settings.push(...metadata.settings)
    nextProducerId = Math.max(nextProducerId, metadata.nextProducerId)
    for (const { topic: name, partition, topicId } of listPartitionFolders(fileSystem, directory)) {
      const known = topics.get(name)
      const partitionCount = Math.max(known?.partitionCount ?? 0, partition + 1)
      if (topicNameFault(name) === null) topics.set(name, { name, topicId: known?.topicId ?? topicId, partitionCount })
    }
  }
  if (topics.size === 0 && clusterId === undefined) return null
  return { clusterId, nodeId, topics: [...topics.values()], settings, nextProducerId }
}

/** Who writes, before there is a controller that would put right what is half written. */
export interface Adopter {
  readonly store: MetadataStore
  readonly services: BrokerServices
  readonly brokerEpoch: BrokerEpoch
}

// What a transaction of any store takes, less the topic's own key.
const opsMax = 100

/** Writes what was found into the metadata store, with leader epochs above those that the logs have. */
export async function adopt(data: AdoptedData, adopter: Adopter): Promise<void> {
  const { log } = adopter.services
  for (const { type, name, configs } of data.settings) {
    if (type === 'topic' && !data.topics.some((topic) => topic.name === name)) continue
    const value = encodeValue({ configs: Object.fromEntries(configs) })
    await commit(adopter, [{ kind: 'put', key: configKey({ type, name }), value }])
  }
  await keepProducerIdsAbove(data.nextProducerId, adopter)
  for (const topic of data.topics) await adoptTopic(topic, configsOf(data, topic.name), adopter)
  if (data.topics.length === 0) return
  log.info('topics of another broker were adopted', { topics: data.topics.length, settings: data.settings.length })
}

const configsOf = ({ settings }: AdoptedData, topic: string): ReadonlyMap<string, string> =>
  settings.find(({ type, name }) => type === 'topic' && name === topic)?.configs ?? new Map()

async function adoptTopic(topic: AdoptedTopic, configs: ReadonlyMap<string, string>, adopter: Adopter): Promise<void> {
  const { services } = adopter
  if (services.images.current.topicsByName.has(topic.name)) return
  const topicId = topic.topicId ?? services.random.uuid()
  const { log: config } = topicConfig(configs, services.settings)
  const logs = Array.from({ length: topic.partitionCount }, (_, partition) =>
    services.logs.open(topic.name, partition, topicId, config),
  )
  const states = logs.map((log) => firstState(log, adopter))
  const producerIds = logs.flatMap((log) => log.producers().map(({ producerId }) => producerId))
  await keepProducerIdsAbove(
    producerIds.reduce((next, id) => Math.max(next, id + 1), 0),
    adopter,
  )
  const value: TopicValue = { topicId, replicas: states.map(() => [services.brokerId]) }
  for (let i = 0; i < states.length; i += opsMax) await commit(adopter, states.slice(i, i + opsMax))
  await commit(adopter, [{ kind: 'put', key: topicKey(topic.name), value: encodeValue(value) }])
}

// A producer that got an id which the logs remember would be told that its first batch is out of order.
async function keepProducerIdsAbove(next: number, adopter: Adopter): Promise<void> {
  if (next <= adopter.services.images.current.producerIds.next) return
  const value: ProducerIdsValue = { next: asProducerId(next) }
  await commit(adopter, [{ kind: 'put', key: producerIdsKey, value: encodeValue(value) }])
}

function firstState({ topicId, partition, latestEpoch }: PartitionLog, adopter: Adopter): StoreOp {
  const leader = adopter.services.brokerId
  const value: PartitionValue = {
    leader,
    leaderEpoch: asLeaderEpoch(Math.max(-1, latestEpoch) + 1),
    isr: [{ brokerId: leader, brokerEpoch: adopter.brokerEpoch }],
    partitionEpoch: asPartitionEpoch(0),
  }
  return { kind: 'put', key: partitionKey(topicId, partition), value: encodeValue(value) }
}

async function commit({ store, services, brokerEpoch }: Adopter, ops: readonly StoreOp[]): Promise<void> {
  const author = authorOfBroker({ id: services.brokerId, epoch: brokerEpoch })
  const done = await store.commit({ conditions: [author], ops })
  if (done.kind !== 'committed') {
    throw new Error(`what lies in the log directories could not be written to the metadata store: ${done.kind}`)
  }
  await services.images.waitFor(done.revision)
}
