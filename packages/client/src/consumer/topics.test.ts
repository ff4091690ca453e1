import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConsumerWorld, read } from '@millrace/testkit/consumer-world'
import { until } from '@millrace/testkit/until'

test('a pattern reads all topics that fit, and those that come later', async (t) => {
  const { admin, consumer, producer } = await ConsumerWorld.start(t)
  await admin.createTopics(['orders-a', 'other', 'orders-b'].map((name) => ({ name })))
  for (const topic of ['orders-a', 'other', 'orders-b']) await producer.send({ topic, value: topic })
  const reader = consumer({ topics: /^orders-/g, metadataMaxAgeMs: 20 })
  const first = await read(reader, 2)
  assert.deepEqual(first.map(({ topic }) => topic).toSorted(), ['orders-a', 'orders-b'])
  const later = read(reader, 1)
  await admin.createTopics([{ name: 'orders-c' }])
  await producer.send({ topic: 'orders-c', value: 'c' })
  assert.equal((await later)[0]?.topic, 'orders-c')
})

test('a group follows its pattern: topics come and go without anybody joining', async (t) => {
  const { admin, consumer, producer } = await ConsumerWorld.start(t)
  await admin.createTopics([{ name: 'orders-a' }])
  const options = { groupId: 'g', topics: /^orders-/, metadataMaxAgeMs: 20 }
  const readers = [consumer(options), consumer(options)]
  const loops = readers.map((reader) => read(reader))
  const assigned = (): string[] => readers.flatMap((reader) => reader.assignment().map(({ topic }) => topic)).toSorted()
  await until('one topic', () => assigned().join() === 'orders-a')
  await admin.createTopics([{ name: 'orders-b', partitions: 2 }])
  await until('two topics', () => assigned().join() === 'orders-a,orders-b,orders-b')
  await producer.send({ topic: 'orders-b', value: 'x' })
  await admin.deleteTopics(['orders-a'])
  await until('the topic is gone', () => assigned().join() === 'orders-b,orders-b')
  await Promise.all(readers.map((reader) => reader.close()))
  assert.equal((await Promise.all(loops)).flat().length, 1)
})

test('internal topics never fit a pattern', async (t) => {
  const { admin, consumer, fill } = await ConsumerWorld.start(t)
  await fill(1)
  await read(consumer({ groupId: 'g' }), 1)
  const topics = (await admin.listTopics({ includeInternal: true })).map(({ name }) => name)
  assert.ok(topics.includes('__consumer_offsets'))
  const records = await read(consumer({ topics: /./, stopAtEnd: true }))
  assert.deepEqual([...new Set(records.map(({ topic }) => topic))], ['orders'])
})
