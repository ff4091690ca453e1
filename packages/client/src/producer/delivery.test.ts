import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KafkaError } from '@millrace/protocol'
import { clientClock } from '@millrace/testkit/client-clock'
import { ProducerWorld } from '@millrace/testkit/producer-world'
import { until } from '@millrace/testkit/until'
import { Admin } from '../admin/admin.ts'
import type { ProducerOptions } from './producer-api.ts'
import { SendError } from './send-error.ts'

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i))

test('a batch that the broker finds too large is split until it is taken, and nothing is lost or out of order', async (t) => {
  const { producing, readValues, topic } = await ProducerWorld.start(t, { configs: { 'max.message.bytes': '2000' } })
  const producer = producing({ batchSize: 16_000 })
  const values = numbers(60).map((each) => each.padEnd(300, '.'))
  const sent = await producer.send(values.map((value) => ({ topic, value })))
  assert.deepEqual(
    sent.map(({ offset }) => offset),
    values.map((_, i) => i),
  )
  assert.deepEqual(await readValues(), values)
})

test('past the last epoch of its id a producer asks for another id, and goes on', async (t) => {
  const { broker, producing, readValues, topic } = await ProducerWorld.start(t, {
    configs: { 'max.message.bytes': '2000' },
  })
  let ids = 0
  broker.intercept('InitProducerId', async (_, next) => {
    ids += 1
    const answer = await next()
    return ids === 1 ? { ...answer, producerEpoch: 0x7ffe } : answer
  })
  const producer = producing({ deliveryTimeoutMs: 30_000 })
  // Each that fails for good costs an epoch.
  const outcomes: string[] = []
  for (const value of ['a', 'b'.repeat(3_000), 'c', 'd'.repeat(3_000), 'e', 'f']) {
    const [{ status }] = await Promise.allSettled([producer.send({ topic, value })])
    outcomes.push(status === 'fulfilled' ? value : status)
  }
  assert.deepEqual(outcomes, ['a', 'rejected', 'c', 'rejected', 'e', 'f'])
  assert.deepEqual([await readValues(), ids], [['a', 'c', 'e', 'f'], 2])
})

test('one record that the broker finds too large fails alone', async (t) => {
  const { producing, readValues, topic } = await ProducerWorld.start(t, { configs: { 'max.message.bytes': '2000' } })
  const producer = producing({ batchSize: 16_000 })
  const values = ['a', 'b'.repeat(3_000), 'c', 'd']
  const results = await Promise.allSettled(values.map((value) => producer.send({ topic, value })))
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  )
  assert.equal((results[1] as PromiseRejectedResult).reason.error, 'MESSAGE_TOO_LARGE')
  assert.deepEqual(await readValues(), ['a', 'c', 'd'])
})

test('of an array of which some fail, the error says what became of each', async (t) => {
  const { producing, readValues, topic } = await ProducerWorld.start(t)
  const producer = producing({ maxRequestSize: 1_000 })
  const values = ['a', 'x'.repeat(2_000), 'c']
  const error = await producer.send(values.map((value) => ({ topic, value }))).then(
    () => assert.fail('it must reject'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof SendError)
  assert.match(error.message, /^1 of 3 records were not written: MESSAGE_TOO_LARGE/)
  assert.deepEqual(
    error.results.map((each) => (each.status === 'fulfilled' ? each.value.offset : each.reason.error)),
    [0, 'MESSAGE_TOO_LARGE', 1],
  )
  assert.equal(error.errors.length, 1)
  assert.deepEqual(await readValues(), ['a', 'c'])
})

test('where the broker names the records that it refuses, those that were only in their batch may be sent again', async (t) => {
  const { producing, readValues, topic } = await ProducerWorld.start(t, { configs: { 'cleanup.policy': 'compact' } })
  const producer = producing({})
  const records = [
    { topic, key: 'a', value: '1' },
    { topic, value: '2' },
    { topic, key: 'b', value: '3' },
  ]
  const alone = producer.send({ topic, key: 'c', value: '4' })
  const error = await producer.send(records).catch((reason: unknown) => reason)
  assert.ok(error instanceof SendError)
  const reasons = error.errors as KafkaError[]
  assert.deepEqual(
    reasons.map((reason) => [reason.error, reason.retriable]),
    [
      ['INVALID_RECORD', true],
      ['INVALID_RECORD', false],
      ['INVALID_RECORD', true],
    ],
  )
  assert.match(reasons[0]!.message, /another record of its batch was refused: .*key/)
  assert.match(reasons[0]!.advice, /send it again/)
  assert.match(reasons[1]!.message, /^INVALID_RECORD: .*key.* \(Produce to/)
  await assert.rejects(alone, { retriable: true })
  await producer.send(records.filter((_, i) => reasons[i]?.retriable))
  assert.deepEqual(await readValues(), ['1', '3'])
})

test('with LogAppendTime send says the time of the broker', async (t) => {
  const { producing, topic } = await ProducerWorld.start(t, { configs: { 'message.timestamp.type': 'LogAppendTime' } })
  const beforeMs = Date.now()
  const { timestamp } = await producing({}).send({ topic, value: 'v', timestamp: 1_000 })
  assert.ok(timestamp >= beforeMs && timestamp <= Date.now())
})

test('what is sent and not answered fails at the delivery time-out too, and those behind it get through', async (t) => {
  const clock = clientClock(t)
  const { broker, producing, readValues, topic } = await ProducerWorld.start(t)
  let requests = 0
  broker.intercept('Produce', (request, next) => {
    requests += 1
    return requests === 2 ? request.drop() : next()
  })
  const producer = producing({ deliveryTimeoutMs: 20_000, requestTimeoutMs: 30_000, lingerMs: 0 })
  await producer.send({ topic, value: 'a' })
  const notDelivered = /1 records of orders-0 were not delivered in \d+ ms/
  const rejected = assert.rejects(producer.send({ topic, value: 'b' }), notDelivered)
  await until('b is sent', () => requests === 2)
  await clock.advance(20_000)
  await rejected
  const behind = producer.send({ topic, value: 'c' })
  // Now the request's time is up too, and with it the connection's.
  await clock.advance(10_000)
  await behind
  assert.equal((await readValues()).at(-1), 'c')
})

test('with no retries the first failure is the last', async (t) => {
  const { broker, producing, topic } = await ProducerWorld.start(t)
  let requests = 0
  broker.intercept('Produce', () => {
    requests += 1
    throw new KafkaError('NOT_LEADER_OR_FOLLOWER')
  })
  const producer = producing({ retries: 0 })
  await assert.rejects(producer.send({ topic, value: 'v' }), { error: 'NOT_LEADER_OR_FOLLOWER' })
  assert.equal(requests, 1)
})

test('a partition that was added is found without waiting for the next refresh of metadata', async (t) => {
  const { broker, producing, topic } = await ProducerWorld.start(t)
  const producer = producing({})
  await producer.send({ topic, value: 'v' })
  await using admin = new Admin(broker)
  await admin.createPartitions(topic, 3)
  assert.equal((await producer.send({ topic, partition: 2, value: 'v' })).partition, 2)
  await assert.rejects(producer.send({ topic, partition: 3, value: 'v' }), RangeError)
})

test('large batches are compressed aside and stay in order', async (t) => {
  const { producing, readValues, topic } = await ProducerWorld.start(t, {
    configs: { 'max.message.bytes': '10000000' },
  })
  const values = numbers(400).map((each) => each.padEnd(1_000, 'a rose is '))
  for (const compressionType of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const producer = producing({ compressionType, batchSize: 150_000, compressionGzipLevel: 1 })
    await producer.send(values.map((value) => ({ topic, value })))
  }
  assert.deepEqual(await readValues(), [...values, ...values, ...values, ...values])
})

test('a level of compression is used', async (t) => {
  const { broker, producing, topic } = await ProducerWorld.start(t)
  let bytes = 0
  broker.intercept('Produce', (request, next) => {
    bytes += request.body.topicData[0]?.partitionData[0]?.records?.length ?? 0
    return next()
  })
  const value = Array.from({ length: 3_000 }, (_, i) => `order ${i} of customer ${(i * 7919) % 1_000}`).join()
  const size = async (options: Partial<ProducerOptions>): Promise<number> => {
    bytes = 0
    await producing(options).send({ topic, value })
    return bytes
  }
  const gzip = { compressionType: 'gzip' } as const
  const zstd = { compressionType: 'zstd' } as const
  assert.ok((await size({ ...gzip, compressionGzipLevel: 9 })) < (await size({ ...gzip, compressionGzipLevel: 1 })))
  const lz4 = { compressionType: 'lz4' } as const
  assert.ok((await size({ ...lz4, compressionLz4Level: 12 })) < (await size(lz4)))
  assert.ok((await size({ ...zstd, compressionZstdLevel: 19 })) < (await size({ ...zstd, compressionZstdLevel: -7 })))
})
