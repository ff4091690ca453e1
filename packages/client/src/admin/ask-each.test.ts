import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { ApiName, Broker } from '@millrace/broker'
import { startBroker } from '@millrace/broker'
import { errorCode, KafkaError } from '@millrace/protocol'
import { clientClock } from '@millrace/testkit/client-clock'
import { until } from '@millrace/testkit/until'
import type { ClientOptions } from '../client-options.ts'
import { Admin } from './admin.ts'
import { valuesOf } from './outcome.ts'

// Shorter than a request may take, so that it is the call that ends.
const timeoutMs = 20_000

async function world(t: TestContext, options: Partial<ClientOptions> = {}): Promise<{ broker: Broker; admin: Admin }> {
  const broker = await startBroker()
  const admin = new Admin({ bootstrapServers: broker.bootstrapServers, retryBackoffMs: 5, ...options })
  t.after(async () => {
    await admin.close()
    await broker.close()
  })
  return { broker, admin }
}

function counted(broker: Broker, api: ApiName): () => number {
  let count = 0
  broker.intercept(api, (_request, next) => {
    count += 1
    return next()
  })
  return () => count
}

test('what is refused by a broker that is not the controller is asked for again, and only that', async (t) => {
  const { admin, broker } = await world(t)
  const asked: string[][] = []
  broker.intercept('CreateTopics', async (request, next) => {
    asked.push(request.body.topics.map(({ name }) => name))
    const answer = await next()
    const moved = (name: string): boolean => asked.length === 1 && name === 'b'
    return {
      ...answer,
      topics: answer.topics.map((topic) =>
        moved(topic.name) ? { ...topic, errorCode: errorCode('NOT_CONTROLLER') } : topic,
      ),
    }
  })
  const created = await admin.createTopics([{ name: 'a' }, { name: 'b' }, { name: 'c' }])
  assert.deepEqual(asked, [['a', 'b', 'c'], ['b']])
  assert.deepEqual([...created.keys()], ['a', 'b', 'c'], 'in the order asked')
  const [a, b] = [created.get('a'), created.get('b')]
  assert.ok(a?.ok === true && b?.ok === false && b.error.error === 'TOPIC_ALREADY_EXISTS')
})

test('many groups cost one search for coordinators and one request to each of them', async (t) => {
  const { admin, broker } = await world(t)
  await admin.createTopics([{ name: 'orders' }])
  const ids = ['g1', 'g2', 'g3', 'g4']
  for (const id of ids) valuesOf(await admin.commitOffsets(id, [{ topic: 'orders', partition: 0, offset: 1 }]))
  const searches = counted(broker, 'FindCoordinator')
  const describes = counted(broker, 'DescribeGroups')
  const fetches = counted(broker, 'OffsetFetch')
  const described = valuesOf(await admin.describeGroups(ids))
  assert.deepEqual([...described.keys()], ids)
  assert.deepEqual([searches(), describes()], [1, 1])
  const offsets = valuesOf(await admin.fetchOffsets(ids.map((groupId) => ({ groupId }))))
  assert.deepEqual(
    [...offsets.values()].flat().map(({ offset }) => offset),
    [1, 1, 1, 1],
  )
  assert.deepEqual([searches(), fetches()], [2, 1])
  valuesOf(await admin.deleteGroups(ids))
  assert.deepEqual(await admin.listGroups(), [])
})

test('a coordinator that has moved is looked for again', async (t) => {
  const { admin, broker } = await world(t)
  await admin.createTopics([{ name: 'orders' }])
  await admin.commitOffsets('g', [{ topic: 'orders', partition: 0, offset: 1 }])
  const searches = counted(broker, 'FindCoordinator')
  let refusals = 2
  broker.intercept('DescribeGroups', (_request, next) => {
    refusals -= 1
    if (refusals >= 0) throw new KafkaError('NOT_COORDINATOR')
    return next()
  })
  const group = valuesOf(await admin.describeGroups(['g'])).get('g')
  assert.deepEqual([group?.type, group?.state, searches()], ['classic', 'Empty', 3])
})

test('leaders are asked about all their partitions at once; a partition that is not there fails alone', async (t) => {
  const { admin, broker } = await world(t)
  await admin.createTopics([{ name: 'orders', partitions: 3 }])
  const requests = counted(broker, 'ListOffsets')
  const listed = await admin.listOffsets([
    { topic: 'orders', partition: 0, at: 'earliest' },
    { topic: 'nowhere', partition: 0, at: 'latest' },
    { topic: 'orders', partition: 2, at: 'latest' },
    { topic: 'orders', partition: 9, at: 'latest' },
  ])
  assert.equal(requests(), 1)
  assert.deepEqual(
    [...listed].map(([key, outcome]) => [key, outcome.ok ? outcome.value.offset : outcome.error.error]),
    [
      ['orders-0', 0],
      ['nowhere-0', 'UNKNOWN_TOPIC_OR_PARTITION'],
      ['orders-2', 0],
      ['orders-9', 'UNKNOWN_TOPIC_OR_PARTITION'],
    ],
  )
  const twice = [
    { topic: 'orders', partition: 0, at: 'earliest' },
    { topic: 'orders', partition: 0, at: 'latest' },
  ] as const
  await assert.rejects(admin.listOffsets(twice), RangeError)
})

test('a topic that brokers hear of late is waited for', async (t) => {
  const { admin, broker } = await world(t)
  let looks = 0
  broker.intercept('Metadata', async (request, next) => {
    const answer = await next()
    if (request.body.topics?.some(({ name }) => name === 'late') === true && (looks += 1) === 2) {
      setImmediate(() => void admin.createTopics([{ name: 'late' }]))
    }
    return answer
  })
  const listed = valuesOf(await admin.listOffsets([{ topic: 'late', partition: 0, at: 'latest' }]))
  assert.equal(listed.get('late-0')?.offset, 0)
  assert.ok(looks >= 2)
})

test('a call that nobody answers rejects, and says what went wrong rather than that it took long', async (t) => {
  const clock = clientClock(t)
  const { admin, broker } = await world(t)
  await admin.createTopics([{ name: 'orders' }])
  let asked = 0
  broker.intercept('DescribeGroups', (request) => {
    asked += 1
    return request.disconnect()
  })
  const described = admin.describeGroups(['g'], { timeoutMs })
  const rejected = assert.rejects(described, { error: 'NETWORK_EXCEPTION', address: broker.bootstrapServers })
  await until('it is asked again', () => asked > 1)
  await clock.advance(timeoutMs)
  await rejected
})

test('when the time is up the outcome is what was last said of each', async (t) => {
  const clock = clientClock(t)
  const { admin, broker } = await world(t)
  let answers = 0
  broker.intercept('DeleteGroups', async (request, next) => {
    const answer = await next()
    answers += 1
    if (answers > 1) return request.drop()
    const results = [{ groupId: 'moved', errorCode: errorCode('NOT_COORDINATOR') }]
    return { ...answer, results: [...answer.results.filter(({ groupId }) => groupId !== 'moved'), ...results] }
  })
  const deleted = admin.deleteGroups(['moved', 'gone'], { timeoutMs })
  await until('it is asked again', () => answers > 1)
  await clock.advance(timeoutMs)
  assert.deepEqual(
    [...(await deleted)].map(([id, outcome]) => [id, outcome.ok || outcome.error.error]),
    [
      ['moved', 'NOT_COORDINATOR'],
      ['gone', 'GROUP_ID_NOT_FOUND'],
    ],
  )
})

test('timeoutMs ends a call that waits for an answer, and leaves the connection to others', async (t) => {
  const clock = clientClock(t)
  const { admin, broker } = await world(t)
  const [asked, given] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const stop = broker.intercept('ListGroups', async (_request, next) => {
    asked.resolve()
    await given.promise
    return next()
  })
  const rejected = assert.rejects(admin.listGroups({ timeoutMs }), { error: 'REQUEST_TIMED_OUT' })
  await asked.promise
  await clock.advance(timeoutMs)
  await rejected
  given.resolve()
  stop()
  assert.deepEqual(await admin.listGroups(), [])
})

test('a signal ends a call with its own reason, before and while it waits', async (t) => {
  const { admin, broker } = await world(t)
  const reason = new Error('enough')
  await assert.rejects(admin.listTopics({ signal: AbortSignal.abort(reason) }), reason)
  const ending = new AbortController()
  broker.intercept('DeleteTopics', (request) => {
    ending.abort(reason)
    return request.drop()
  })
  await assert.rejects(admin.deleteTopics(['orders'], { signal: ending.signal }), reason)
})

test('closing ends what waits', async (t) => {
  const { admin, broker } = await world(t)
  broker.intercept('ListGroups', (request) => {
    setImmediate(() => void admin.close())
    return request.drop()
  })
  await assert.rejects(admin.listGroups(), { name: 'ClientClosedError' })
  await assert.rejects(admin.listTopics(), { name: 'ClientClosedError' })
})

test('nothing asked for is nothing answered, without a request', async () => {
  await using admin = new Admin({ bootstrapServers: '127.0.0.1:1' })
  assert.deepEqual([...(await admin.createTopics([])), ...(await admin.listOffsets([]))], [])
})

test('what an answer leaves out is an error of its own, and what nobody asked for is left out', async (t) => {
  const { admin, broker } = await world(t)
  await admin.createTopics([{ name: 'orders', partitions: 2 }])
  broker.intercept('ListOffsets', async (_request, next) => {
    const answer = await next()
    return {
      ...answer,
      topics: answer.topics.flatMap((topic) => [
        { ...topic, partitions: topic.partitions.slice(0, 1) },
        { ...topic, name: 'another' },
      ]),
    }
  })
  const listed = await admin.listOffsets([
    { topic: 'orders', partition: 0, at: 'latest' },
    { topic: 'orders', partition: 1, at: 'latest' },
  ])
  assert.deepEqual(
    [...listed].map(([key, outcome]) => [key, outcome.ok || outcome.error.error]),
    [
      ['orders-0', true],
      ['orders-1', 'UNKNOWN_SERVER_ERROR'],
    ],
  )
})

test('a quota on changes is waited out, or is the outcome where that is wanted', async (t) => {
  const { admin, broker } = await world(t)
  let refusals = 0
  broker.intercept('CreateTopics', async (request, next) => {
    if ((refusals -= 1) < 0) return next()
    const held = { errorCode: errorCode('THROTTLING_QUOTA_EXCEEDED'), errorMessage: 'too many changes' }
    const topics = request.body.topics.map(({ name }) => ({ name, ...held, numPartitions: -1, replicationFactor: -1 }))
    return { throttleTimeMs: 5, topics: topics.map((topic) => ({ ...topic, configs: [] })) }
  })
  refusals = 2
  valuesOf(await admin.createTopics([{ name: 'waited' }]))
  assert.equal(refusals, -1)
  refusals = 1
  const held = await admin.createTopics([{ name: 'held' }], { retryOnQuotaViolation: false })
  assert.throws(() => valuesOf(held), { error: 'THROTTLING_QUOTA_EXCEEDED', retriable: true })
})

test('what was created is told with its replication factor and its settings', async (t) => {
  const { admin } = await world(t)
  const topics = [{ name: 'orders', partitions: 2, configs: { 'retention.ms': '60000' } }]
  const checked = valuesOf(await admin.createTopics(topics, { validateOnly: true })).get('orders')
  const created = valuesOf(await admin.createTopics(topics)).get('orders')
  for (const each of [checked, created]) {
    assert.equal(each?.replicationFactor, 1)
    const retention = each?.configs?.find(({ name }) => name === 'retention.ms')
    assert.deepEqual([retention?.value, retention?.source], ['60000', 'topic'])
  }
})
