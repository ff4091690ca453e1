import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { Broker } from '@millrace/broker'
import { startBroker } from '@millrace/broker'
import { silentLogger } from '@millrace/kernel'
import { KafkaError } from '@millrace/protocol'
import { clientClock } from '@millrace/testkit/client-clock'
import { Producer } from '../producer/producer.ts'
import { Admin } from './admin.ts'
import { valuesOf } from './outcome.ts'

async function world(t: TestContext): Promise<{ broker: Broker; admin: Admin }> {
  const broker = await startBroker()
  const admin = new Admin({ bootstrapServers: broker.bootstrapServers, retryBackoffMs: 5 })
  t.after(async () => {
    await admin.close()
    await broker.close()
  })
  return { broker, admin }
}

async function fill(broker: Broker, topic: string, count: number): Promise<void> {
  await using producer = new Producer({ bootstrapServers: broker.bootstrapServers })
  const record = (_: unknown, i: number) => ({ topic, partition: 0, value: `${i}`, timestamp: 1_000 * (i + 1) })
  await producer.send(Array.from({ length: count }, record))
}

test('topics are created, listed, described, grown and deleted; what fails says why for itself', async (t) => {
  const { admin } = await world(t)
  const created = await admin.createTopics([
    { name: 'orders', partitions: 2, configs: { 'retention.ms': '60000' } },
    { name: 'not legal' },
  ])
  const orders = created.get('orders')
  assert.ok(orders?.ok === true && orders.value.partitions.every(({ leader }) => leader !== null))
  const refused = created.get('not legal')
  assert.ok(refused?.ok === false && refused.error.error === 'INVALID_TOPIC_EXCEPTION')
  await admin.createPartitions('orders', 4)
  assert.deepEqual(
    (await admin.listTopics()).map(({ name, partitions }) => [name, partitions]),
    [['orders', 4]],
  )
  const described = await admin.describeTopics(['orders', 'nowhere'])
  assert.ok(described.get('orders')?.ok === true)
  assert.ok(described.get('nowhere')?.ok === false)
  await assert.rejects(admin.createPartitions('orders', 1), { error: 'INVALID_PARTITIONS' })
  assert.ok((await admin.deleteTopics(['orders'])).get('orders')?.ok === true)
  assert.deepEqual(await admin.listTopics(), [])
})

test('validateOnly changes nothing', async (t) => {
  const { admin } = await world(t)
  const checked = await admin.createTopics([{ name: 'orders', partitions: 3 }], { validateOnly: true })
  assert.ok(checked.get('orders')?.ok === true)
  assert.deepEqual(await admin.listTopics(), [])
})

test('settings are set, shown with their source, and go back to their default', async (t) => {
  const { admin } = await world(t)
  await admin.createTopics([{ name: 'orders' }])
  const resource = { type: 'topic', name: 'orders' } as const
  const retention = async () => (await admin.describeConfigs(resource)).find(({ name }) => name === 'retention.ms')
  await admin.alterConfigs([{ resource, name: 'retention.ms', operation: 'set', value: '5000' }])
  assert.deepEqual([(await retention())?.value, (await retention())?.source], ['5000', 'topic'])
  assert.ok((await admin.listConfigResources(['topic'])).some(({ name }) => name === 'orders'))
  await admin.alterConfigs([{ resource, name: 'retention.ms', operation: 'delete' }])
  assert.equal((await retention())?.source, 'default')
  const wrong = await admin.alterConfigs([{ resource, name: 'retention.ms', operation: 'set', value: 'soon' }])
  assert.throws(() => valuesOf(wrong), { error: 'INVALID_CONFIG' })
})

test('offsets are found by end and by time, and records before one are deleted', async (t) => {
  const { admin, broker } = await world(t)
  await admin.createTopics([{ name: 'orders', partitions: 2 }])
  await fill(broker, 'orders', 10)
  const at = async (spec: 'earliest' | 'latest' | 'max-timestamp' | number): Promise<number | undefined> =>
    valuesOf(await admin.listOffsets([{ topic: 'orders', partition: 0, at: spec }])).get('orders-0')?.offset
  assert.deepEqual([await at('earliest'), await at('latest'), await at('max-timestamp')], [0, 10, 9])
  assert.deepEqual([await at(4_500), await at(99_000)], [4, -1])
  const outcomes = await admin.deleteRecords([
    { topic: 'orders', partition: 0, offset: 6 },
    { topic: 'orders', partition: 1, offset: 6 },
  ])
  const [first, second] = [outcomes.get('orders-0'), outcomes.get('orders-1')]
  assert.ok(first?.ok === true && first.value.lowWatermark === 6)
  assert.ok(second?.ok === false && second.error.error === 'OFFSET_OUT_OF_RANGE')
  assert.equal(await at('earliest'), 6)
})

test('offsets of a group without members are set, read and deleted', async (t) => {
  const { admin } = await world(t)
  await admin.createTopics([{ name: 'orders', partitions: 2 }])
  const committed = await admin.commitOffsets('g', [
    { topic: 'orders', partition: 0, offset: 5 },
    { topic: 'orders', partition: 1, offset: 7 },
  ])
  assert.ok([...committed.values()].every(({ ok }) => ok))
  assert.deepEqual(
    (await admin.fetchOffsets('g')).map(({ partition, offset }) => [partition, offset]),
    [
      [0, 5],
      [1, 7],
    ],
  )
  assert.deepEqual(
    (await admin.listGroups()).map(({ groupId, state }) => [groupId, state]),
    [['g', 'Empty']],
  )
  await admin.deleteOffsets('g', [{ topic: 'orders', partition: 0 }])
  assert.equal((await admin.fetchOffsets('g')).length, 1)
  const deleted = await admin.deleteGroups(['g', 'nobody'])
  assert.deepEqual([deleted.get('g')?.ok, deleted.get('nobody')?.ok], [true, false])
})

test('a group that is not there is an error of its own', async (t) => {
  const { admin } = await world(t)
  const described = (await admin.describeGroups(['nobody'])).get('nobody')
  assert.ok(described?.ok === false && described.error.error === 'GROUP_ID_NOT_FOUND')
})

test('the cluster and its log directories are described', async (t) => {
  const { admin, broker } = await world(t)
  await admin.createTopics([{ name: 'orders', partitions: 2 }])
  const cluster = await admin.describeCluster()
  assert.deepEqual([cluster.clusterId, cluster.nodes[0]?.port], [broker.clusterId, broker.port])
  const [directory] = valuesOf(await admin.describeLogDirs()).get(broker.brokerId) ?? []
  assert.equal(directory?.replicas.filter(({ topic }) => topic === 'orders').length, 2)
})

test('a call rides out a broken connection and a coordinator that is not ready', async (t) => {
  const { admin, broker } = await world(t)
  await admin.createTopics([{ name: 'orders' }])
  broker.dropConnections()
  assert.equal((await admin.listTopics()).length, 1)
  let refusals = 3
  broker.intercept('OffsetFetch', (request, next) => {
    refusals -= 1
    if (refusals === 2) throw new KafkaError('COORDINATOR_LOAD_IN_PROGRESS')
    if (refusals === 1) return request.disconnect()
    return next()
  })
  assert.deepEqual(await admin.fetchOffsets('g'), [])
})

test('a broker that is not there fails with its address when the time is up', async (t) => {
  const clock = clientClock(t)
  const failed = Promise.withResolvers<void>()
  const debug = (message: string): void => void (message === 'what failed is tried again' && failed.resolve())
  const logger = { ...silentLogger, debug }
  await using admin = new Admin({ bootstrapServers: '127.0.0.1:1', logger })
  const rejected = assert.rejects(admin.listTopics(), { error: 'NETWORK_EXCEPTION', address: '127.0.0.1:1' })
  await failed.promise
  await clock.advance(60_000)
  await rejected
})

test('a signal ends a call', async () => {
  await using admin = new Admin({ bootstrapServers: '127.0.0.1:1' })
  const signal = AbortSignal.timeout(20)
  await assert.rejects(admin.listTopics({ signal }), { name: 'TimeoutError' })
})
