import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConsumerWorld, read, upTo, valueOf } from '@millrace/testkit/consumer-world'
import { until } from '@millrace/testkit/until'
import type { Consumer } from '../consumer.ts'

/** Until it is let go, partition 1 has a leader that can't say what its offsets are. */
function silencePartition({ broker }: ConsumerWorld): { readonly letGo: () => void; readonly asked: () => number } {
  let asked = 0
  const leaderNotAvailable = 5
  const letGo = broker.intercept('ListOffsets', async (_, next) => {
    const answer = await next()
    asked += 1
    const topics = answer.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((each) =>
        each.partitionIndex === 1 ? { ...each, errorCode: leaderNotAvailable, offset: -1 } : each,
      ),
    }))
    return { ...answer, topics }
  })
  return { letGo, asked: () => asked }
}

for (const groupId of ['g', undefined]) {
  const who = groupId === undefined ? 'without a group' : 'in a group'
  test(`a partition whose start nobody can say yet keeps no other from being read (${who})`, async (t) => {
    const world = await ConsumerWorld.start(t, 3)
    await world.fill(30)
    const silenced = silencePartition(world)
    const reader = world.consumer(groupId === undefined ? {} : { groupId })
    const seen: number[] = []
    const going = (async () => {
      for await (const record of reader) seen.push(valueOf(record))
    })()
    await until('the others are read', () => seen.length === 20)
    assert.equal(reader.position({ topic: 'orders', partition: 1 }), undefined)
    if (groupId !== undefined) {
      await reader.commit()
      assert.equal((await world.admin.fetchOffsets(groupId)).length, 2)
    }
    silenced.letGo()
    await until('it is read too', () => seen.length === 30)
    assert.deepEqual(
      seen.toSorted((a, b) => a - b),
      upTo(30),
    )
    await reader.close()
    await going
  })
}

test('a seek that is given up while nobody can say where its partition starts leaves it to start there', async (t) => {
  const world = await ConsumerWorld.start(t, 2)
  await world.fill(20)
  const silenced = silencePartition(world)
  const place = { topic: 'orders', partition: 1 }
  const reader: Consumer = world.consumer({
    autoOffsetReset: 'latest',
    start: 'earliest',
    onAssigned: () => assert.rejects(reader.seek(place, { timestamp: 0 }, { signal: AbortSignal.abort() })),
  })
  const reading = read(reader, 11)
  await until('the others are read', () => reader.position({ topic: 'orders', partition: 0 }) === 10)
  silenced.letGo()
  await until('it is placed', () => reader.position(place) !== undefined)
  await world.fill(1, 21)
  assert.equal((await reading).map(valueOf).at(-1), 1)
})

test('with stopAtEnd a partition whose end nobody can say yet is waited for', async (t) => {
  const world = await ConsumerWorld.start(t, 2)
  await world.fill(20)
  const silenced = silencePartition(world)
  const reading = read(world.consumer({ stopAtEnd: true }))
  await until('it is asked for again', () => silenced.asked() > 5)
  silenced.letGo()
  assert.equal((await reading).length, 20)
})

test('onAssigned may seek where nothing else says where to start; what it leaves out is an error each time', async (t) => {
  const { consumer, fill } = await ConsumerWorld.start(t, 2)
  await fill(20)
  const sought: number[] = [0]
  const reader: Consumer = consumer({
    groupId: 'g',
    autoOffsetReset: 'none',
    onAssigned: async (partitions) => {
      for (const each of partitions) if (sought.includes(each.partition)) await reader.seek(each, { offset: 9 })
    },
  })
  for (const _ of upTo(2)) {
    await assert.rejects(read(reader, 1), { error: 'OFFSET_OUT_OF_RANGE', message: /orders-1 has no usable offset/ })
  }
  sought.push(1)
  assert.deepEqual(
    (await read(reader, 2)).map(({ offset }) => offset),
    [9, 9],
  )
})

test('start counts when a partition comes first; after a rebalance it goes on where the group has it', async (t) => {
  const { consumer, fill } = await ConsumerWorld.start(t)
  await fill(10)
  const before = consumer({ groupId: 'g' })
  await read(before, 5)
  await before.close()
  let rounds = 0
  const reader = consumer({ groupId: 'g', start: 'earliest', onAssigned: () => void (rounds += 1) })
  const seen: number[] = []
  const going = (async () => {
    for await (const record of reader) seen.push(valueOf(record))
  })()
  await until('all is read', () => seen.length === 10)
  reader.enforceRebalance()
  await until('another round', () => rounds === 2)
  await fill(1, 10)
  await until('what comes', () => seen.includes(10))
  assert.deepEqual(seen, upTo(11))
  await reader.close()
  await going
})

test('start counts after a rebalance too where the group has nothing of the partition', async (t) => {
  const { consumer, fill } = await ConsumerWorld.start(t)
  await fill(10)
  let rounds = 0
  const reader = consumer({
    groupId: 'g',
    start: { offset: 8 },
    autoOffsetReset: 'latest',
    enableAutoCommit: false,
    onAssigned: () => void (rounds += 1),
  })
  const seen: number[] = []
  const going = (async () => {
    for await (const record of reader) seen.push(valueOf(record))
  })()
  await until('all is read', () => seen.length === 2)
  reader.enforceRebalance()
  await until('it comes again', () => seen.length === 4)
  assert.deepEqual([seen, rounds], [[8, 9, 8, 9], 2])
  await reader.close()
  await going
})

test('a member whose metadata is older than its group reads the partitions that a topic grew by', async (t) => {
  const { admin, consumer, fill } = await ConsumerWorld.start(t)
  await fill(1)
  const first = consumer({ groupId: 'g', metadataMaxAgeMs: 100 })
  const goingOn = [read(first)]
  await until('the first has it', () => first.assignment().length === 1)
  const second = consumer({ groupId: 'g' })
  goingOn.push(read(second))
  await until('both are members', async () => {
    const group = (await admin.describeGroups(['g'])).get('g')
    return group?.ok === true && group.value.members.length === 2 && group.value.state === 'Stable'
  })
  await admin.createPartitions('orders', 6)
  await until('both have half', () => first.assignment().length === 3 && second.assignment().length === 3)
  await Promise.all([first.close(), second.close()])
  await Promise.all(goingOn)
})

test('a partition that came since metadata was asked for is looked for once more, one that is not there is refused', async (t) => {
  const { admin, consumer, fill } = await ConsumerWorld.start(t)
  await fill(1)
  const reader = consumer()
  await read(reader, 1)
  await admin.createPartitions('orders', 6)
  const [found] = await reader.offsetsOf([{ topic: 'orders', partition: 5 }], 'latest')
  assert.equal(found?.offset, 0)
  const missing = reader.offsetsOf([{ topic: 'orders', partition: 6 }], 'latest')
  await assert.rejects(missing, { name: 'RangeError', message: 'orders has no partition 6: it has 6' })
})
