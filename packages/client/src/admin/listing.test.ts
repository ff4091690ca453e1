import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorCode } from '@millrace/protocol'
import { adminWorld } from '@millrace/testkit/admin-world'
import { valueOf, valuesOf } from './outcome.ts'

test('a listing goes on without a broker that goes meanwhile', async (t) => {
  const { admin, broker } = await adminWorld(t)
  await admin.createTopics([{ name: 'orders' }])
  valuesOf(await admin.commitOffsets('g', [{ topic: 'orders', partition: 0, offset: 1 }]))
  let asked = 0
  broker.intercept('Metadata', async (_request, next) => {
    const answer = await next()
    asked += 1
    const gone = { ...answer.brokers[0]!, nodeId: 99, port: 1 }
    return asked > 2 ? answer : { ...answer, brokers: [...answer.brokers, gone] }
  })
  assert.deepEqual(
    (await admin.listGroups()).map(({ groupId }) => groupId),
    ['g'],
  )
  assert.ok(asked > 2, 'it was there when the listing began')
})

test('a topic that this client has made is waited for at brokers that have not heard of it, and no other', async (t) => {
  const { admin, broker } = await adminWorld(t)
  const created = valuesOf(await admin.createTopics([{ name: 'orders' }]))
  const topicId = created.get('orders')?.topicId ?? ''
  const late = { DescribeTopicPartitions: 2, Metadata: 2, DescribeConfigs: 2 }
  broker.intercept('DescribeTopicPartitions', async (_request, next) => {
    const answer = await next()
    if ((late.DescribeTopicPartitions -= 1) < 0) return answer
    const unknown = { errorCode: errorCode('UNKNOWN_TOPIC_OR_PARTITION'), partitions: [] }
    return { ...answer, topics: answer.topics.map((topic) => ({ ...topic, ...unknown })) }
  })
  broker.intercept('Metadata', async (_request, next) => {
    const answer = await next()
    if ((late.Metadata -= 1) < 0) return answer
    return {
      ...answer,
      topics: answer.topics.map((topic) => ({ ...topic, name: null, errorCode: errorCode('UNKNOWN_TOPIC_ID') })),
    }
  })
  broker.intercept('DescribeConfigs', async (_request, next) => {
    const answer = await next()
    if ((late.DescribeConfigs -= 1) < 0) return answer
    const unknown = { errorCode: errorCode('UNKNOWN_TOPIC_OR_PARTITION'), configs: [] }
    return { ...answer, results: answer.results.map((each) => ({ ...each, ...unknown })) }
  })
  assert.equal(valueOf((await admin.describeTopics(['orders'])).get('orders')!).partitions.length, 1)
  assert.equal(valueOf((await admin.describeTopics([{ topicId }])).get(topicId)!).name, 'orders')
  assert.ok((await admin.describeConfigs({ type: 'topic', name: 'orders' })).length > 0)
  assert.deepEqual(Object.values(late), [-1, -1, -1])
  assert.equal((await admin.describeTopics(['nowhere'])).get('nowhere')?.ok, false)
  assert.equal(late.DescribeTopicPartitions, -2, 'asked for once')
})
