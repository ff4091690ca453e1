import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { Broker } from '@millrace/broker'
import { startBroker } from '@millrace/broker'
import { Consumer } from '../consumer/consumer.ts'
import { Producer } from '../producer/producer.ts'
import { Admin } from './admin.ts'
import { valueOf, valuesOf } from './outcome.ts'

async function world(t: TestContext): Promise<{ broker: Broker; admin: Admin }> {
  const broker = await startBroker({ settings: { 'group.initial.rebalance.delay.ms': 0 } })
  const admin = new Admin({ bootstrapServers: broker.bootstrapServers, retryBackoffMs: 5 })
  t.after(async () => {
    await admin.close()
    await broker.close()
  })
  return { broker, admin }
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (const deadlineMs = performance.now() + 30_000; ;) {
    const found = await look()
    if (found !== undefined) return found
    assert.ok(performance.now() < deadlineMs, 'not within 30 s')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('members are shown with what they said, sorted by state, and taken out', async (t) => {
  const { admin, broker } = await world(t)
  const { bootstrapServers } = broker
  await admin.createTopics([{ name: 'orders', partitions: 2 }])
  const consumer = new Consumer({ bootstrapServers, groupId: 'g', topics: 'orders' })
  const reading = consumer[Symbol.asyncIterator]().next()
  const group = await until(async () => {
    const outcome = (await admin.describeGroups(['g'], { includeAuthorizedOperations: true })).get('g')
    return outcome?.ok === true && outcome.value.state === 'Stable' ? outcome.value : undefined
  })
  assert.ok(group.type === 'classic' && group.authorizedOperations?.includes('read') === true)
  assert.deepEqual(group.members[0]?.assignment.length, 2)
  assert.ok((group.members[0]?.metadata.length ?? 0) > 0 && (group.members[0]?.assignmentBytes.length ?? 0) > 0)
  assert.deepEqual(await admin.listGroups({ states: ['Empty'] }), [])
  assert.deepEqual(await admin.listGroups({ protocolTypes: ['connect'] }), [])
  assert.equal((await admin.listGroups({ types: ['classic'], protocolTypes: ['consumer'] }))[0]?.groupId, 'g')
  const { memberId } = group.members[0]
  const removed = await admin.removeMembers('g', [{ memberId }, { groupInstanceId: 'nobody' }], { reason: 'a test' })
  assert.deepEqual(
    [...removed].map(([id, outcome]) => [id, outcome.ok || outcome.error.error]),
    [
      [memberId, true],
      ['nobody', 'UNKNOWN_MEMBER_ID'],
    ],
  )
  await consumer.close()
  await reading
  valuesOf(await admin.removeMembers('g'))
  assert.equal(valueOf((await admin.describeGroups(['g'])).get('g')!).members.length, 0)
  await assert.rejects(admin.removeMembers('nobody'), { error: 'GROUP_ID_NOT_FOUND' })
})

test('a share group and a transaction are what this broker does not have, and it says who does', async (t) => {
  const { admin } = await world(t)
  await assert.rejects(admin.fetchShareOffsets('workers'), /DescribeShareGroupOffsets: Apache Kafka has it since 4\.1/)
  await assert.rejects(admin.describeQuorum(), /DescribeQuorum: Apache Kafka has it since 3\.3/)
})

test('who writes to a partition is known to its leader', async (t) => {
  const { admin, broker } = await world(t)
  await admin.createTopics([{ name: 'orders' }])
  await using producer = new Producer({ bootstrapServers: broker.bootstrapServers })
  await producer.send({ topic: 'orders', value: 'v', timestamp: 5_000 })
  const producers = await admin.describeProducers(
    [
      { topic: 'orders', partition: 0 },
      { topic: 'orders', partition: 9 },
    ],
    { broker: broker.brokerId },
  )
  const [state] = valueOf(producers.get('orders-0')!)
  assert.deepEqual([state?.lastSequence, state?.lastTimestampMs, state?.transactionStartOffset], [0, 5_000, null])
  assert.equal(producers.get('orders-9')?.ok, false)
})

test('replicas lie in log directories; one that is not there is moved nowhere', async (t) => {
  const { admin, broker } = await world(t)
  await admin.createTopics([{ name: 'orders' }])
  const replica = { topic: 'orders', partition: 0, broker: broker.brokerId }
  const key = `orders-0-${broker.brokerId}`
  const dirs = valueOf((await admin.describeReplicaLogDirs([replica])).get(key)!)
  assert.ok(dirs.current !== null && dirs.future === null)
  const moved = (await admin.alterReplicaLogDirs([{ ...replica, path: '/none' }])).get(key)
  assert.ok(moved?.ok === false && moved.error.error === 'LOG_DIR_NOT_FOUND')
  const described = await admin.describeLogDirs([broker.brokerId, 99])
  assert.deepEqual(
    [...described].map(([id, { ok }]) => [id, ok]),
    [
      [broker.brokerId, true],
      [99, false],
    ],
  )
})
