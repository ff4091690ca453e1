import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { Broker } from '@millrace/broker'
import { startBroker } from '@millrace/broker'
import { clientClock } from '@millrace/testkit/client-clock'
import { until } from '@millrace/testkit/until'
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

test('topics come in pages, whole and in the order asked', async (t) => {
  const { admin, broker } = await world(t)
  await admin.createTopics([
    { name: 'b', partitions: 3 },
    { name: 'a', partitions: 4 },
  ])
  let pages = 0
  broker.intercept('DescribeTopicPartitions', (_request, next) => {
    pages += 1
    return next()
  })
  const described = await admin.describeTopics(['b', 'nowhere', 'a'], { partitionsPerAnswer: 2 })
  assert.deepEqual(
    [...described].map(([name, outcome]) => [
      name,
      outcome.ok ? outcome.value.partitions.map(({ partition }) => partition) : outcome.error.error,
    ]),
    [
      ['b', [0, 1, 2]],
      ['nowhere', 'UNKNOWN_TOPIC_OR_PARTITION'],
      ['a', [0, 1, 2, 3]],
    ],
  )
  assert.ok(pages >= 4)
})

test('a broker whose pages never end is an error', async (t) => {
  const clock = clientClock(t)
  const { admin, broker } = await world(t)
  await admin.createTopics([{ name: 'a' }])
  let pages = 0
  broker.intercept('DescribeTopicPartitions', async (_request, next) => {
    pages += 1
    return { ...(await next()), nextCursor: { topicName: 'a', partitionIndex: 0 } }
  })
  const described = admin.describeTopics(['a'], { timeoutMs: 20_000 })
  const rejected = assert.rejects(described, { name: 'BadResponseError', api: 'DescribeTopicPartitions' })
  await until('it is asked again from the first page on', () => pages > 2)
  await clock.advance(20_000)
  await rejected
})

test('topics are described and deleted by id, beside names', async (t) => {
  const { admin } = await world(t)
  const created = valuesOf(await admin.createTopics([{ name: 'a' }, { name: 'b' }]))
  const topicId = created.get('a')?.topicId ?? ''
  const unknown = { topicId: 'u8YtHN3bQ0CtvIUXsFKZ7g' }
  const described = await admin.describeTopics([{ topicId }, 'b', unknown], { includeAuthorizedOperations: true })
  assert.deepEqual(
    [...described].map(([key, outcome]) => [key, outcome.ok ? outcome.value.name : outcome.error.error]),
    [
      [topicId, 'a'],
      ['b', 'b'],
      [unknown.topicId, 'UNKNOWN_TOPIC_ID'],
    ],
  )
  assert.ok([...described.values()].every((each) => !each.ok || each.value.authorizedOperations?.includes('read')))
  const deleted = await admin.deleteTopics([{ topicId }, 'b', unknown])
  assert.deepEqual(
    [...deleted].map(([key, { ok }]) => [key, ok]),
    [
      [topicId, true],
      ['b', true],
      [unknown.topicId, false],
    ],
  )
})
