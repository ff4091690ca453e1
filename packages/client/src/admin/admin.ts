import type { CallOptions, ClientOptions } from '../client-options.ts'
import { Cluster } from '../cluster/cluster.ts'
import type { TopicPartition, TopicPartitionOffset } from '../record.ts'
import type { AdminApi, Outcomes } from './admin-api.ts'
import { describeCluster, describeLogDirs } from './brokers.ts'
import { alterConfigs, describeConfigs, listConfigResources } from './configs.ts'
import { commitOffsets, deleteOffsets, fetchOffsets } from './group-offsets.ts'
import { deleteGroups, describeGroups, listGroups } from './groups.ts'
import type { AskedOffset } from './list-offsets.ts'
import { listOffsets } from './list-offsets.ts'
import { createPartitions, createTopics, deleteRecords, deleteTopics, describeTopics, listTopics } from './topics.ts'
import type {
  ClusterDescription,
  CommittedOffset,
  ConfigChange,
  ConfigEntry,
  ConfigResource,
  ConfigResourceType,
  GroupDescription,
  GroupListing,
  ListedOffset,
  LogDirDescription,
  NewTopic,
  TopicDescription,
  TopicListing,
} from './types.ts'

type Validate = CallOptions & { readonly validateOnly?: boolean }

/**
 * Looks after topics, settings, groups and their offsets. Connects on first use; every call retries what may pass, for
 * `defaultApiTimeoutMs`.
 *
 * @example
 * await using admin = new Admin({ bootstrapServers: 'localhost:9092' })
 * await admin.createTopics([{ name: 'orders', partitions: 6 }])
 */
export class Admin implements AdminApi, AsyncDisposable {
  readonly #cluster: Cluster

  constructor(options: ClientOptions) {
    this.#cluster = new Cluster(options)
  }

  createTopics(topics: readonly NewTopic[], options: Validate = {}): Promise<Outcomes<TopicDescription>> {
    return createTopics(this.#cluster, topics, options)
  }

  deleteTopics(names: readonly string[], options: CallOptions = {}): Promise<Outcomes<null>> {
    return deleteTopics(this.#cluster, names, options)
  }

  listTopics(options: CallOptions & { readonly includeInternal?: boolean } = {}): Promise<TopicListing[]> {
    return listTopics(this.#cluster, options)
  }

  describeTopics(names: readonly string[], options: CallOptions = {}): Promise<Outcomes<TopicDescription>> {
    return describeTopics(this.#cluster, names, options)
  }

  createPartitions(topic: string, total: number, options: Validate = {}): Promise<void> {
    return createPartitions(this.#cluster, topic, total, options)
  }

  deleteRecords(
    before: readonly TopicPartitionOffset[],
    options: CallOptions = {},
  ): Promise<Outcomes<{ readonly lowWatermark: number }>> {
    return deleteRecords(this.#cluster, before, options)
  }

  describeConfigs(resource: ConfigResource, options: CallOptions = {}): Promise<ConfigEntry[]> {
    return describeConfigs(this.#cluster, resource, options)
  }

  alterConfigs(changes: readonly ConfigChange[], options: Validate = {}): Promise<void> {
    return alterConfigs(this.#cluster, changes, options)
  }

  /** The resources of these types (default: all) that have settings of their own. */
  listConfigResources(types: readonly ConfigResourceType[] = [], options: CallOptions = {}): Promise<ConfigResource[]> {
    return listConfigResources(this.#cluster, types, options)
  }

  listGroups(options: CallOptions = {}): Promise<GroupListing[]> {
    return listGroups(this.#cluster, options)
  }

  describeGroups(groupIds: readonly string[], options: CallOptions = {}): Promise<Outcomes<GroupDescription>> {
    return describeGroups(this.#cluster, groupIds, options)
  }

  deleteGroups(groupIds: readonly string[], options: CallOptions = {}): Promise<Outcomes<null>> {
    return deleteGroups(this.#cluster, groupIds, options)
  }

  fetchOffsets(
    groupId: string,
    partitions?: readonly TopicPartition[],
    options: CallOptions = {},
  ): Promise<CommittedOffset[]> {
    return fetchOffsets(this.#cluster, groupId, partitions, options)
  }

  commitOffsets(
    groupId: string,
    offsets: readonly TopicPartitionOffset[],
    options: CallOptions = {},
  ): Promise<Outcomes<null>> {
    return commitOffsets(this.#cluster, groupId, offsets, options)
  }

  deleteOffsets(
    groupId: string,
    partitions: readonly TopicPartition[],
    options: CallOptions = {},
  ): Promise<Outcomes<null>> {
    return deleteOffsets(this.#cluster, groupId, partitions, options)
  }

  listOffsets(asked: readonly AskedOffset[], options: CallOptions = {}): Promise<ListedOffset[]> {
    return listOffsets(this.#cluster, asked, options)
  }

  describeCluster(options: CallOptions = {}): Promise<ClusterDescription> {
    return describeCluster(this.#cluster, options)
  }

  describeLogDirs(brokers?: readonly number[], options: CallOptions = {}): Promise<LogDirDescription[]> {
    return describeLogDirs(this.#cluster, brokers, options)
  }

  /** Disconnects; calls that wait are rejected. */
  close(): Promise<void> {
    this.#cluster.close()
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
