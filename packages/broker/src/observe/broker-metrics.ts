import type { GaugeSample, Metrics } from '@millrace/kernel'

import { declareDiskIo } from './disk-io.ts'
import { declareEventLoop } from './event-loop.ts'
import type { ObservedBroker, ObservedLog, ObservedPartition } from './observed-broker.ts'

const partitionLabels = ['topic', 'partition']

interface MetricsOptions {
  /** Whether there is a series for every partition. */
  readonly perPartition: boolean
}

/**
 * Declares what is read off the broker when somebody asks: the names of Kafka's JMX metrics as the Prometheus exporter
 * writes them, and those of kafka_exporter, so that dashboards made for either show us too.
 */
export function declareBrokerMetrics(metrics: Metrics, broker: ObservedBroker, options: MetricsOptions): void {
  declareEventLoop(metrics)
  declareDiskIo(metrics)
  declareReplicaManager(metrics, broker)
  declareReplicaChanges(metrics)
  declareController(metrics, broker)
  declareTopics(metrics, broker)
  declareGroups(metrics, broker)
  if (!options.perPartition) return
  declarePartitions(metrics, broker)
  declareLogs(metrics, broker)
}

const isUnderReplicated = ({ inSyncReplicas, replicas }: ObservedPartition): boolean =>
  inSyncReplicas.length < replicas.length

const isUnderMinIsr = ({ inSyncReplicas, minInsyncReplicas, replicas }: ObservedPartition): boolean =>
  inSyncReplicas.length < Math.min(minInsyncReplicas, replicas.length)

const isAtMinIsr = ({ inSyncReplicas, minInsyncReplicas }: ObservedPartition): boolean =>
  inSyncReplicas.length === minInsyncReplicas

function count<Item>(items: Iterable<Item>, matches: (item: Item) => boolean): number {
  let found = 0
  for (const item of items) if (matches(item)) found += 1
  return found
}

function declareReplicaManager(metrics: Metrics, broker: ObservedBroker): void {
  const { brokerId } = broker
  const ledHere = ({ leader }: ObservedPartition): boolean => leader === brokerId
  const gauges: readonly [string, string, (partition: ObservedPartition) => boolean][] = [
    ['partitioncount', 'Partitions with a replica here', ({ replicas }) => replicas.includes(brokerId)],
    ['leadercount', 'Partitions led here', ledHere],
    [
      'underreplicatedpartitions',
      'Partitions led here with replicas that are not in sync',
      (p) => ledHere(p) && isUnderReplicated(p),
    ],
    [
      'underminisrpartitioncount',
      'Partitions led here with too few replicas in sync for acks=all',
      (p) => ledHere(p) && isUnderMinIsr(p),
    ],
    [
      'atminisrpartitioncount',
      'Partitions led here with just enough replicas in sync for acks=all',
      (p) => ledHere(p) && isAtMinIsr(p),
    ],
  ]
  for (const [suffix, help, matches] of gauges) {
    metrics.gauge({ name: `kafka_server_replicamanager_${suffix}`, help }, () => count(broker.partitions(), matches))
  }
  metrics.gauge(
    { name: 'kafka_log_logmanager_offlinelogdirectorycount', help: 'Log directories of this broker that are offline' },
    () => broker.offlineLogDirectories(),
  )
  metrics.gauge(
    { name: 'kafka_log_logmanager_cordonedlogdirectorycount', help: 'Log directories that take no new partitions' },
    () => broker.cordonedLogDirectories(),
  )
}

// One broker holds each replica: none leaves or joins the ISR and no election is unclean. Alerts look for the series.
function declareReplicaChanges(metrics: Metrics): void {
  const counters: readonly [name: string, help: string][] = [
    ['kafka_server_replicamanager_isrshrinks_total', 'Replicas that fell out of sync'],
    ['kafka_server_replicamanager_isrexpands_total', 'Replicas that came back in sync'],
    ['kafka_controller_controllerstats_uncleanleaderelections_total', 'Leaders elected that were not in sync'],
  ]
  for (const [name, help] of counters) metrics.counter({ name, help }).add(0)
}

function declareController(metrics: Metrics, broker: ObservedBroker): void {
  // Only the controller reports for the cluster, so that a sum over brokers is right.
  const asController = (value: () => number) => () => (broker.isController() ? value() : 0)
  const declare = (suffix: string, help: string, value: () => number): void =>
    metrics.gauge({ name: `kafka_controller_kafkacontroller_${suffix}`, help }, asController(value))
  declare('activecontrollercount', '1 where this broker is the controller', () => 1)
  declare('offlinepartitionscount', 'Partitions without a leader', () =>
    count(broker.partitions(), ({ leader }) => leader < 0),
  )
  declare('globalpartitioncount', 'Partitions of the cluster', () => count(broker.partitions(), () => true))
  declare('globaltopiccount', 'Topics of the cluster', () => partitionsByTopic(broker).size)
  declare('preferredreplicaimbalancecount', 'Partitions that their preferred replica does not lead', () =>
    count(broker.partitions(), ({ leader, replicas }) => leader !== replicas[0]),
  )
  metrics.gauge({ name: 'kafka_brokers', help: 'Brokers of the cluster' }, () => count(broker.brokers(), () => true))
  metrics.gauge({ name: 'kafka_broker_info', help: 'A broker and its address', labels: ['id', 'address'] }, () =>
    Array.from(broker.brokers(), ({ id, address }) => ({ value: 1, labels: [String(id), address] })),
  )
}

function partitionsByTopic(broker: ObservedBroker): ReadonlyMap<string, number> {
  const topics = new Map<string, number>()
  for (const { topic } of broker.partitions()) topics.set(topic, (topics.get(topic) ?? 0) + 1)
  return topics
}

function declareTopics(metrics: Metrics, broker: ObservedBroker): void {
  metrics.gauge({ name: 'kafka_topic_partitions', help: 'Partitions of a topic', labels: ['topic'] }, () =>
    Array.from(partitionsByTopic(broker), ([topic, value]) => ({ value, labels: [topic] })),
  )
}

/** Those led here: the series of a cluster are then there once. */
function* led(broker: ObservedBroker): Iterable<ObservedPartition> {
  for (const partition of broker.partitions()) if (partition.leader === broker.brokerId) yield partition
}

function declarePartitions(metrics: Metrics, broker: ObservedBroker): void {
  const declare = (name: string, help: string, value: (partition: ObservedPartition) => number): void =>
    metrics.gauge({ name, help, labels: partitionLabels }, () =>
      Array.from(led(broker), (partition) => partitionSample(partition, value(partition))),
    )
  const exporter = 'kafka_topic_partition_'
  declare(`${exporter}leader`, 'Leader of a partition', ({ leader }) => leader)
  declare(`${exporter}leader_is_preferred`, '1 where the preferred replica leads', (partition) =>
    Number(partition.leader === partition.replicas[0]),
  )
  declare(`${exporter}replicas`, 'Replicas of a partition', ({ replicas }) => replicas.length)
  declare(`${exporter}in_sync_replica`, 'Replicas in sync', ({ inSyncReplicas }) => inSyncReplicas.length)
  declare(`${exporter}under_replicated_partition`, '1 where a replica is not in sync', (partition) =>
    Number(isUnderReplicated(partition)),
  )
  declare('kafka_cluster_partition_replicascount', 'Replicas of a partition', ({ replicas }) => replicas.length)
  declare('kafka_cluster_partition_insyncreplicascount', 'Replicas in sync', (p) => p.inSyncReplicas.length)
  declare('kafka_cluster_partition_underreplicated', '1 where a replica is not in sync', (p) =>
    Number(isUnderReplicated(p)),
  )
  declare('kafka_cluster_partition_underminisr', '1 where acks=all is refused', (p) => Number(isUnderMinIsr(p)))
  declare('kafka_cluster_partition_atminisr', '1 where one replica less would refuse acks=all', (p) =>
    Number(isAtMinIsr(p)),
  )
}

const partitionSample = (
  { topic, partition }: { readonly topic: string; readonly partition: number },
  value: number,
): GaugeSample => ({ value, labels: [topic, String(partition)] })

function declareLogs(metrics: Metrics, broker: ObservedBroker): void {
  const declare = (
    name: string,
    help: string,
    value: (log: ObservedLog) => number,
    matches: (log: ObservedLog) => boolean = () => true,
  ): void =>
    metrics.gauge({ name, help, labels: partitionLabels }, () =>
      Array.from(broker.logs())
        .filter(matches)
        .map((log) => partitionSample(log, value(log))),
    )
  declare(
    'kafka_topic_partition_current_offset',
    'Next offset of a partition',
    (log) => log.highWatermark,
    (log) => log.isLeader,
  )
  declare(
    'kafka_topic_partition_oldest_offset',
    'First offset of a partition',
    (log) => log.logStartOffset,
    (log) => log.isLeader,
  )
  declare('kafka_log_log_size', 'Bytes of a log', (log) => log.sizeBytes)
  declare('kafka_log_log_logstartoffset', 'First offset of a log', (log) => log.logStartOffset)
  declare('kafka_log_log_logendoffset', 'End of a log', (log) => log.logEndOffset)
}

const groupName = (suffix: string): string => `kafka_consumergroup_${suffix}`

function declareGroups(metrics: Metrics, broker: ObservedBroker): void {
  const offsetLabels = ['consumergroup', 'topic', 'partition']
  metrics.gauge({ name: groupName('members'), help: 'Members of a group', labels: ['consumergroup'] }, () =>
    Array.from(broker.groups(), ({ groupId, memberCount }) => ({ value: memberCount, labels: [groupId] })),
  )
  metrics.gauge({ name: groupName('current_offset'), help: 'Committed offset of a group', labels: offsetLabels }, () =>
    groupOffsets(broker).map(({ offset, labels }) => ({ value: offset, labels })),
  )
  metrics.gauge(
    { name: groupName('lag'), help: 'Records that a group has not committed yet', labels: offsetLabels },
    () => groupOffsets(broker).flatMap(({ lag, labels }) => (lag === undefined ? [] : [{ value: lag, labels }])),
  )
  const topicLabels = ['consumergroup', 'topic']
  metrics.gauge(
    { name: groupName('current_offset_sum'), help: 'Sum of the committed offsets of a topic', labels: topicLabels },
    () => sumByTopic(groupOffsets(broker).map(({ offset, labels }) => ({ value: offset, labels }))),
  )
  metrics.gauge({ name: groupName('lag_sum'), help: 'Sum of the lags of a topic', labels: topicLabels }, () =>
    sumByTopic(groupOffsets(broker).map(({ lag, labels }) => ({ value: lag ?? 0, labels }))),
  )
}

interface GroupOffset {
  readonly labels: readonly string[]
  readonly offset: number
  /** Known where the partition is led here. */
  readonly lag: number | undefined
}

function groupOffsets(broker: ObservedBroker): readonly GroupOffset[] {
  const ends = new Map<string, number>()
  for (const log of broker.logs()) if (log.isLeader) ends.set(`${log.topic}-${log.partition}`, log.highWatermark)
  const offsets: GroupOffset[] = []
  for (const group of broker.groups()) {
    for (const { topic, partition, offset } of group.offsets) {
      const end = ends.get(`${topic}-${partition}`)
      const lag = end === undefined ? undefined : Math.max(0, end - offset)
      offsets.push({ labels: [group.groupId, topic, String(partition)], offset, lag })
    }
  }
  return offsets
}

function sumByTopic(samples: readonly GaugeSample[]): readonly GaugeSample[] {
  const sums = new Map<string, { value: number; readonly labels: readonly string[] }>()
  for (const { value, labels = [] } of samples) {
    const key = labels.slice(0, 2).join('\0')
    const sum = sums.get(key)
    if (sum === undefined) sums.set(key, { value, labels: labels.slice(0, 2) })
    else sum.value += value
  }
  return [...sums.values()]
}
