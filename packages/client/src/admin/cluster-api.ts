import type { TopicPartition } from '../record.ts'
import type { AdminCallOptions } from './call.ts'
import type { AclOperation } from './names.ts'
import type { Outcomes } from './outcome-types.ts'
import type { ValidateOptions } from './topics-api.ts'

/** A broker. */
export interface ClusterNode {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
  /** Whether it is registered but not serving; only where fenced brokers were asked for. */
  readonly fenced: boolean
}

/** The cluster as a broker sees it. */
export interface ClusterDescription {
  readonly clusterId: string
  /** null while there is none. With KRaft it is any broker that stands in for it. */
  readonly controller: number | null
  readonly nodes: readonly ClusterNode[]
  /** null where it wasn't asked for. */
  readonly authorizedOperations: readonly AclOperation[] | null
}

/** What to tell of the cluster. */
export interface DescribeClusterOptions extends AdminCallOptions {
  /** Whether to tell what we may do with the cluster (KIP-430). Default false. */
  readonly includeAuthorizedOperations?: boolean
  /** Also brokers that are registered but away (KIP-1073); from Kafka 4.0 on. Default false. */
  readonly includeFencedBrokers?: boolean
}

/** A replica in a log directory. */
export interface LogDirReplica extends TopicPartition {
  readonly sizeBytes: number
  /** How many records it is behind the high watermark, or a future replica behind the current one. */
  readonly offsetLag: number
  /** Whether it is being moved here, and will take the place of the current one. */
  readonly future: boolean
}

/** A log directory of a broker. */
export interface LogDirDescription {
  readonly path: string
  /** Kafka's name of what is wrong with the directory, such as KAFKA_STORAGE_ERROR. */
  readonly error: string | null
  /** -1 where the broker (before 3.3) doesn't say. */
  readonly totalBytes: number
  readonly usableBytes: number
  /** Whether it takes no new partitions (`cordoned.log.dirs`); false where the broker (before 4.3) doesn't say. */
  readonly cordoned: boolean
  readonly replicas: readonly LogDirReplica[]
}

/** A replica by its partition and its broker; among outcomes it is `topic-partition-broker`. */
export interface ReplicaRef extends TopicPartition {
  readonly broker: number
}

/** Where a replica shall lie. */
export interface ReplicaMove extends ReplicaRef {
  /** One of the broker's log directories, as an absolute path. */
  readonly path: string
}

/** Where a replica lies. */
export interface ReplicaLogDirs {
  /** null where the broker doesn't have the replica. */
  readonly current: { readonly path: string; readonly offsetLag: number } | null
  /** Where it is being moved to. */
  readonly future: { readonly path: string; readonly offsetLag: number } | null
}

/** Levels of a feature, both ends included. */
export interface FeatureRange {
  readonly min: number
  readonly max: number
}

/** The features of a broker and its cluster, by name. */
export interface FeaturesDescription {
  /** Feature levels that the broker can work with. */
  readonly supported: ReadonlyMap<string, FeatureRange>
  /** Feature levels that the cluster works with. */
  readonly finalized: ReadonlyMap<string, FeatureRange>
  /** null where the broker doesn't know. */
  readonly finalizedEpoch: number | null
}

/** A change of the level of a feature. */
export interface FeatureUpdate {
  readonly feature: string
  /** The level that it shall have; 0 switches it off. */
  readonly level: number
  /** Default `upgrade`. A safe downgrade loses nothing; downgrades need Kafka 3.3. */
  readonly direction?: 'upgrade' | 'safe-downgrade' | 'unsafe-downgrade'
}

/** A controller, or a broker that follows it. */
export interface QuorumReplica {
  readonly id: number
  /** null on brokers older than 3.9. */
  readonly directoryId: string | null
  readonly logEndOffset: number
  /** Milliseconds since the Unix epoch, of the leader's clock; null where it isn't known. */
  readonly lastFetchMs: number | null
  readonly lastCaughtUpMs: number | null
}

/** Where a controller listens. */
export interface Endpoint {
  readonly name: string
  readonly host: string
  readonly port: number
}

/** The metadata quorum of a cluster with KRaft. */
export interface QuorumDescription {
  readonly leader: number
  readonly leaderEpoch: number
  readonly highWatermark: number
  readonly voters: readonly QuorumReplica[]
  readonly observers: readonly QuorumReplica[]
  /** Where the voters listen; empty on brokers older than 3.9. */
  readonly nodes: ReadonlyMap<number, readonly Endpoint[]>
}

/** A controller by its id and its directory. */
export interface VoterRef {
  readonly id: number
  /** Of its metadata log directory, as in its meta.properties. */
  readonly directoryId: string
}

/** The cluster as a whole: its brokers, their disks, its features and its metadata quorum. */
export interface ClusterApi {
  /**
   * The brokers that are up, and who is the controller. Rejects where no broker answers in time, and with
   * UNSUPPORTED_VERSION where they are too old for what is asked. Kafka: DescribeCluster (KIP-700), Metadata on brokers
   * older than 2.8.
   *
   * @example
   * const { clusterId, nodes } = await admin.describeCluster()
   */
  describeCluster(options?: DescribeClusterOptions): Promise<ClusterDescription>

  /**
   * The log directories of these brokers (default: all that are up) and what lies in them; under the broker's id.
   *
   * Fails with CLUSTER_AUTHORIZATION_FAILED, or BROKER_NOT_AVAILABLE for an id that isn't there. Kafka:
   * DescribeLogDirs (KIP-113, KIP-827).
   *
   * @example
   * const directories = valuesOf(await admin.describeLogDirs([1])).get(1)
   */
  describeLogDirs(
    brokers?: readonly number[],
    options?: AdminCallOptions,
  ): Promise<Outcomes<readonly LogDirDescription[], number>>

  /**
   * Has brokers move replicas to other log directories of theirs; what isn't there yet is made there. It is under way
   * when this resolves: `describeReplicaLogDirs` tells how far.
   *
   * Fails with LOG_DIR_NOT_FOUND, KAFKA_STORAGE_ERROR, REPLICA_NOT_AVAILABLE (where the replica isn't there yet, but
   * will be made in that directory), INVALID_TOPIC_EXCEPTION or CLUSTER_AUTHORIZATION_FAILED. Kafka:
   * AlterReplicaLogDirs (KIP-113).
   *
   * @example
   * await admin.alterReplicaLogDirs([{ topic: 'orders', partition: 0, broker: 1, path: '/data/b' }])
   */
  alterReplicaLogDirs(moves: readonly ReplicaMove[], options?: AdminCallOptions): Promise<Outcomes<null>>

  /**
   * In which log directory each replica lies, and where it is being moved to.
   *
   * Fails with CLUSTER_AUTHORIZATION_FAILED, or BROKER_NOT_AVAILABLE for a broker that isn't there. Kafka: DescribeLogDirs
   * (KIP-113).
   *
   * @example
   * await admin.describeReplicaLogDirs([{ topic: 'orders', partition: 0, broker: 1 }])
   */
  describeReplicaLogDirs(replicas: readonly ReplicaRef[], options?: AdminCallOptions): Promise<Outcomes<ReplicaLogDirs>>

  /**
   * Feature levels that a broker supports and that the cluster has finalized. Rejects with BROKER_NOT_AVAILABLE for a
   * broker that isn't there. Kafka: ApiVersions (KIP-584), from 2.7 on.
   *
   * @example
   * const level = (await admin.describeFeatures()).finalized.get('metadata.version')?.max
   */
  describeFeatures(options?: AdminCallOptions & { readonly broker?: number }): Promise<FeaturesDescription>

  /**
   * Finalizes feature levels; outcomes are under their names. Brokers from 4.0 on take all or none.
   *
   * Fails with INVALID_UPDATE_VERSION, FEATURE_UPDATE_FAILED, INVALID_REQUEST or CLUSTER_AUTHORIZATION_FAILED. Kafka:
   * UpdateFeatures (KIP-584, KIP-778), from 2.7 on; `validateOnly` from 3.3 on.
   *
   * @example
   * await admin.updateFeatures([{ feature: 'share.version', level: 1 }], { validateOnly: true })
   */
  updateFeatures(updates: readonly FeatureUpdate[], options?: ValidateOptions): Promise<Outcomes<null>>

  /**
   * The metadata quorum of a cluster with KRaft: its leader, and how far its voters and observers are. Rejects with
   * CLUSTER_AUTHORIZATION_FAILED, or UNSUPPORTED_VERSION without KRaft. Kafka:
   * DescribeQuorum (KIP-595, KIP-836), from 3.3 on.
   *
   * @example
   * const { leader, voters } = await admin.describeQuorum()
   */
  describeQuorum(options?: AdminCallOptions): Promise<QuorumDescription>

  /**
   * Makes a controller a voter of the metadata quorum.
   *
   * Rejects with DUPLICATE_VOTER, INVALID_REQUEST, INCONSISTENT_CLUSTER_ID, UNSUPPORTED_VERSION (a quorum with a
   * static list of voters), REQUEST_TIMED_OUT or CLUSTER_AUTHORIZATION_FAILED. Kafka: AddRaftVoter (KIP-853), from
   * 3.9 on.
   *
   * @example
   * await admin.addRaftVoter({ id: 4, directoryId }, [{ name: 'CONTROLLER', host: 'c4', port: 9093 }])
   */
  addRaftVoter(
    voter: VoterRef,
    endpoints: readonly Endpoint[],
    options?: AdminCallOptions & { readonly clusterId?: string },
  ): Promise<void>

  /**
   * Takes a controller out of the voters of the metadata quorum. Rejects with VOTER_NOT_FOUND, INVALID_REQUEST (the
   * last voter), or as `addRaftVoter` does. Kafka: RemoveRaftVoter (KIP-853), from 3.9 on.
   *
   * @example
   * await admin.removeRaftVoter({ id: 4, directoryId })
   */
  removeRaftVoter(voter: VoterRef, options?: AdminCallOptions & { readonly clusterId?: string }): Promise<void>

  /**
   * Forgets a broker that is gone for good. Rejects with BROKER_ID_NOT_REGISTERED or CLUSTER_AUTHORIZATION_FAILED.
   * Kafka: UnregisterBroker (KIP-631), with KRaft from 3.3 on.
   *
   * @example
   * await admin.unregisterBroker(7)
   */
  unregisterBroker(broker: number, options?: AdminCallOptions): Promise<void>

  /**
   * The id that brokers know this client by in the metrics that they collect from clients (KIP-714): 22 characters of
   * URL-safe base64, the same for the life of this object. Rejects with UNSUPPORTED_VERSION where the broker collects
   * none. Kafka: GetTelemetrySubscriptions, from 3.7 on.
   *
   * @example
   * console.log(await admin.clientInstanceId())
   */
  clientInstanceId(options?: AdminCallOptions): Promise<string>
}
