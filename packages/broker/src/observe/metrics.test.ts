import assert from 'node:assert/strict'
import { test } from 'node:test'

import { declareBrokerMetrics } from './broker-metrics.ts'
import { createMetrics } from './metrics.ts'
import type { ObservedBroker, ObservedPartition } from './observed-broker.ts'
import { TopicMetrics } from './topic-metrics.ts'

const partition = (index: number, more: Partial<ObservedPartition> = {}): ObservedPartition => ({
  topic: 'orders',
  partition: index,
  leader: 1,
  replicas: [1, 2],
  inSyncReplicas: [1, 2],
  minInsyncReplicas: 1,
  ...more,
})

const broker: ObservedBroker = {
  brokerId: 1,
  readiness: () => ({ ready: true }),
  isController: () => true,
  brokers: () => [{ id: 1, address: 'kafka:9092' }],
  partitions: () => [
    partition(0),
    partition(1, { inSyncReplicas: [1], minInsyncReplicas: 2 }),
    partition(2, { leader: -1, inSyncReplicas: [] }),
  ],
  logs: () => [
    {
      topic: 'orders',
      partition: 0,
      isLeader: true,
      logStartOffset: 5,
      highWatermark: 20,
      logEndOffset: 21,
      sizeBytes: 99,
    },
  ],
  groups: () => [
    {
      groupId: 'billing',
      memberCount: 2,
      offsets: [
        { topic: 'orders', partition: 0, offset: 15 },
        { topic: 'orders', partition: 1, offset: 3 },
      ],
    },
  ],
  offlineLogDirectories: () => 0,
  cordonedLogDirectories: () => 2,
}

async function lines(observed: ObservedBroker, perPartition = true): Promise<readonly string[]> {
  const metrics = createMetrics({ process: false })
  declareBrokerMetrics(metrics, observed, { perPartition })
  return (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

test('the names of kafka_exporter are there, with its labels', async () => {
  const text = await lines(broker)
  for (const line of [
    'kafka_brokers 1',
    'kafka_topic_partitions{topic="orders"} 3',
    'kafka_topic_partition_current_offset{topic="orders",partition="0"} 20',
    'kafka_topic_partition_oldest_offset{topic="orders",partition="0"} 5',
    'kafka_topic_partition_in_sync_replica{topic="orders",partition="1"} 1',
    'kafka_topic_partition_under_replicated_partition{topic="orders",partition="1"} 1',
    'kafka_consumergroup_members{consumergroup="billing"} 2',
    'kafka_consumergroup_current_offset{consumergroup="billing",topic="orders",partition="0"} 15',
    'kafka_consumergroup_lag{consumergroup="billing",topic="orders",partition="0"} 5',
    'kafka_consumergroup_current_offset_sum{consumergroup="billing",topic="orders"} 18',
    'kafka_consumergroup_lag_sum{consumergroup="billing",topic="orders"} 5',
  ]) {
    assert.ok(text.includes(line), line)
  }
})

test('the names of the JMX exporter are there', async () => {
  const text = await lines(broker)
  for (const line of [
    'kafka_server_replicamanager_leadercount 2',
    'kafka_server_replicamanager_partitioncount 3',
    'kafka_server_replicamanager_underreplicatedpartitions 1',
    'kafka_server_replicamanager_underminisrpartitioncount 1',
    'kafka_controller_kafkacontroller_activecontrollercount 1',
    'kafka_controller_kafkacontroller_offlinepartitionscount 1',
    'kafka_cluster_partition_underminisr{topic="orders",partition="1"} 1',
    'kafka_log_log_size{topic="orders",partition="0"} 99',
    'kafka_log_logmanager_cordonedlogdirectorycount 2',
    'kafka_log_logmanager_offlinelogdirectorycount 0',
  ]) {
    assert.ok(text.includes(line), line)
  }
})

test('a broker that is not the controller counts nothing for the cluster', async () => {
  const text = await lines({ ...broker, isController: () => false })
  assert.ok(text.includes('kafka_controller_kafkacontroller_activecontrollercount 0'))
  assert.ok(text.includes('kafka_controller_kafkacontroller_offlinepartitionscount 0'))
})

test('series of every partition can be left out', async () => {
  const text = await lines(broker, false)
  assert.ok(!text.some((line) => line.includes('partition="') && !line.startsWith('kafka_consumergroup')))
})

test('what is counted on the way of a record has the names of BrokerTopicMetrics', async () => {
  const metrics = createMetrics({ process: false })
  const topics = new TopicMetrics(metrics)
  topics.produced('orders', 100, 3)
  topics.produced('orders', 50, 1)
  topics.fetched('orders', 70)
  topics.produceFailed('orders')
  topics.fetchFailed('orders')
  const text = await metrics.text()
  for (const line of [
    'messagesin_total{topic="orders"} 4',
    'bytesin_total{topic="orders"} 150',
    'bytesout_total{topic="orders"} 70',
    'totalproducerequests_total{topic="orders"} 3',
    'failedproducerequests_total{topic="orders"} 1',
    'totalfetchrequests_total{topic="orders"} 2',
    'failedfetchrequests_total{topic="orders"} 1',
  ]) {
    assert.ok(text.includes(`kafka_server_brokertopicmetrics_${line}\n`), line)
  }
})

test('all series of a topic begin together, at 0', async () => {
  const metrics = createMetrics({ process: false })
  new TopicMetrics(metrics).produced('orders', 100, 3)
  const text = await metrics.text()
  for (const name of ['bytesout', 'totalfetchrequests', 'failedproducerequests', 'failedfetchrequests']) {
    assert.ok(text.includes(`kafka_server_brokertopicmetrics_${name}_total{topic="orders"} 0\n`), name)
  }
})

test('counters, gauges and histograms keep their labels and can be read twice', async () => {
  const metrics = createMetrics({ process: false })
  const counter = metrics.counter({ name: 'c_total', help: 'c', labels: ['a', 'b'] })
  counter.add(1, ['x', 'y'])
  counter.add(2, ['x', 'y'])
  metrics.gauge({ name: 'g', help: 'g' }, () => 7)
  const histogram = metrics.histogram({ name: 'h', help: 'h', labels: ['a'], buckets: [1, 2] })
  histogram.observe(1.5, ['x'])
  for (let i = 0; i < 2; i += 1) {
    const text = await metrics.text()
    assert.match(text, /^c_total\{a="x",b="y"\} 3$/m)
    assert.match(text, /^g 7$/m)
    assert.match(text, /^h_bucket\{a="x",le="2"\} 1$/m)
    assert.match(text, /^h_bucket\{a="x",le="1"\} 0$/m)
    assert.match(text, /^h_bucket\{a="x",le="\+Inf"\} 1$/m)
    assert.match(text, /^h_sum\{a="x"\} 1.5$/m)
    assert.match(text, /^# TYPE h histogram$/m)
  }
})

test('labels are escaped', async () => {
  const metrics = createMetrics({ process: false })
  metrics.gauge({ name: 'g', help: 'g', labels: ['group'] }, () => [{ value: 1, labels: ['a"b\\c\nd'] }])
  assert.ok((await metrics.text()).includes(String.raw`g{group="a\"b\\c\nd"} 1`))
})

test('what Node tells of its process is there where it is asked for', async () => {
  const text = await createMetrics({ process: true }).text()
  for (const name of ['nodejs_eventloop_lag_p99_seconds', 'process_resident_memory_bytes', 'process_open_fds']) {
    assert.ok(text.includes(name), name)
  }
})
