import { asBrokerId } from '@millrace/kernel'
import { errorName, zeroUuid } from '@millrace/protocol'
import { MetadataDouble, testRules } from '@millrace/testkit'
import { growth } from '@millrace/testkit/growth'
import * as fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GrowingTopic } from './create-partitions.ts'
import { createPartitions } from './create-partitions.ts'
import type { CreatableTopic, CreatableTopicResult } from './create-topics.ts'
import { createTopics } from './create-topics.ts'
import type { DeletableTopic } from './delete-topics.ts'
import { deleteTopics } from './delete-topics.ts'
import { partitionOf } from './image.ts'
import { cappedReplicationFactor } from './placement.ts'

function clusterOf(...ids: number[]): MetadataDouble {
  const cluster = new MetadataDouble()
  for (const id of ids) cluster.register(id)
  return cluster
}

const wish = (topic: Partial<CreatableTopic>): CreatableTopic => ({
  name: 'orders',
  numPartitions: -1,
  replicationFactor: -1,
  assignments: [],
  configs: [],
  ...topic,
})

const create = (cluster: MetadataDouble, topics: readonly Partial<CreatableTopic>[], validateOnly = false) =>
  cluster.commit(createTopics(cluster.view(), { topics: topics.map(wish), validateOnly }))

const said = (result: { readonly errorCode: number; readonly errorMessage: string | null } | undefined) =>
  result === undefined ? 'nothing' : [errorName(result.errorCode), result.errorMessage]

function refusal(cluster: MetadataDouble, topic: Partial<CreatableTopic>): unknown {
  const before = cluster.image.revision
  const [result] = create(cluster, [topic])
  assert.equal(cluster.image.revision, before, 'nothing is written')
  return said(result)
}

test('a topic is created with the defaults, and every partition has a leader at once', () => {
  const cluster = clusterOf(1)
  const [result] = create(cluster, [{ configs: [{ name: 'retention.ms', value: '5' }] }])
  const topic = cluster.image.topicsByName.get('orders')
  assert.deepEqual(result, {
    name: 'orders',
    topicId: topic?.id ?? '',
    errorCode: 0,
    errorMessage: null,
    topicConfigErrorCode: 0,
    numPartitions: 2,
    replicationFactor: 1,
    configs: [{ name: 'retention.ms', value: '5', readOnly: false, configSource: 1, isSensitive: false }],
  } satisfies CreatableTopicResult)
  const epoch = cluster.image.brokers.get(asBrokerId(1))?.epoch
  for (const partition of topic?.partitions ?? []) {
    assert.deepEqual(
      [partition.leader, partition.leaderEpoch, partition.isr, partition.isrEpochs, partition.partitionEpoch],
      [1, 0, [1], [epoch], 0],
    )
  }
})

test('validate-only says what would happen and writes nothing', () => {
  const cluster = clusterOf(1)
  const before = cluster.image.revision
  const [result] = create(cluster, [{ numPartitions: 3 }], true)
  assert.deepEqual([result?.errorCode, result?.numPartitions, cluster.image.revision], [0, 3, before])
})

test('replicas are placed as the request says, and the first active one leads', () => {
  const cluster = clusterOf(1, 2, 3)
  cluster.update(3, { state: 'leaving' })
  create(cluster, [
    {
      assignments: [
        { partitionIndex: 1, brokerIds: [3, 1] },
        { partitionIndex: 0, brokerIds: [2, 3] },
      ],
    },
  ])
  const topic = cluster.image.topicsByName.get('orders')
  assert.deepEqual(
    topic?.partitions.map(({ replicas, leader, isr }) => ({ replicas, leader, isr })),
    [
      { replicas: [2, 3], leader: 2, isr: [2] },
      { replicas: [3, 1], leader: 1, isr: [1] },
    ],
  )
})

const assigned = (...assignments: [number, number[]][]): Partial<CreatableTopic> => ({
  assignments: assignments.map(([partitionIndex, brokerIds]) => ({ partitionIndex, brokerIds })),
})

test('a topic is refused with what is wrong with it', () => {
  const cluster = clusterOf(1, 2)
  create(cluster, [{ name: 'my.topic' }])
  const cases: [Partial<CreatableTopic>, string, RegExp | null][] = [
    [{ name: '' }, 'INVALID_TOPIC_EXCEPTION', /the empty string is not allowed/],
    [{ name: '.' }, 'INVALID_TOPIC_EXCEPTION', /'\.' is not allowed/],
    [{ name: '..' }, 'INVALID_TOPIC_EXCEPTION', /'\.\.' is not allowed/],
    [{ name: 'a'.repeat(250) }, 'INVALID_TOPIC_EXCEPTION', /longer than 249/],
    [{ name: 'a b' }, 'INVALID_TOPIC_EXCEPTION', /other than ASCII alphanumerics/],
    [{ name: 'tür' }, 'INVALID_TOPIC_EXCEPTION', /other than ASCII alphanumerics/],
    [{ name: 'a/b' }, 'INVALID_TOPIC_EXCEPTION', /other than ASCII alphanumerics/],
    [{ name: 'my_topic' }, 'INVALID_TOPIC_EXCEPTION', /'my_topic' collides with existing topic: my\.topic/],
    [{ name: 'my.topic' }, 'TOPIC_ALREADY_EXISTS', /Topic 'my\.topic' already exists/],
    [{ name: '__cluster_metadata' }, 'INVALID_REQUEST', /__cluster_metadata is prohibited/],
    [{ numPartitions: 0 }, 'INVALID_PARTITIONS', /got 0/],
    [{ numPartitions: -2 }, 'INVALID_PARTITIONS', /got -2/],
    [{ numPartitions: 10_001 }, 'POLICY_VIOLATION', /large number of partitions/],
    [{ replicationFactor: 0 }, 'INVALID_REPLICATION_FACTOR', /got 0/],
    [{ replicationFactor: -2 }, 'INVALID_REPLICATION_FACTOR', /got -2/],
    [{ replicationFactor: 3 }, 'INVALID_REPLICATION_FACTOR', /factor of 3 cannot be reached because only 2 broker/],
    [{ configs: [{ name: 'retention.ms', value: null }] }, 'INVALID_CONFIG', /Null value not supported/],
    [{ configs: [{ name: 'retention.ms', value: 'long' }] }, 'INVALID_CONFIG', /Invalid value long/],
    [{ configs: [{ name: 'unknown.name', value: '1' }] }, 'INVALID_CONFIG', /Unknown topic config name/],
    [{ ...assigned([0, [1]]), numPartitions: 1 }, 'INVALID_REQUEST', /numPartitions was not set to -1/],
    [{ ...assigned([0, [1]]), replicationFactor: 1 }, 'INVALID_REQUEST', /replication factor was not set to -1/],
    [
      assigned([0, [1]], [0, [1]]),
      'INVALID_REPLICA_ASSIGNMENT',
      /multiple manual partition assignments for partition 0/,
    ],
    [assigned([0, [1]], [2, [1]]), 'INVALID_REPLICA_ASSIGNMENT', /consecutive 0-based/],
    [assigned([-1, [1]]), 'INVALID_REPLICA_ASSIGNMENT', /consecutive 0-based/],
    [assigned([2_147_483_647, [1]]), 'INVALID_REPLICA_ASSIGNMENT', /consecutive 0-based/],
    [assigned([0, []]), 'INVALID_REPLICA_ASSIGNMENT', /empty replica list/],
    [assigned([0, [7]]), 'INVALID_REPLICA_ASSIGNMENT', /broker 7, but no such broker/],
    [assigned([0, [1, 1]]), 'INVALID_REPLICA_ASSIGNMENT', /the broker 1 more than once/],
    [
      assigned([0, [1, 2]], [1, [1]]),
      'INVALID_REPLICA_ASSIGNMENT',
      /1 replica\(s\), but the partitions before it have 2/,
    ],
  ]
  for (const [topic, error, message] of cases) {
    const [gotError, gotMessage] = refusal(cluster, topic) as [string, string | null]
    assert.equal(gotError, error, JSON.stringify(topic))
    assert.match(String(gotMessage), message ?? /^null$/)
  }
})

test('a topic that comes twice in a request is refused once, and the others are created', () => {
  const cluster = clusterOf(1)
  const results = create(cluster, [{ name: 'a' }, { name: 'b' }, { name: 'a' }])
  assert.deepEqual(
    results.map(({ name, errorCode }) => [name, errorName(errorCode)]),
    [
      ['a', 'INVALID_REQUEST'],
      ['b', 'NONE'],
    ],
  )
})

test('no topic can be created while no broker is active', () => {
  const cluster = clusterOf(1)
  cluster.update(1, { state: 'leaving' })
  assert.deepEqual(refusal(cluster, {}), [
    'INVALID_REPLICATION_FACTOR',
    'Unable to replicate the partition 1 time(s): All brokers are currently starting or leaving, or have all their log directories cordoned.',
  ])
})

test('a broker whose log directories are all cordoned gets no replicas, by our choice or by hand', () => {
  const cluster = clusterOf(1)
  cluster.register(2, { directoryIds: ['a', 'b'], cordonedDirectoryIds: ['a', 'b'] })
  const assignments = [{ partitionIndex: 0, brokerIds: [2] }]
  assert.deepEqual(refusal(cluster, { replicationFactor: 2 }), [
    'INVALID_REPLICATION_FACTOR',
    'Unable to replicate the partition 2 time(s): The target replication factor of 2 cannot be reached because only 1 broker(s) are registered or some brokers have all their log directories cordoned.',
  ])
  assert.deepEqual(refusal(cluster, { assignments }), [
    'INVALID_REPLICA_ASSIGNMENT',
    'The manual partition assignment includes broker 2, but all its log directories are cordoned.',
  ])
  create(cluster, [{ numPartitions: 3 }])
  for (const { replicas } of cluster.image.topicsByName.get('orders')?.partitions ?? []) assert.deepEqual(replicas, [1])
  cluster.register(2, { directoryIds: ['a', 'b'], cordonedDirectoryIds: ['a'] })
  assert.deepEqual(said(create(cluster, [{ name: 'more', assignments }])[0]), ['NONE', null])
})

test('a controller that was replaced creates nothing', () => {
  const cluster = clusterOf(1)
  const decisions = createTopics(cluster.view(), { topics: [wish({})], validateOnly: false })
  cluster.becomeController(asBrokerId(2))
  const [result] = cluster.commit(decisions)
  assert.notEqual(result?.errorCode, 0)
  assert.equal(cluster.image.topicsByName.size, 0)
})

test('of two who create the same topic at the same time, one meets a conflict', () => {
  const cluster = clusterOf(1)
  const decide = () => [...createTopics(cluster.view(), { topics: [wish({})], validateOnly: false })]
  const [first, second] = [decide(), decide()]
  assert.equal(cluster.commit(first)[0]?.errorCode, 0)
  assert.equal(said(cluster.commit(second)[0])[1], 'conflict')
  assert.equal(errorName(cluster.commit(decide())[0]?.errorCode ?? 0), 'TOPIC_ALREADY_EXISTS')
})

test('a topic of a thousand partitions takes several transactions, all of them small', () => {
  const cluster = clusterOf(1)
  const [decision] = createTopics(cluster.view(), { topics: [wish({ numPartitions: 1_000 })], validateOnly: false })
  assert.ok(decision !== undefined)
  assert.ok(decision.transactions.every(({ ops, conditions }) => ops.length <= 128 && conditions.length <= 128))
  cluster.commit([decision])
  const partitions = cluster.image.topicsByName.get('orders')?.partitions ?? []
  assert.equal(partitions.filter(({ leader }) => leader === 1).length, 1_000)
})

test('a large topic whose creation broke off in the middle is completed', () => {
  const cluster = clusterOf(1)
  const [decision] = createTopics(cluster.view(), { topics: [wish({ numPartitions: 300 })], validateOnly: false })
  const first = decision?.transactions[0]
  assert.ok(first !== undefined)
  cluster.put(first)
  const partitions = () => cluster.image.topicsByName.get('orders')?.partitions ?? []
  assert.equal(partitions().length, 300)
  assert.ok(partitions().some(({ leader }) => leader === -1))
  cluster.settle()
  assert.ok(partitions().every(({ leader, leaderEpoch }) => leader === 1 && leaderEpoch === 0))
})

test('a large topic whose deletion broke off in the middle leaves nothing in the end', () => {
  const cluster = clusterOf(1)
  create(cluster, [{ numPartitions: 300 }])
  const [deletion] = remove(cluster, { name: 'orders' })
  const first = deletion?.transactions[0]
  assert.ok(first !== undefined)
  cluster.put(first)
  assert.equal(cluster.image.topicsByName.size, 0)
  assert.ok(cluster.image.partitionStates.size > 0)
  cluster.settle()
  assert.equal(cluster.image.partitionStates.size, 0)
})

const remove = (cluster: MetadataDouble, ...topics: Partial<DeletableTopic>[]) =>
  deleteTopics(cluster.view(), {
    topics: topics.map((topic) => ({ name: null, topicId: zeroUuid, ...topic })),
    topicNames: [],
  })

test('a topic is deleted by name or by id, with its settings, and its name may be used again under another id', () => {
  const cluster = clusterOf(1)
  create(cluster, [{ name: 'a', configs: [{ name: 'retention.ms', value: '1' }] }, { name: 'b' }])
  const id = cluster.image.topicsByName.get('b')?.id ?? ''
  const old = cluster.image.topicsByName.get('a')?.id
  const results = cluster.commit(remove(cluster, { name: 'a' }, { topicId: id }))
  assert.deepEqual(results, [
    { name: 'a', topicId: old, errorCode: 0, errorMessage: null },
    { name: 'b', topicId: id, errorCode: 0, errorMessage: null },
  ])
  assert.equal(cluster.image.configs.size, 0)
  create(cluster, [{ name: 'a' }])
  assert.notEqual(cluster.image.topicsByName.get('a')?.id, old)
})

test('version 5 of DeleteTopics and before gives names alone', () => {
  const cluster = clusterOf(1)
  create(cluster, [{ name: 'a' }])
  const results = cluster.commit(deleteTopics(cluster.view(), { topics: [], topicNames: ['a', 'b'] }))
  assert.deepEqual(
    results.map(({ name, errorCode }) => [name, errorName(errorCode)]),
    [
      ['a', 'NONE'],
      ['b', 'UNKNOWN_TOPIC_OR_PARTITION'],
    ],
  )
})

test('a deletion is refused with what is wrong with it', () => {
  const cluster = clusterOf(1)
  create(cluster, [{ name: 'a' }])
  const id = cluster.image.topicsByName.get('a')?.id ?? ''
  const errors = (...topics: Partial<DeletableTopic>[]) =>
    cluster.commit(remove(cluster, ...topics)).map(({ errorCode }) => errorName(errorCode))
  assert.deepEqual(errors({ name: 'absent' }), ['UNKNOWN_TOPIC_OR_PARTITION'])
  assert.deepEqual(errors({ topicId: cluster.random.uuid() }), ['UNKNOWN_TOPIC_ID'])
  assert.deepEqual(errors({}), ['INVALID_REQUEST'])
  assert.deepEqual(errors({ name: 'a', topicId: id }), ['INVALID_REQUEST'])
  assert.deepEqual(errors({ name: 'a' }, { name: 'a' }), ['INVALID_REQUEST'])
  assert.deepEqual(errors({ name: 'a' }, { topicId: id }), ['INVALID_REQUEST', 'INVALID_REQUEST'])
  assert.ok(cluster.image.topicsByName.has('a'))
})

const grow = (cluster: MetadataDouble, topic: Partial<GrowingTopic>, validateOnly = false) =>
  cluster.commit(
    createPartitions(cluster.view(), {
      topics: [{ name: 'orders', count: 0, assignments: null, ...topic }],
      validateOnly,
    }),
  )

test('partitions are added behind those there are, which stay as they were', () => {
  const cluster = clusterOf(1, 2)
  create(cluster, [{ numPartitions: 2 }])
  const before = cluster.image.topicsByName.get('orders')?.partitions ?? []
  assert.deepEqual(said(grow(cluster, { count: 4 })[0]), ['NONE', null])
  const after = cluster.image.topicsByName.get('orders')?.partitions ?? []
  assert.deepEqual(after.slice(0, 2), before)
  assert.deepEqual(
    after.map(({ partition, leader }) => [partition, leader > 0]),
    [
      [0, true],
      [1, true],
      [2, true],
      [3, true],
    ],
  )
  grow(cluster, { count: 5, assignments: [{ brokerIds: [2] }] })
  assert.deepEqual(partitionOf(cluster.image, 'orders', 4)?.replicas, [2])
})

test('more partitions are refused with what is wrong with the wish', () => {
  const cluster = clusterOf(1, 2)
  create(cluster, [{ numPartitions: 2 }])
  const cases: [Partial<GrowingTopic>, string, RegExp][] = [
    [{ name: 'absent', count: 3 }, 'UNKNOWN_TOPIC_OR_PARTITION', /null/],
    [{ count: 2 }, 'INVALID_PARTITIONS', /already has 2 partition/],
    [{ count: 1 }, 'INVALID_PARTITIONS', /currently has 2 partition\(s\); 1 would not be an increase/],
    [{ count: 2_000_000_000 }, 'POLICY_VIOLATION', /at most 10000/],
    [{ count: 4, assignments: [{ brokerIds: [1] }] }, 'INVALID_REPLICA_ASSIGNMENT', /add 2 additional/],
    [{ count: 3, assignments: [{ brokerIds: [1, 2] }] }, 'INVALID_REPLICA_ASSIGNMENT', /2 replica\(s\)/],
    [{ count: 3, assignments: [{ brokerIds: [9] }] }, 'INVALID_REPLICA_ASSIGNMENT', /broker 9/],
  ]
  for (const [topic, error, message] of cases) {
    const [gotError, gotMessage] = said(grow(cluster, topic)[0])
    assert.equal(gotError, error)
    assert.match(String(gotMessage), message)
  }
  grow(cluster, { count: 9 }, true)
  assert.equal(cluster.image.topicsByName.get('orders')?.partitions.length, 2)
})

const count = (counts: Map<number, number>, key: number): void => void counts.set(key, (counts.get(key) ?? 0) + 1)

test('replicas of a topic are on different brokers and in different racks, which lead equally often', () => {
  const spread = fc.record({
    brokers: fc.integer({ min: 1, max: 9 }),
    racks: fc.integer({ min: 1, max: 3 }),
    factor: fc.integer({ min: 1, max: 3 }),
    rounds: fc.integer({ min: 1, max: 4 }),
    seed: fc.integer(),
  })
  fc.assert(
    fc.property(spread, ({ brokers, racks, factor, rounds, seed }) => {
      fc.pre(factor <= brokers && brokers % racks === 0)
      const cluster = new MetadataDouble(seed)
      for (let id = 0; id < brokers; id += 1) cluster.register(id, { rack: `rack-${id % racks}` })
      const numPartitions = brokers * rounds
      create(cluster, [{ numPartitions, replicationFactor: factor }])
      const partitions = cluster.image.topicsByName.get('orders')?.partitions ?? []
      const ledByBroker = new Map<number, number>()
      const ledByRack = new Map<number, number>()
      for (const { replicas, leader } of partitions) {
        assert.equal(new Set(replicas).size, factor)
        assert.equal(leader, replicas[0])
        const racksUsed = new Set(replicas.map((id) => id % racks)).size
        assert.equal(racksUsed, Math.min(factor, racks))
        count(ledByBroker, leader)
        count(ledByRack, leader % racks)
      }
      assert.deepEqual([...ledByRack.values()], Array(racks).fill(numPartitions / racks))
      if (racks === 1) assert.deepEqual([...ledByBroker.values()], Array(brokers).fill(rounds))
    }),
  )
})

test('brokers that are starting or leaving get replicas only where the others do not suffice, and never lead', () => {
  const cluster = clusterOf(1, 2, 3)
  cluster.update(2, { state: 'starting' })
  create(cluster, [{ name: 'two', numPartitions: 6, replicationFactor: 2 }])
  create(cluster, [{ name: 'three', numPartitions: 6, replicationFactor: 3 }])
  for (const { replicas, leader, isr } of cluster.image.topicsByName.get('two')?.partitions ?? []) {
    assert.deepEqual([replicas.includes(asBrokerId(2)), leader === 2, isr.length], [false, false, 2])
  }
  for (const { replicas, leader, isr } of cluster.image.topicsByName.get('three')?.partitions ?? []) {
    assert.deepEqual([replicas.length, leader === 2, isr.length], [3, false, 2])
  }
})

test('the replication factor of an internal topic that nobody set is what the brokers allow', () => {
  assert.equal(cappedReplicationFactor(clusterOf(1).image, 3), 1)
  assert.equal(cappedReplicationFactor(clusterOf(1, 2, 3, 4).image, 3), 3)
  assert.equal(cappedReplicationFactor(clusterOf().image, 3), 1)
})

test('rules of the configuration decide how many partitions a topic has by default', () => {
  const cluster = clusterOf(1, 2)
  const rules = { ...testRules, defaultPartitions: 7, defaultReplicationFactor: 2 }
  const [result] = cluster.commit(createTopics(cluster.view(rules), { topics: [wish({})], validateOnly: false }))
  assert.deepEqual([result?.numPartitions, result?.replicationFactor], [7, 2])
})

test('a request with very many topics is decided about in time that grows with it, not with its square', async () => {
  const cluster = clusterOf(1)
  const decide = (size: number): void => {
    // A third is there twice.
    const names = Array.from({ length: 1.5 * size }, (_, i) => `topic-${i % size}`)
    const created = createTopics(cluster.view(), { topics: names.map((name) => wish({ name })), validateOnly: true })
    const deleted = deleteTopics(cluster.view(), { topics: [], topicNames: names })
    assert.deepEqual([[...created].length, [...deleted].length], [size, size])
  }
  const times = await growth(decide, { size: 4_000, factor: 10 })
  assert.ok(times < 40, `ten times as many took ${times.toFixed(1)} times as long`)
})
