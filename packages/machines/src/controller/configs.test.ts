import { asBrokerId } from '@millrace/kernel'
import { errorName } from '@millrace/protocol'
import { MetadataDouble } from '@millrace/testkit'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AlteredResource, IncrementallyAlteredResource } from './alter-configs.ts'
import { alterConfigs, incrementalAlterConfigs } from './alter-configs.ts'
import { createTopics } from './create-topics.ts'
import { deleteTopics } from './delete-topics.ts'
import { configsOf } from './image.ts'
import type { ConfigResource } from './keys.ts'

const topicType = 2
const brokerType = 4
const [set, remove, append, subtract] = [0, 1, 2, 3]

function clusterWithTopic(name = 'orders'): MetadataDouble {
  const cluster = new MetadataDouble()
  cluster.register(1)
  const topic = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
  cluster.commit(createTopics(cluster.view(), { topics: [topic], validateOnly: false }))
  return cluster
}

type Change = readonly [name: string, operation: number, value: string | null]

const incremental = (
  resourceType: number,
  resourceName: string,
  ...changes: Change[]
): IncrementallyAlteredResource => ({
  resourceType,
  resourceName,
  configs: changes.map(([name, configOperation, value]) => ({ name, configOperation, value })),
})

const alter = (cluster: MetadataDouble, resources: IncrementallyAlteredResource[], validateOnly = false) =>
  cluster
    .commit(incrementalAlterConfigs(cluster.view(), { resources, validateOnly }))
    .map(({ errorCode, errorMessage }) => [errorName(errorCode), errorMessage])

const alterOne = (cluster: MetadataDouble, ...changes: Change[]) =>
  alter(cluster, [incremental(topicType, 'orders', ...changes)])[0]

const settings = (cluster: MetadataDouble, resource: ConfigResource = { type: 'topic', name: 'orders' }) =>
  Object.fromEntries(configsOf(cluster.image, resource))

test('settings are set and deleted one by one, and the others stay', () => {
  const cluster = clusterWithTopic()
  assert.deepEqual(alterOne(cluster, ['retention.ms', set, '5'], ['segment.ms', set, '6']), ['NONE', null])
  assert.deepEqual(alterOne(cluster, ['retention.ms', set, '7']), ['NONE', null])
  assert.deepEqual(settings(cluster), { 'retention.ms': '7', 'segment.ms': '6' })
  alterOne(cluster, ['retention.ms', remove, null], ['absent', remove, null])
  assert.deepEqual(settings(cluster), { 'segment.ms': '6' })
  alterOne(cluster, ['segment.ms', remove, null])
  assert.equal(cluster.image.configs.size, 0)
})

test('values are appended to and taken from lists, starting with the default', () => {
  const cluster = clusterWithTopic()
  alterOne(cluster, ['cleanup.policy', append, 'compact'])
  assert.deepEqual(settings(cluster), { 'cleanup.policy': 'delete,compact' })
  alterOne(cluster, ['cleanup.policy', append, 'compact'])
  assert.deepEqual(settings(cluster), { 'cleanup.policy': 'delete,compact' })
  alterOne(cluster, ['cleanup.policy', subtract, 'delete'])
  assert.deepEqual(settings(cluster), { 'cleanup.policy': 'compact' })
})

test('a change that is refused changes nothing of its resource, and says why', () => {
  const cluster = clusterWithTopic()
  alterOne(cluster, ['retention.ms', set, '5'])
  const before = cluster.image.revision
  assert.deepEqual(alterOne(cluster, ['segment.ms', set, '1'], ['retention.ms', set, 'x']), [
    'INVALID_CONFIG',
    'Invalid value x for configuration retention.ms',
  ])
  assert.deepEqual(alterOne(cluster, ['retention.ms', append, '1']), [
    'INVALID_CONFIG',
    "Can't APPEND to key retention.ms because its type is not LIST.",
  ])
  assert.deepEqual(alterOne(cluster, ['retention.ms', set, null]), [
    'INVALID_REQUEST',
    'Null value not supported for : retention.ms',
  ])
  assert.deepEqual(alterOne(cluster, ['a', set, '1'], ['a', set, '2'])?.[0], 'INVALID_REQUEST')
  assert.deepEqual(alterOne(cluster, ['a', 9, '1']), ['INVALID_REQUEST', 'Unknown operations type 9'])
  assert.deepEqual(alterOne(cluster, ['a', set, 'x'.repeat(40_000)])?.[0], 'INVALID_CONFIG')
  assert.equal(cluster.image.revision, before)
})

test('settings of what is not there are refused', () => {
  const cluster = clusterWithTopic()
  const change: Change = ['retention.ms', set, '5']
  assert.deepEqual(
    alter(cluster, [
      incremental(topicType, 'absent', change),
      incremental(brokerType, '7', change),
      incremental(brokerType, 'seven', change),
      incremental(99, 'x', change),
    ]),
    [
      ['UNKNOWN_TOPIC_OR_PARTITION', "The topic 'absent' does not exist."],
      ['BROKER_ID_NOT_REGISTERED', 'No node with id 7 found.'],
      ['INVALID_REQUEST', 'Invalid broker name seven'],
      ['INVALID_REQUEST', 'Unknown resource type 99'],
    ],
  )
})

test('brokers, all brokers, groups and client metrics have settings too', () => {
  const cluster = clusterWithTopic()
  const change: Change = ['some.name', set, '5']
  const results = alter(cluster, [
    incremental(brokerType, '1', change),
    incremental(brokerType, '', change),
    incremental(32, 'my/group', change),
    incremental(16, 'subscription', change),
  ])
  assert.deepEqual(
    results.map(([error]) => error),
    Array(4).fill('NONE'),
  )
  for (const resource of [
    { type: 'broker', name: '1' },
    { type: 'broker', name: '' },
    { type: 'group', name: 'my/group' },
    { type: 'client-metrics', name: 'subscription' },
  ] as const) {
    assert.deepEqual(settings(cluster, resource), { 'some.name': '5' })
  }
})

test('a resource that comes twice in a request is refused both times', () => {
  const cluster = clusterWithTopic()
  const twice = incremental(topicType, 'orders', ['a', set, '1'])
  assert.deepEqual(
    alter(cluster, [twice, twice]).map(([error]) => error),
    ['INVALID_REQUEST', 'INVALID_REQUEST'],
  )
})

test('validate-only checks settings and changes none', () => {
  const cluster = clusterWithTopic()
  const good = incremental(topicType, 'orders', ['retention.ms', set, '5'])
  const bad = incremental(brokerType, '', ['unknown.name', set, 'x'])
  assert.deepEqual(
    alter(cluster, [good, bad], true).map(([error]) => error),
    ['NONE', 'INVALID_CONFIG'],
  )
  assert.deepEqual(settings(cluster), {})
})

test('AlterConfigs makes the settings exactly those given', () => {
  const cluster = clusterWithTopic()
  alterOne(cluster, ['retention.ms', set, '5'], ['segment.ms', set, '6'])
  const legacy = (...configs: AlteredResource['configs']) =>
    cluster
      .commit(
        alterConfigs(cluster.view(), {
          resources: [{ resourceType: topicType, resourceName: 'orders', configs }],
          validateOnly: false,
        }),
      )
      .map(({ errorCode }) => errorName(errorCode))
  assert.deepEqual(legacy({ name: 'segment.bytes', value: '9' }), ['NONE'])
  assert.deepEqual(settings(cluster), { 'segment.bytes': '9' })
  assert.deepEqual(legacy({ name: 'segment.bytes', value: null }), ['INVALID_REQUEST'])
  assert.deepEqual(legacy(), ['NONE'])
  assert.deepEqual(settings(cluster), {})
})

test('settings decided before a topic was deleted are not left to the next topic of its name', () => {
  const cluster = clusterWithTopic()
  const late = incrementalAlterConfigs(cluster.view(), {
    resources: [incremental(topicType, 'orders', ['retention.ms', set, '5'])],
    validateOnly: false,
  })
  cluster.commit(deleteTopics(cluster.view(), { topics: [], topicNames: ['orders'] }))
  assert.equal(cluster.commit(late)[0]?.errorMessage, 'conflict')
  assert.equal(cluster.image.configs.size, 0)
})

test('a controller that was replaced changes no settings', () => {
  const cluster = clusterWithTopic()
  const late = incrementalAlterConfigs(cluster.view(), {
    resources: [incremental(topicType, 'orders', ['retention.ms', set, '5'])],
    validateOnly: false,
  })
  cluster.becomeController(asBrokerId(2))
  assert.equal(cluster.commit(late)[0]?.errorMessage, 'conflict')
})
