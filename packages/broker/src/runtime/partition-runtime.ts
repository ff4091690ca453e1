import type { BrokerEpoch, BrokerId, Clock, Logger } from '@millrace/kernel'
import { errorMessage } from '@millrace/kernel'
import type { LeaderSettings, MetadataImage, OfflinePartitions, PartitionImage, TopicImage } from '@millrace/machines'
import { configsOf } from '@millrace/machines'
import type { ErrorName } from '@millrace/protocol'
import type { LogHistory, LogManager } from '@millrace/storage'
import type { BrokerSettings } from '../config/settings.ts'
import type { TopicConfig } from '../config/topic-config.ts'
import { topicConfig } from '../config/topic-config.ts'
import { OfflineReplicas } from './offline-replicas.ts'
import { openReplica } from './open-replica.ts'
import type { PartitionHost } from './partition.ts'
import { Partition } from './partition.ts'
import { PendingLogs } from './pending-logs.ts'

interface HostedTopic {
  readonly name: string
  readonly id: string
  /** By partition number; holes where the partition lies elsewhere, or its log can't be opened. */
  readonly partitions: (Partition | undefined)[]
}

export interface PartitionRuntimeOptions {
  readonly brokerId: BrokerId
  readonly brokerEpoch: () => BrokerEpoch
  readonly logs: LogManager
  readonly settings: BrokerSettings
  readonly clock: Clock
  readonly log: Logger
  /** Resolves when others had their turn of the event loop. */
  readonly endOfTurn: () => Promise<void>
  readonly onElected: (partition: Partition) => void
  readonly onResigned: (partition: Partition) => void
}

/** The partitions that this broker replicates, as the metadata says: opens, closes and deletes their logs. */
export class PartitionRuntime {
  readonly #options: PartitionRuntimeOptions
  readonly #topics = new Map<string, HostedTopic>()
  readonly #offline = new OfflineReplicas()
  readonly #pending: PendingLogs
  #onOffline: () => void = () => {}
  #offlineBefore = 0
  readonly #host: PartitionHost
  #image: MetadataImage | undefined
  #activeBrokers: ReadonlyMap<BrokerId, BrokerEpoch> = new Map()

  constructor(options: PartitionRuntimeOptions) {
    this.#options = options
    this.#host = {
      brokerId: options.brokerId,
      brokerEpoch: options.brokerEpoch,
      nowMs: () => options.clock.monotonicMs(),
      activeBrokers: () => this.#activeBrokers,
    }
    this.#pending = new PendingLogs({
      clock: options.clock,
      endOfTurn: options.endOfTurn,
      open: (topicId, partition, history) => this.#open(topicId, partition, history),
      delete: (topic, partition) => this.#deleteLog(topic, partition),
      onWorkedBehind: () => this.#workedBehind(),
    })
    options.settings.onChange(() => this.#reconfigureAll())
  }

  get(topic: string, index: number): Partition | undefined {
    return this.#topics.get(topic)?.partitions[index]
  }

  *all(): Iterable<Partition> {
    for (const topic of this.#topics.values()) {
      for (const partition of topic.partitions) if (partition !== undefined) yield partition
    }
  }

  /** The partition where this broker leads it, else the error that the client gets. */
  leader(image: MetadataImage, topic: string, index: number, currentLeaderEpoch = -1): Partition | ErrorName {
    const partition = this.#topics.get(topic)?.partitions[index]
    const known = image.topicsByName.get(topic)?.partitions[index]
    if (known === undefined) return 'UNKNOWN_TOPIC_OR_PARTITION'
    if (this.#offline.has(known)) return 'KAFKA_STORAGE_ERROR'
    if (partition === undefined || partition.topicId !== known.topicId) return 'NOT_LEADER_OR_FOLLOWER'
    if (partition.log.offline) return 'KAFKA_STORAGE_ERROR'
    return partition.leaderError(currentLeaderEpoch) ?? partition
  }

  /** Partitions whose replica here can't be used: what the metadata says of them. */
  offline(): OfflinePartitions {
    return this.#offline.byTopicId()
  }

  get offlineCount(): number {
    return this.#offline.count
  }

  /** A log directory has failed: who waits for partitions in it is told, and others lead them if there are any. */
  directoryFailed(): void {
    for (const partition of this.all()) {
      if (!partition.log.offline || !this.#offline.add(partition.topicId, partition.index)) continue
      if (partition.isLeader) this.#options.onResigned(partition)
      partition.close('KAFKA_STORAGE_ERROR')
    }
  }

  /** `min.insync.replicas` as it holds for the topic. */
  minInsyncReplicas(topic: string): number {
    const image = this.#image
    return image === undefined ? 1 : this.#configOf(topic, image).minInsyncReplicas
  }

  /** How many wait in all partitions: for replicas, and for more to read. */
  waiting(): { readonly produces: number; readonly fetches: number } {
    let produces = 0
    let fetches = 0
    for (const { waitingProduces, waitingFetches } of this.all()) {
      produces += waitingProduces
      fetches += waitingFetches
    }
    return { produces, fetches }
  }

  /** Told of partitions that turn out to be unusable when they are opened behind an `update`. */
  whenOffline(listener: () => void): void {
    this.#onOffline = listener
  }

  /**
   * Brings what lies here in line with the image. Very many partitions that come or go are opened and deleted in slices,
   * which go on behind it; until then clients are told NOT_LEADER_OR_FOLLOWER of new ones. Those of the first image are open
   * when it returns.
   */
  update(image: MetadataImage): void {
    const before = this.#image
    this.#image = image
    if (before?.brokers !== image.brokers) this.#updateBrokers(image)
    if (before === undefined || before.topicsByName !== image.topicsByName) this.#updateTopics(image, before)
    if (before !== undefined && before.configs !== image.configs) this.#updateConfigs(image, before)
    if (before === undefined) this.#pending.workAtOnce()
    else this.#pending.work()
    this.#offlineBefore = this.offlineCount
  }

  /** Resolves when the partitions of these topics are open, before all others that wait, or when it is `untilMs`. */
  opened(topicIds: Iterable<string>, untilMs: number): Promise<void> {
    return this.#pending.opened(topicIds, untilMs)
  }

  /** Resolves when a power cut doesn't bring back what lay here of deleted topics of these names, or when it is `untilMs`. */
  deleted(topics: Iterable<string>, untilMs: number): Promise<void> {
    return this.#pending.deleted(topics, untilMs)
  }

  /** All logs that are being deleted are gone from the folder's list. */
  async close(): Promise<void> {
    for (const partition of this.all()) partition.close('NOT_LEADER_OR_FOLLOWER')
    await this.#pending.close()
    this.#topics.clear()
  }

  #updateBrokers(image: MetadataImage): void {
    const active = [...image.brokers.values()].filter(({ state }) => state === 'running')
    this.#activeBrokers = new Map(active.map(({ id, epoch }) => [id, epoch]))
    for (const partition of this.all()) partition.updateBrokers()
  }

  #updateTopics(image: MetadataImage, before: MetadataImage | undefined): void {
    for (const [name, hosted] of this.#topics) {
      if (image.topicsByName.get(name)?.id !== hosted.id) this.#deleteTopic(hosted)
    }
    this.#offline.keep((topicId) => image.topicsById.has(topicId))
    this.#pending.keep((topicId) => image.topicsById.has(topicId))
    for (const topic of image.topicsByName.values()) {
      if (before?.topicsByName.get(topic.name) !== topic) this.#updateTopic(topic, before)
    }
  }

  #updateTopic(topic: TopicImage, before: MetadataImage | undefined): void {
    for (const partition of topic.partitions) {
      const hosted = this.#topics.get(topic.name)?.partitions[partition.partition]
      if (hosted !== undefined) this.#tell(hosted, hosted.update(partition))
      else if (partition.replicas.includes(this.#options.brokerId)) {
        this.#pending.toOpen(topic, partition.partition, () => this.#historyOf(partition, before))
      }
    }
  }

  #open(topicId: string, index: number, history: LogHistory): void {
    const image = this.#image
    const known = image?.topicsById.get(topicId)?.partitions[index]
    if (image === undefined || known?.replicas.includes(this.#options.brokerId) !== true) return
    this.#take(known, this.#configOf(known.topic, image), history)
  }

  #workedBehind(): void {
    if (this.offlineCount === this.#offlineBefore) return
    this.#offlineBefore = this.offlineCount
    this.#onOffline()
  }

  // What the first image holds may lie here; later ones say what comes.
  #historyOf({ topicId, partition }: PartitionImage, before: MetadataImage | undefined): LogHistory {
    if (before === undefined) return 'maybeThere'
    const known = before.topicsById.get(topicId)?.partitions[partition]
    return known?.replicas.includes(this.#options.brokerId) === true ? 'maybeThere' : 'new'
  }

  #tell(partition: Partition, change: ReturnType<Partition['update']>): void {
    if (change === 'elected') this.#options.onElected(partition)
    if (change === 'resigned') this.#options.onResigned(partition)
  }

  #take(image: PartitionImage, config: TopicConfig, history: LogHistory): void {
    const log = openReplica(image, config, history, this.#options)
    if (log === undefined || log.offline) this.#offline.add(image.topicId, image.partition)
    else this.#offline.remove(image.topicId, image.partition)
    if (log === undefined) return
    const partition = new Partition(image, log, this.#host, this.#leaderSettings(config))
    const topic = this.#topics.get(image.topic) ?? { name: image.topic, id: image.topicId, partitions: [] }
    this.#topics.set(image.topic, topic)
    topic.partitions[image.partition] = partition
    if (partition.isLeader) this.#options.onElected(partition)
  }

  #deleteTopic(topic: HostedTopic): void {
    this.#topics.delete(topic.name)
    for (const partition of topic.partitions) {
      if (partition === undefined) continue
      if (partition.isLeader) this.#options.onResigned(partition)
      partition.close('UNKNOWN_TOPIC_OR_PARTITION')
      this.#pending.toDelete(topic.name, partition.index)
    }
  }

  async #deleteLog(topic: string, partition: number): Promise<void> {
    try {
      await this.#options.logs.delete(topic, partition)
    } catch (error) {
      this.#options.log.error('a log can not be deleted', { topic, partition, reason: errorMessage(error) })
    }
  }

  #updateConfigs(image: MetadataImage, before: MetadataImage): void {
    for (const topic of this.#topics.values()) {
      const resource = { type: 'topic', name: topic.name } as const
      if (configsOf(image, resource) !== configsOf(before, resource)) this.#reconfigure(topic, image)
    }
  }

  #reconfigureAll(): void {
    if (this.#image === undefined) return
    for (const topic of this.#topics.values()) this.#reconfigure(topic, this.#image)
  }

  #reconfigure(topic: HostedTopic, image: MetadataImage): void {
    const config = this.#configOf(topic.name, image)
    for (const partition of topic.partitions) {
      partition?.log.reconfigure(config.log)
      partition?.reconfigure(this.#leaderSettings(config))
    }
  }

  #leaderSettings({ minInsyncReplicas }: TopicConfig): LeaderSettings {
    return { minInsyncReplicas, replicaLagMaxMs: this.#options.settings.number('replica.lag.time.max.ms') }
  }

  #configOf(topic: string, image: MetadataImage): TopicConfig {
    return topicConfig(configsOf(image, { type: 'topic', name: topic }), this.#options.settings)
  }
}
