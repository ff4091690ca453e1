import { asBrokerId, asRevision } from '@millrace/kernel'
import { MetadataDouble } from '@millrace/testkit'
import * as fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyChanges, replaceImage } from './apply.ts'
import { createPartitions } from './create-partitions.ts'
import { createTopics } from './create-topics.ts'
import { deleteTopics } from './delete-topics.ts'
import type { MetadataImage } from './image.ts'
import { configsOf, emptyImage, offlineReplicas, partitionOf } from './image.ts'
import { configKey, parseKey } from './keys.ts'
import { decodeValue, encodeValue } from './values.ts'
import { zeroUuid } from '@millrace/protocol'

const topic = (name: string, numPartitions: number) => ({
  name,
  numPartitions,
  replicationFactor: 1,
  assignments: [],
  configs: [{ name: 'retention.ms', value: '1000' }],
})

const create = (cluster: MetadataDouble, name: string, partitions = 1): void =>
  void cluster.commit(createTopics(cluster.view(), { topics: [topic(name, partitions)], validateOnly: false }))

test('an image that followed every change equals one that is read anew', () => {
  const step = fc.record({
    what: fc.constantFrom('create', 'delete', 'grow', 'register', 'unregister', 'settle'),
    n: fc.integer({ min: 0, max: 3 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const cluster = new MetadataDouble()
      cluster.register(1)
      for (const { what, n } of steps) {
        const name = `topic-${n}`
        const { length } = cluster.image.topicsByName.get(name)?.partitions ?? []
        if (what === 'create') create(cluster, name, n + 1)
        if (what === 'delete') {
          cluster.commit(deleteTopics(cluster.view(), { topics: [{ name, topicId: zeroUuid }], topicNames: [] }))
        }
        if (what === 'grow') {
          const topics = [{ name, count: length + 1, assignments: null }]
          cluster.commit(createPartitions(cluster.view(), { topics, validateOnly: false }))
        }
        if (what === 'register') cluster.register(n)
        if (what === 'unregister') cluster.unregister(n)
        if (what === 'settle') cluster.settle()
      }
      assertSameImage(cluster.image, replaceImage(cluster.relist()))
    }),
  )
})

// Maps keep the order in which things came, which isn't part of what an image says.
function assertSameImage(a: MetadataImage, b: MetadataImage): void {
  assert.deepEqual(sorted(a), sorted(b))
}

const sorted = (value: unknown): unknown => {
  if (value instanceof Map) {
    return [...value]
      .map(([key, item]) => [String(key), sorted(item)])
      .toSorted(([x], [y]) => (String(x) < String(y) ? -1 : 1))
  }
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sorted(item)]))
}

test('a change of one partition leaves all others, and all other topics, the same objects', () => {
  const cluster = new MetadataDouble()
  cluster.register(1)
  create(cluster, 'a', 3)
  create(cluster, 'b', 3)
  const before = cluster.image
  const changed = partitionOf(before, 'a', 1)
  assert.ok(changed !== undefined)
  cluster.put({
    conditions: [],
    ops: [
      {
        kind: 'put',
        key: `/partitions/${changed.topicId}/1`,
        value: encodeValue({ leader: -1, leaderEpoch: 1, isr: [{ brokerId: 1, brokerEpoch: 2 }], partitionEpoch: 1 }),
      },
    ],
  })
  const after = cluster.image
  assert.equal(partitionOf(after, 'a', 1)?.leaderEpoch, 1)
  assert.equal(partitionOf(before, 'a', 1), changed)
  assert.equal(partitionOf(after, 'a', 0), partitionOf(before, 'a', 0))
  assert.equal(after.topicsByName.get('b'), before.topicsByName.get('b'))
  assert.equal(after.brokers, before.brokers)
  assert.equal(after.configs, before.configs)
})

test('changes that concern nothing in the image move its revision only', () => {
  const cluster = new MetadataDouble()
  create(cluster, 'a')
  const before = cluster.image
  cluster.put({ conditions: [], ops: [{ kind: 'put', key: '/of-a-later-version/x', value: 'y' }] })
  assert.deepEqual({ ...cluster.image, revision: 0 }, { ...before, revision: 0 })
  assert.equal(cluster.image.topicsByName, before.topicsByName)
  assert.ok(cluster.image.revision > before.revision)
})

test('a value of a newer format is refused, and the message says which', () => {
  const entry = {
    key: '/topics/a',
    value: JSON.stringify({ version: 2, topicId: 'x' }),
    createRevision: asRevision(1),
    modRevision: asRevision(1),
  }
  assert.throws(
    () => applyChanges(emptyImage, asRevision(1), [{ kind: 'put', entry }]),
    /\/topics\/a has format version 2, this broker knows up to 1: a newer Millrace wrote it/,
  )
  assert.throws(() => decodeValue('/cluster', 'not json'), /\/cluster doesn't hold JSON: got 'not json'/)
  assert.throws(() => decodeValue('/cluster', '{}'), /\/cluster has no format version/)
})

test('settings are kept for names that are empty or have slashes', () => {
  for (const name of ['', 'plain', 'a/b', '%', 'grüße', '/']) {
    const resource = { type: 'group', name } as const
    assert.deepEqual(parseKey(configKey(resource)), { kind: 'config', resource })
  }
  const cluster = new MetadataDouble()
  const resource = { type: 'broker', name: '' } as const
  const value = encodeValue({ configs: { 'log.retention.ms': '5' } })
  cluster.put({ conditions: [], ops: [{ kind: 'put', key: configKey(resource), value }] })
  assert.deepEqual(configsOf(cluster.image, resource), new Map([['log.retention.ms', '5']]))
})

test('a topic and its partitions are found by name and by id, and not after its deletion', () => {
  const cluster = new MetadataDouble()
  cluster.register(1)
  create(cluster, 'a', 2)
  const created = cluster.image.topicsByName.get('a')
  assert.ok(created !== undefined)
  assert.equal(cluster.image.topicsById.get(created.id), created)
  cluster.commit(deleteTopics(cluster.view(), { topics: [{ name: 'a', topicId: zeroUuid }], topicNames: [] }))
  assert.equal(cluster.image.topicsByName.size, 0)
  assert.equal(cluster.image.topicsById.size, 0)
  assert.equal(cluster.image.partitionStates.size, 0)
  assert.equal(cluster.image.configs.size, 0)
})

test('replicas are offline where their broker is not registered or only starting', () => {
  const cluster = new MetadataDouble()
  cluster.register(1)
  cluster.register(2)
  const wish = { ...topic('a', -1), replicationFactor: -1, assignments: [{ partitionIndex: 0, brokerIds: [1, 2] }] }
  cluster.commit(createTopics(cluster.view(), { topics: [wish], validateOnly: false }))
  const offline = (): readonly number[] => {
    const partition = partitionOf(cluster.image, 'a', 0)
    return partition === undefined ? [] : offlineReplicas(cluster.image, partition)
  }
  assert.deepEqual(offline(), [])
  cluster.register(2, { state: 'starting' })
  assert.deepEqual(offline(), [2])
  cluster.unregister(1)
  assert.deepEqual(offline(), [asBrokerId(1), asBrokerId(2)])
})
