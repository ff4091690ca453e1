import type { BrokerEpoch, BrokerId, LeaderEpoch, PartitionEpoch, ProducerId, Revision } from '@millrace/kernel'
import { asBrokerId, asProducerId, asRevision } from '@millrace/kernel'
import type { ConfigResource } from './keys.ts'
import { configKey } from './keys.ts'
import type { BrokerValue, ListenerAddress } from './values.ts'

/** Where no broker is meant: a partition without a leader, a cluster without a controller. */
export const noBroker = asBrokerId(-1)

export interface BrokerRegistration extends BrokerValue {
  readonly id: BrokerId
  readonly epoch: BrokerEpoch
  readonly modRevision: Revision
  readonly listeners: readonly ListenerAddress[]
}

export interface PartitionImage {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  readonly replicas: readonly BrokerId[]
  /** -1 where there is none. */
  readonly leader: BrokerId
  readonly leaderEpoch: LeaderEpoch
  readonly isr: readonly BrokerId[]
  /** The epoch under which each member of `isr` joined, in the same order. */
  readonly isrEpochs: readonly BrokerEpoch[]
  /** -1 while the partition's state isn't written yet. */
  readonly partitionEpoch: PartitionEpoch
  /** What the next change of the state compares with; 0 while it isn't written yet. */
  readonly modRevision: Revision
}

export interface TopicImage {
  readonly name: string
  readonly id: string
  /** By partition number, without gaps. A partition that didn't change is the same object in the next image. */
  readonly partitions: readonly PartitionImage[]
  readonly createRevision: Revision
  readonly modRevision: Revision
}

export interface ResourceConfigs {
  readonly resource: ConfigResource
  /** What was set for this resource, as it was written; not what holds where nothing was set. */
  readonly configs: ReadonlyMap<string, string>
  readonly modRevision: Revision
}

/** The state that a partition's key holds, also while its topic's key isn't there (before, or after its deletion). */
export interface PartitionState {
  readonly leader: BrokerId
  readonly leaderEpoch: LeaderEpoch
  readonly isr: readonly BrokerId[]
  readonly isrEpochs: readonly BrokerEpoch[]
  readonly partitionEpoch: PartitionEpoch
  readonly modRevision: Revision
}

/**
 * All that the metadata store holds, at one revision. Immutable: the next one shares what didn't change with it, so
 * that "did it change" is a comparison of references. A request reads one image from start to end.
 */
export interface MetadataImage {
  readonly revision: Revision
  /** '' before the first broker wrote it. */
  readonly clusterId: string
  /** -1 where there is none. */
  readonly controllerId: BrokerId
  /** Create revision of the controller's key: fences a controller that was replaced. 0 where there is none. */
  readonly controllerEpoch: Revision
  readonly brokers: ReadonlyMap<BrokerId, BrokerRegistration>
  readonly topicsByName: ReadonlyMap<string, TopicImage>
  readonly topicsById: ReadonlyMap<string, TopicImage>
  /** By `configKey`; read through `configsOf`. */
  readonly configs: ReadonlyMap<string, ResourceConfigs>
  /** By topic id and partition; read through the topics. */
  readonly partitionStates: ReadonlyMap<string, ReadonlyMap<number, PartitionState>>
  readonly producerIds: { readonly next: ProducerId; readonly modRevision: Revision }
}

export const emptyImage: MetadataImage = {
  revision: asRevision(0),
  clusterId: '',
  controllerId: noBroker,
  controllerEpoch: asRevision(0),
  brokers: new Map(),
  topicsByName: new Map(),
  topicsById: new Map(),
  configs: new Map(),
  partitionStates: new Map(),
  producerIds: { next: asProducerId(0), modRevision: asRevision(0) },
}

const noConfigs: ReadonlyMap<string, string> = new Map()

/** What was set for the resource itself. For a topic's effective settings ask the broker's config. */
export const configsOf = (image: MetadataImage, resource: ConfigResource): ReadonlyMap<string, string> =>
  image.configs.get(configKey(resource))?.configs ?? noConfigs

export const partitionOf = (image: MetadataImage, topic: string, partition: number): PartitionImage | undefined =>
  image.topicsByName.get(topic)?.partitions[partition]

/** Whether clients are told of the broker: registered, and past its start. */
export const isServing = (broker: BrokerRegistration | undefined): broker is BrokerRegistration =>
  broker !== undefined && broker.state !== 'starting'

/** Whether the broker can use its replica of the partition: its log directory hasn't failed. */
export const hasReplica = (
  { offlinePartitions }: BrokerRegistration,
  { topicId, partition }: Pick<PartitionImage, 'topicId' | 'partition'>,
): boolean => offlinePartitions?.[topicId]?.includes(partition) !== true

export const offlineReplicas = (image: MetadataImage, partition: PartitionImage): readonly BrokerId[] =>
  partition.replicas.filter((id) => {
    const broker = image.brokers.get(id)
    return !isServing(broker) || !hasReplica(broker, partition)
  })
