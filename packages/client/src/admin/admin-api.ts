import type { CallOptions } from '../client-options.ts'
import type { TopicPartition, TopicPartitionOffset } from '../record.ts'
import type {
  ClusterDescription,
  CommittedOffset,
  ConfigChange,
  ConfigEntry,
  ConfigResource,
  GroupDescription,
  GroupListing,
  ListedOffset,
  LogDirDescription,
  NewTopic,
  OffsetSpec,
  Outcome,
  TopicDescription,
  TopicListing,
} from './types.ts'

/** Results by name, in the order asked; every name asked for is in it. */
export type Outcomes<T> = ReadonlyMap<string, Outcome<T>>

/**
 * What `Admin` offers. A call rejects when nobody answered or the whole request was refused; a fault of one topic,
 * group or partition stands in its outcome.
 */
export interface AdminApi {
  createTopics(
    topics: readonly NewTopic[],
    options?: CallOptions & { validateOnly?: boolean },
  ): Promise<Outcomes<TopicDescription>>
  deleteTopics(names: readonly string[], options?: CallOptions): Promise<Outcomes<null>>
  listTopics(options?: CallOptions & { includeInternal?: boolean }): Promise<TopicListing[]>
  describeTopics(names: readonly string[], options?: CallOptions): Promise<Outcomes<TopicDescription>>
  createPartitions(topic: string, total: number, options?: CallOptions & { validateOnly?: boolean }): Promise<void>
  /** Deletes what lies before the offset of each partition (-1: before its high watermark); keys are `topic-partition`. */
  deleteRecords(
    before: readonly TopicPartitionOffset[],
    options?: CallOptions,
  ): Promise<Outcomes<{ readonly lowWatermark: number }>>
  describeConfigs(resource: ConfigResource, options?: CallOptions): Promise<ConfigEntry[]>
  alterConfigs(changes: readonly ConfigChange[], options?: CallOptions & { validateOnly?: boolean }): Promise<void>
  listGroups(options?: CallOptions): Promise<GroupListing[]>
  describeGroups(groupIds: readonly string[], options?: CallOptions): Promise<Outcomes<GroupDescription>>
  deleteGroups(groupIds: readonly string[], options?: CallOptions): Promise<Outcomes<null>>
  fetchOffsets(
    groupId: string,
    partitions?: readonly TopicPartition[],
    options?: CallOptions,
  ): Promise<CommittedOffset[]>
  /** Sets committed offsets of a group without members; keys are `topic-partition`. */
  commitOffsets(
    groupId: string,
    offsets: readonly TopicPartitionOffset[],
    options?: CallOptions,
  ): Promise<Outcomes<null>>
  deleteOffsets(groupId: string, partitions: readonly TopicPartition[], options?: CallOptions): Promise<Outcomes<null>>
  listOffsets(
    asked: readonly (TopicPartition & { readonly at: OffsetSpec })[],
    options?: CallOptions,
  ): Promise<ListedOffset[]>
  describeCluster(options?: CallOptions): Promise<ClusterDescription>
  describeLogDirs(brokers?: readonly number[], options?: CallOptions): Promise<LogDirDescription[]>
  close(): Promise<void>
}
