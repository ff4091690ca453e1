import type { ClientOptions } from '../client-options.ts'
import type { ClientMetrics } from '../cluster/client-metrics.ts'
import { Cluster } from '../cluster/cluster.ts'
import type { TopicPartition } from '../record.ts'
import { createAcls, deleteAcls, describeAcls } from './acls.ts'
import type { AdminApi } from './admin-api.ts'
import type { AdminCallOptions, Call } from './call.ts'
import { runCall } from './call.ts'
import { clientInstanceId } from './client-instance-id.ts'
import { alterClientQuotas, describeClientQuotas } from './client-quotas.ts'
import type { ConfigEntry, ConfigResource, DescribeConfigsOptions } from './configs-api.ts'
import { alterConfigs, describeConfigs, listConfigResources, replaceConfigs } from './configs.ts'
import {
  createDelegationToken,
  describeDelegationTokens,
  expireDelegationToken,
  renewDelegationToken,
} from './delegation-tokens.ts'
import { describeCluster } from './describe-cluster.ts'
import { describeFeatures, updateFeatures } from './features.ts'
import { describeGroups } from './group-descriptions.ts'
import { deleteGroups, listGroups, removeMembers } from './groups.ts'
import { offsetsOfPartitions } from './list-offsets.ts'
import { alterReplicaLogDirs, describeLogDirs, describeReplicaLogDirs } from './log-dirs.ts'
import type { CommittedOffset, FetchOffsetsOptions, GroupPartitions, ShareOffset } from './offsets-api.ts'
import { NewTopics } from './new-topics.ts'
import { commitOffsets, deleteOffsets, fetchOffsets } from './offsets.ts'
import { valueOf } from './outcome.ts'
import { resourceKey } from './outcome-keys.ts'
import type { Outcomes } from './outcome-types.ts'
import { createPartitions, deleteRecords } from './partitions.ts'
import { addRaftVoter, describeQuorum, removeRaftVoter, unregisterBroker } from './quorum.ts'
import { alterPartitionReassignments, electLeaders, listPartitionReassignments } from './replicas.ts'
import { alterUserScramCredentials, describeUserScramCredentials } from './scram-credentials.ts'
import { alterShareOffsets, deleteShareOffsets, fetchShareOffsets } from './share-offsets.ts'
import { describeTopics, listTopics } from './topic-descriptions.ts'
import type { NewPartitions, QuotaOptions, ValidateOptions } from './topics-api.ts'
import { createTopics, deleteTopics } from './topics.ts'
import {
  abortTransaction,
  describeProducers,
  describeTransactions,
  fenceProducers,
  listTransactions,
} from './transactions.ts'

// The examples of overloads stand here too: an editor takes over no others from the interface.

/**
 * Looks after everything in a cluster but its records: topics, settings, groups and offsets, replicas, transactions,
 * who may do what, brokers and features. Connects on first use; every call retries what may pass, until its
 * `timeoutMs` (default `defaultApiTimeoutMs`) is up or its `signal` ends it.
 *
 * @example
 * await using admin = new Admin({ bootstrapServers: 'localhost:9092' })
 * await admin.createTopics([{ name: 'orders', partitions: 6 }])
 */
export class Admin implements AdminApi, AsyncDisposable {
  readonly #cluster: Cluster
  readonly #newTopics: NewTopics
  #clientInstanceId: string | undefined

  constructor(options: ClientOptions) {
    this.#cluster = new Cluster(options)
    this.#newTopics = new NewTopics(this.#cluster.settings.clock)
  }

  readonly createTopics: AdminApi['createTopics'] = (topics, options = {}) =>
    this.#run(options, (call) => createTopics(call, topics, options))

  readonly deleteTopics: AdminApi['deleteTopics'] = (topics, options = {}) =>
    this.#run(options, (call) => deleteTopics(call, topics, options))

  readonly listTopics: AdminApi['listTopics'] = (options = {}) =>
    this.#run(options, (call) => listTopics(call, options))

  readonly describeTopics: AdminApi['describeTopics'] = (topics, options = {}) =>
    this.#run(options, (call) => describeTopics(call, topics, options))

  /** @example await admin.createPartitions('orders', 12) */
  createPartitions(topic: string, total: number, options?: ValidateOptions & QuotaOptions): Promise<void>
  createPartitions(topics: readonly NewPartitions[], options?: ValidateOptions & QuotaOptions): Promise<Outcomes<null>>
  createPartitions(
    asked: string | readonly NewPartitions[],
    total?: number | (ValidateOptions & QuotaOptions),
    given?: ValidateOptions & QuotaOptions,
  ): Promise<void | Outcomes<null>> {
    const options = (typeof total === 'object' ? total : given) ?? {}
    return this.#run(options, async (call) => {
      if (typeof asked !== 'string') return createPartitions(call, asked, options)
      const outcomes = await createPartitions(call, [{ topic: asked, total: Number(total) }], options)
      valueOf(outcomes.get(asked)!)
    })
  }

  readonly deleteRecords: AdminApi['deleteRecords'] = (before, options = {}) =>
    this.#run(options, (call) => deleteRecords(call, before))

  /** @example const entries = await admin.describeConfigs({ type: 'topic', name: 'orders' }) */
  describeConfigs(resource: ConfigResource, options?: DescribeConfigsOptions): Promise<ConfigEntry[]>
  describeConfigs(
    resources: readonly ConfigResource[],
    options?: DescribeConfigsOptions,
  ): Promise<Outcomes<readonly ConfigEntry[]>>
  describeConfigs(
    asked: ConfigResource | readonly ConfigResource[],
    options: DescribeConfigsOptions = {},
  ): Promise<ConfigEntry[] | Outcomes<readonly ConfigEntry[]>> {
    return this.#run(options, async (call) => {
      if (!('type' in asked)) return describeConfigs(call, asked, options)
      const outcomes = await describeConfigs(call, [asked], options)
      return [...valueOf(outcomes.get(resourceKey(asked))!)]
    })
  }

  readonly alterConfigs: AdminApi['alterConfigs'] = (changes, options = {}) =>
    this.#run(options, (call) => alterConfigs(call, changes, options))

  readonly replaceConfigs: AdminApi['replaceConfigs'] = (replacements, options = {}) =>
    this.#run(options, (call) => replaceConfigs(call, replacements, options))

  readonly listConfigResources: AdminApi['listConfigResources'] = (types = [], options = {}) =>
    this.#run(options, (call) => listConfigResources(call, types))

  readonly listGroups: AdminApi['listGroups'] = (options = {}) =>
    this.#run(options, (call) => listGroups(call, options))

  readonly describeGroups: AdminApi['describeGroups'] = (groupIds, options = {}) =>
    this.#run(options, (call) => describeGroups(call, groupIds, options))

  readonly deleteGroups: AdminApi['deleteGroups'] = (groupIds, options = {}) =>
    this.#run(options, (call) => deleteGroups(call, groupIds))

  readonly removeMembers: AdminApi['removeMembers'] = (groupId, members, options = {}) =>
    this.#run(options, (call) => removeMembers(call, groupId, members, options))

  readonly listOffsets: AdminApi['listOffsets'] = (asked, options = {}) =>
    this.#run(options, (call) => offsetsOfPartitions(call, asked, options))

  /** @example const committed = await admin.fetchOffsets('warehouse') */
  fetchOffsets(
    groupId: string,
    partitions?: readonly TopicPartition[],
    options?: FetchOffsetsOptions,
  ): Promise<CommittedOffset[]>
  fetchOffsets(
    groups: readonly GroupPartitions[],
    options?: FetchOffsetsOptions,
  ): Promise<Outcomes<readonly CommittedOffset[]>>
  fetchOffsets(
    asked: string | readonly GroupPartitions[],
    partitions?: readonly TopicPartition[] | FetchOffsetsOptions,
    given?: FetchOffsetsOptions,
  ): Promise<CommittedOffset[] | Outcomes<readonly CommittedOffset[]>> {
    return this.#ofGroups(asked, partitions, given, fetchOffsets)
  }

  readonly commitOffsets: AdminApi['commitOffsets'] = (groupId, offsets, options = {}) =>
    this.#run(options, (call) => commitOffsets(call, groupId, offsets))

  readonly deleteOffsets: AdminApi['deleteOffsets'] = (groupId, partitions, options = {}) =>
    this.#run(options, (call) => deleteOffsets(call, groupId, partitions))

  /** @example const positions = await admin.fetchShareOffsets('workers') */
  fetchShareOffsets(
    groupId: string,
    partitions?: readonly TopicPartition[],
    options?: AdminCallOptions,
  ): Promise<ShareOffset[]>
  fetchShareOffsets(
    groups: readonly GroupPartitions[],
    options?: AdminCallOptions,
  ): Promise<Outcomes<readonly ShareOffset[]>>
  fetchShareOffsets(
    asked: string | readonly GroupPartitions[],
    partitions?: readonly TopicPartition[] | AdminCallOptions,
    given?: AdminCallOptions,
  ): Promise<ShareOffset[] | Outcomes<readonly ShareOffset[]>> {
    return this.#ofGroups(asked, partitions, given, fetchShareOffsets)
  }

  readonly alterShareOffsets: AdminApi['alterShareOffsets'] = (groupId, offsets, options = {}) =>
    this.#run(options, (call) => alterShareOffsets(call, groupId, offsets))

  readonly deleteShareOffsets: AdminApi['deleteShareOffsets'] = (groupId, topics, options = {}) =>
    this.#run(options, (call) => deleteShareOffsets(call, groupId, topics))

  readonly alterPartitionReassignments: AdminApi['alterPartitionReassignments'] = (reassignments, options = {}) =>
    this.#run(options, (call) => alterPartitionReassignments(call, reassignments, options))

  readonly listPartitionReassignments: AdminApi['listPartitionReassignments'] = (partitions, options = {}) =>
    this.#run(options, (call) => listPartitionReassignments(call, partitions))

  readonly electLeaders: AdminApi['electLeaders'] = (type, partitions, options = {}) =>
    this.#run(options, (call) => electLeaders(call, type, partitions))

  readonly listTransactions: AdminApi['listTransactions'] = (options = {}) =>
    this.#run(options, (call) => listTransactions(call, options))

  readonly describeTransactions: AdminApi['describeTransactions'] = (transactionalIds, options = {}) =>
    this.#run(options, (call) => describeTransactions(call, transactionalIds))

  readonly describeProducers: AdminApi['describeProducers'] = (partitions, options = {}) =>
    this.#run(options, (call) => describeProducers(call, partitions, options))

  readonly abortTransaction: AdminApi['abortTransaction'] = (transaction, options = {}) =>
    this.#run(options, (call) => abortTransaction(call, transaction))

  readonly fenceProducers: AdminApi['fenceProducers'] = (transactionalIds, options = {}) =>
    this.#run(options, (call) => fenceProducers(call, transactionalIds))

  readonly describeAcls: AdminApi['describeAcls'] = (filter = {}, options = {}) =>
    this.#run(options, (call) => describeAcls(call, filter))

  readonly createAcls: AdminApi['createAcls'] = (bindings, options = {}) =>
    this.#run(options, (call) => createAcls(call, bindings))

  readonly deleteAcls: AdminApi['deleteAcls'] = (filters, options = {}) =>
    this.#run(options, (call) => deleteAcls(call, filters))

  readonly describeClientQuotas: AdminApi['describeClientQuotas'] = (filter = {}, options = {}) =>
    this.#run(options, (call) => describeClientQuotas(call, filter))

  readonly alterClientQuotas: AdminApi['alterClientQuotas'] = (alterations, options = {}) =>
    this.#run(options, (call) => alterClientQuotas(call, alterations, options))

  readonly describeUserScramCredentials: AdminApi['describeUserScramCredentials'] = (users, options = {}) =>
    this.#run(options, (call) => describeUserScramCredentials(call, users))

  readonly alterUserScramCredentials: AdminApi['alterUserScramCredentials'] = (alterations, options = {}) =>
    this.#run(options, (call) => alterUserScramCredentials(call, alterations))

  readonly createDelegationToken: AdminApi['createDelegationToken'] = (options = {}) =>
    this.#run(options, (call) => createDelegationToken(call, options))

  readonly renewDelegationToken: AdminApi['renewDelegationToken'] = (hmac, options = {}) =>
    this.#run(options, (call) => renewDelegationToken(call, hmac, options.periodMs))

  readonly expireDelegationToken: AdminApi['expireDelegationToken'] = (hmac, options = {}) =>
    this.#run(options, (call) => expireDelegationToken(call, hmac, options.inMs))

  readonly describeDelegationTokens: AdminApi['describeDelegationTokens'] = (owners, options = {}) =>
    this.#run(options, (call) => describeDelegationTokens(call, owners))

  readonly describeCluster: AdminApi['describeCluster'] = (options = {}) =>
    this.#run(options, (call) => describeCluster(call, options))

  readonly describeLogDirs: AdminApi['describeLogDirs'] = (brokers, options = {}) =>
    this.#run(options, (call) => describeLogDirs(call, brokers))

  readonly alterReplicaLogDirs: AdminApi['alterReplicaLogDirs'] = (moves, options = {}) =>
    this.#run(options, (call) => alterReplicaLogDirs(call, moves))

  readonly describeReplicaLogDirs: AdminApi['describeReplicaLogDirs'] = (replicas, options = {}) =>
    this.#run(options, (call) => describeReplicaLogDirs(call, replicas))

  readonly describeFeatures: AdminApi['describeFeatures'] = (options = {}) =>
    this.#run(options, (call) => describeFeatures(call, options))

  readonly updateFeatures: AdminApi['updateFeatures'] = (updates, options = {}) =>
    this.#run(options, (call) => updateFeatures(call, updates, options))

  readonly describeQuorum: AdminApi['describeQuorum'] = (options = {}) => this.#run(options, describeQuorum)

  readonly addRaftVoter: AdminApi['addRaftVoter'] = (voter, endpoints, options = {}) =>
    this.#run(options, (call) => addRaftVoter(call, voter, endpoints, options))

  readonly removeRaftVoter: AdminApi['removeRaftVoter'] = (voter, options = {}) =>
    this.#run(options, (call) => removeRaftVoter(call, voter, options))

  readonly unregisterBroker: AdminApi['unregisterBroker'] = (broker, options = {}) =>
    this.#run(options, (call) => unregisterBroker(call, broker))

  readonly clientInstanceId: AdminApi['clientInstanceId'] = async (options = {}) =>
    (this.#clientInstanceId ??= await this.#run(options, clientInstanceId))

  metrics(): ClientMetrics {
    return this.#cluster.metrics()
  }

  /** Disconnects; calls that wait are rejected. */
  close(): Promise<void> {
    this.#cluster.close()
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** What one group has, which rejects with its error, or what several have. */
  #ofGroups<T, Options extends AdminCallOptions>(
    asked: string | readonly GroupPartitions[],
    partitions: readonly TopicPartition[] | Options | undefined,
    given: Options | undefined,
    fetch: (call: Call, groups: readonly GroupPartitions[], options: Options) => Promise<Outcomes<readonly T[]>>,
  ): Promise<T[] | Outcomes<readonly T[]>> {
    const options = (typeof asked === 'string' ? given : (partitions as Options | undefined)) ?? ({} as Options)
    return this.#run(options, async (call) => {
      if (typeof asked !== 'string') return fetch(call, asked, options)
      const group = { groupId: asked, ...(Array.isArray(partitions) ? { partitions } : {}) }
      return [...valueOf((await fetch(call, [group], options)).get(asked)!)]
    })
  }

  #run<T>(options: AdminCallOptions, work: (call: Call) => Promise<T>): Promise<T> {
    return runCall(this.#cluster, this.#newTopics, options, work)
  }
}
