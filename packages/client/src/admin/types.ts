import type { KafkaError } from '@millrace/protocol'
import type { TopicPartition, TopicPartitionOffset } from '../record.ts'

/** The outcome for one of many: what is done is done, and what failed says why. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: KafkaError }

export interface NewTopic {
  readonly name: string
  /** The broker's `num.partitions` where not given. */
  readonly partitions?: number
  /** The broker's `default.replication.factor` where not given. */
  readonly replicationFactor?: number
  /** Brokers of each partition's replicas, in place of the two above. */
  readonly replicaAssignment?: readonly (readonly number[])[]
  readonly configs?: Readonly<Record<string, string>>
}

export interface TopicListing {
  readonly name: string
  readonly topicId: string
  readonly internal: boolean
  readonly partitions: number
}

export interface PartitionDescription {
  readonly partition: number
  /** null while there is none. */
  readonly leader: number | null
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
}

export interface TopicDescription {
  readonly name: string
  readonly topicId: string
  readonly internal: boolean
  readonly partitions: readonly PartitionDescription[]
}

export type ConfigResourceType = 'topic' | 'broker' | 'group' | 'client-metrics' | 'broker-logger'

export interface ConfigResource {
  readonly type: ConfigResourceType
  /** Topic or group name, broker id as text; '' is the default of all brokers. */
  readonly name: string
}

export interface ConfigEntry {
  readonly name: string
  /** null where it is sensitive or has none. */
  readonly value: string | null
  readonly source:
    | 'topic'
    | 'dynamic-broker'
    | 'dynamic-default-broker'
    | 'static-broker'
    | 'default'
    | 'group'
    | 'client-metrics'
    | 'dynamic-broker-logger'
    | 'unknown'
  readonly readOnly: boolean
  readonly sensitive: boolean
  readonly type: string
  readonly documentation: string | null
}

export interface ConfigChange {
  readonly resource: ConfigResource
  readonly name: string
  readonly operation: 'set' | 'delete' | 'append' | 'subtract'
  readonly value?: string
}

export interface GroupListing {
  readonly groupId: string
  readonly protocolType: string
  readonly state: string
  readonly type: string
}

export interface GroupMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly assignment: readonly TopicPartition[]
}

export interface GroupDescription {
  readonly groupId: string
  readonly state: string
  readonly protocolType: string
  readonly protocol: string
  /** Broker id of the coordinator. */
  readonly coordinator: number
  readonly members: readonly GroupMember[]
}

export interface CommittedOffset extends TopicPartitionOffset {
  readonly leaderEpoch: number
  readonly metadata: string
}

/** What ListOffsets can be asked for; a number is a timestamp in ms. */
export type OffsetSpec = 'earliest' | 'latest' | 'max-timestamp' | number

export interface ListedOffset extends TopicPartition {
  /** -1 where no record is that late. */
  readonly offset: number
  readonly timestamp: number
  readonly leaderEpoch: number
}

export interface ClusterNode {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

export interface ClusterDescription {
  readonly clusterId: string
  /** null while there is none. */
  readonly controller: number | null
  readonly nodes: readonly ClusterNode[]
}

export interface LogDirDescription {
  readonly broker: number
  readonly path: string
  readonly error: string | null
  readonly totalBytes: number
  readonly usableBytes: number
  readonly replicas: readonly (TopicPartition & { readonly sizeBytes: number; readonly offsetLag: number })[]
}
