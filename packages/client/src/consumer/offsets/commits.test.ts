import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KafkaError } from '@millrace/protocol'
import { ConsumerWorld, read, upTo, valueOf } from '@millrace/testkit/consumer-world'
import { until } from '@millrace/testkit/until'
import { CommitFailedError } from '../consumer-errors.ts'

const offsetsOf = async ({ admin }: ConsumerWorld): Promise<number[]> =>
  (await admin.fetchOffsets('g')).map(({ offset }) => offset)

test('a commit of records takes the last of each partition, with its leader epoch', async (t) => {
  const world = await ConsumerWorld.start(t, 2)
  await world.fill(20)
  const reader = world.consumer({ groupId: 'g', enableAutoCommit: false })
  await reader.commit(await read(reader, 20))
  assert.deepEqual(await offsetsOf(world), [10, 10])
  const committed = await reader.committed()
  assert.deepEqual(
    committed.map(({ offset, leaderEpoch }) => [offset, leaderEpoch]),
    [
      [10, 0],
      [10, 0],
    ],
  )
})

test('with commits by hand nothing is committed but what was', async (t) => {
  const world = await ConsumerWorld.start(t)
  await world.fill(10)
  const reader = world.consumer({ groupId: 'g', enableAutoCommit: false, autoCommitIntervalMs: 1 })
  await read(reader, 10)
  await reader.close()
  assert.deepEqual(await offsetsOf(world), [])
})

test('a commit without records takes all that the loop is done with', async (t) => {
  const world = await ConsumerWorld.start(t)
  await world.fill(10)
  const reader = world.consumer({ groupId: 'g', enableAutoCommit: false })
  for await (const { offset } of reader) {
    if (offset !== 4) continue
    await reader.commit()
    break
  }
  assert.deepEqual(await offsetsOf(world), [4])
})

test('what is done is committed while the loop goes on', async (t) => {
  const world = await ConsumerWorld.start(t)
  await world.fill(10)
  const reader = world.consumer({ groupId: 'g', autoCommitIntervalMs: 5 })
  for await (const { offset } of reader) {
    if (offset !== 7) continue
    await until('seven are committed', async () => (await offsetsOf(world))[0] === 7)
    break
  }
})

test('commits that are asked for while one is under way go together in the next, and an older never comes last', async (t) => {
  const world = await ConsumerWorld.start(t)
  await world.fill(10)
  const reader = world.consumer({ groupId: 'g', enableAutoCommit: false })
  const records = await read(reader, 10)
  let requests = 0
  world.broker.intercept('OffsetCommit', async (_, next) => {
    requests += 1
    if (requests === 1) throw new KafkaError('COORDINATOR_LOAD_IN_PROGRESS')
    return next()
  })
  await Promise.all(records.map((record) => reader.commit(record)))
  assert.deepEqual(await offsetsOf(world), [10])
  assert.ok(requests <= 3, `${requests} requests`)
})

test('a commit outlasts a rebalance that keeps its partition, and is refused where the group has dropped us', async (t) => {
  const world = await ConsumerWorld.start(t)
  await world.fill(10)
  const reader = world.consumer({ groupId: 'g', enableAutoCommit: false })
  const [record] = await read(reader, 1)
  assert.ok(record !== undefined)
  let left = 2
  const stop = world.broker.intercept('OffsetCommit', (_, next) => {
    left -= 1
    if (left >= 0) throw new KafkaError('REBALANCE_IN_PROGRESS')
    return next()
  })
  await reader.commit(record)
  assert.deepEqual(await offsetsOf(world), [1])
  stop()
  world.broker.intercept('OffsetCommit', () => {
    throw new KafkaError('UNKNOWN_MEMBER_ID')
  })
  const refused = reader.commit(record)
  await assert.rejects(
    refused,
    (error) => error instanceof CommitFailedError && /maxPollIntervalMs/.test(error.message),
  )
})

test('a commit outlasts a generation whose beginning the consumer has not heard of yet', async (t) => {
  const world = await ConsumerWorld.start(t)
  await world.fill(10)
  const options = {
    groupId: 'g',
    enableAutoCommit: false,
    partitionAssignmentStrategy: ['cooperative-sticky'],
  } as const
  const reader = world.consumer(options)
  const { value: record } = await reader[Symbol.asyncIterator]().next()
  assert.ok(record !== undefined)
  const [begun, heard] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  world.broker.intercept('JoinGroup', async (_, next) => {
    const answer = await next()
    begun.resolve()
    await heard.promise
    return answer
  })
  let commits = 0
  world.broker.intercept('OffsetCommit', (_, next) => {
    commits += 1
    if (commits === 2) heard.resolve()
    return next()
  })
  reader.enforceRebalance()
  await begun.promise
  await reader.commit(record).finally(heard.resolve)
  assert.ok(commits >= 2)
  assert.deepEqual(await offsetsOf(world), [1])
})

test('another consumer of the same instance fences this one, whose commit is told', async (t) => {
  const world = await ConsumerWorld.start(t)
  await world.fill(10)
  const options = { groupId: 'g', groupInstanceId: 'one', enableAutoCommit: false }
  const first = world.consumer({ ...options, heartbeatIntervalMs: 1_000_000, sessionTimeoutMs: 1_500_000 })
  const [record] = await read(first, 1)
  assert.ok(record !== undefined)
  await read(world.consumer(options), 1)
  await assert.rejects(first.commit(record), { error: 'FENCED_INSTANCE_ID' })
  assert.equal(first.assignment().length, 1, 'no heartbeat had told it')
})

test('a consumer whose heartbeats found out that it is fenced tells commits and loops so', async (t) => {
  const world = await ConsumerWorld.start(t)
  await world.fill(10)
  const options = { groupId: 'g', groupInstanceId: 'one', enableAutoCommit: false }
  const first = world.consumer(options)
  const [record] = await read(first, 1)
  assert.ok(record !== undefined)
  await read(world.consumer(options), 1)
  await until('its partition is lost', () => first.assignment().length === 0)
  await assert.rejects(first.commit(record), { name: 'CommitFailedError', error: 'FENCED_INSTANCE_ID' })
  await assert.rejects(read(first), { error: 'FENCED_INSTANCE_ID' })
})

test('at most once: what comes out was committed before, and what did not come out is given back', async (t) => {
  const world = await ConsumerWorld.start(t)
  await world.fill(2_000)
  const options = { groupId: 'g', atMostOnce: true }
  const first = world.consumer(options)
  const seen: number[] = []
  for await (const record of first) {
    seen.push(valueOf(record))
    const [committed = 0] = record.offset % 100 === 0 ? await offsetsOf(world) : [Infinity]
    assert.ok(committed > record.offset, `${record.offset} came out while ${committed} was committed`)
    if (seen.length === 1_200) break
  }
  await first.close()
  assert.deepEqual(await offsetsOf(world), [1_200])
  const second = world.consumer({ ...options, stopAtEnd: true })
  seen.push(...(await read(second)).map(valueOf))
  assert.deepEqual(seen, upTo(2_000))
})

test('at most once: a consumer that dies loses what it had claimed, and nothing comes twice', async (t) => {
  const world = await ConsumerWorld.start(t)
  await world.fill(2_000)
  const assignment = [{ topic: world.topic, partition: 0 }]
  const first = await read(world.consumer({ groupId: 'g', atMostOnce: true, assignment }), 100)
  const second = await read(world.consumer({ groupId: 'g', atMostOnce: true, assignment, stopAtEnd: true }))
  assert.ok(Math.min(...second.map(valueOf)) > Math.max(...first.map(valueOf)))
  assert.throws(() => world.consumer({ atMostOnce: true }), RangeError)
})

test('an offset that no record has is not committed', async (t) => {
  const world = await ConsumerWorld.start(t)
  await world.fill(3)
  const reader = world.consumer({ groupId: 'g', enableAutoCommit: false })
  const [record] = await read(reader, 1)
  assert.ok(record !== undefined)
  for (const offset of [-1, 1.5, Number.NaN, '1', undefined]) {
    const { topic, partition } = record
    const given = { topic, partition, offset } as typeof record
    await assert.rejects(reader.commitOffsets([given]), RangeError)
    if (offset !== -1) await assert.rejects(reader.commit(given), RangeError)
  }
  assert.deepEqual(await offsetsOf(world), [])
  await reader.commit(record)
  assert.deepEqual(await offsetsOf(world), [1])
})

test('close waits for a commit that is being tried again', async (t) => {
  const { admin, broker, consumer, fill } = await ConsumerWorld.start(t)
  await fill(2)
  const reader = consumer({ groupId: 'g', enableAutoCommit: false, retryBackoffMs: 1_000 })
  const [record] = await read(reader, 1)
  assert.ok(record !== undefined)
  let asked = 0
  broker.intercept('OffsetCommit', (_, next) => {
    asked += 1
    if (asked === 1) throw new KafkaError('REBALANCE_IN_PROGRESS')
    return next()
  })
  const committing = reader.commit(record)
  await until('it was refused', () => asked === 1)
  await Promise.all([reader.close(), committing])
  assert.equal((await admin.fetchOffsets('g'))[0]?.offset, 1)
})
