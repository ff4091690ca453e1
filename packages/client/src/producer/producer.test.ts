import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { seededRandom, silentLogger } from '@millrace/kernel'
import { KafkaError, partitionForKey } from '@millrace/protocol'
import { clientClock } from '@millrace/testkit/client-clock'
import { ProducerWorld } from '@millrace/testkit/producer-world'
import { until } from '@millrace/testkit/until'
import type { ConsumerRecord } from '../record.ts'
import { serde } from '../serde/built-in.ts'
import { SerializationError } from '../serde/serialization-error.ts'
import type { PlainProducerOptions } from './producer-api.ts'
import { Producer } from './producer.ts'

const world = (t: TestContext, partitions = 1): Promise<ProducerWorld> => ProducerWorld.start(t, { partitions })

const textOf = (record: ConsumerRecord): string => String(record.value)

test('send says where the record is, and an array gives an array in its order', async (t) => {
  const { producing, readAll, topic } = await world(t)
  const producer = producing()
  const one = await producer.send({ topic, key: 'k', value: 'v', headers: { a: 'b' }, timestamp: 1_700_000_000_000 })
  assert.deepEqual(one, { topic, partition: 0, offset: 0, timestamp: 1_700_000_000_000 })
  const many = await producer.send([
    { topic, value: 'x' },
    { topic, value: null, key: Buffer.from('k') },
  ])
  assert.deepEqual(
    many.map(({ offset }) => offset),
    [1, 2],
  )
  assert.deepEqual(await producer.send([]), [])
  const [first, , third] = await readAll()
  assert.equal(String(first?.key), 'k')
  assert.deepEqual(first?.headers, [['a', Buffer.from('b')]])
  assert.equal(first?.timestamp, 1_700_000_000_000)
  assert.equal(third?.value, null)
})

test('what a topic is written with comes from its serializers, and what they refuse is not sent', async (t) => {
  const { broker, readAll } = await world(t)
  const producer = new Producer({
    bootstrapServers: broker.bootstrapServers,
    serializers: { orders: { key: serde.int32, value: serde.json<{ id: number }>() } },
  })
  t.after(() => producer.close())
  await producer.send({ topic: 'orders', key: 7, value: { id: 1 } })
  await producer.send({ topic: 'orders', key: 8, value: null })
  await assert.rejects(producer.send({ topic: 'orders', key: 2 ** 40, value: { id: 2 } }), SerializationError)
  const records = await readAll()
  assert.deepEqual(
    records.map(({ key, value }) => [key?.toString('hex'), value?.toString()]),
    [
      ['00000007', '{"id":1}'],
      ['00000008', undefined],
    ],
  )
})

test('what a serializer gives that is neither text nor bytes is refused, and touches no other record', async (t) => {
  const { broker, readValues } = await world(t)
  const given: unknown[] = [
    Promise.reject(new Error('nobody waits for this')),
    undefined,
    null,
    5,
    [1],
    new DataView(new ArrayBuffer(1)),
  ]
  const next = { serialize: () => given.shift() as Uint8Array }
  const serializers = { orders: { key: next, value: serde.string }, values: { value: next } }
  const producer = new Producer({ bootstrapServers: broker.bootstrapServers, serializers })
  t.after(() => producer.close())
  for (let left = given.length; left > 0; left -= 1) {
    const record = left % 2 === 0 ? { topic: 'orders', key: 'k', value: 'v' } : { topic: 'values', value: 'v' }
    await assert.rejects(producer.send(record as never), SerializationError)
  }
  await producer.send({ topic: 'orders', key: null, value: 'v' } as never)
  assert.deepEqual(await readValues(), ['v'])
  assert.equal(producer.metrics().bufferAvailableBytes, producer.metrics().bufferTotalBytes)
})

test('text, numbers and bytes are sent as they are, and an object without a serializer is refused', async (t) => {
  const { producing, readAll, topic } = await world(t)
  const producer = producing()
  for (const value of ['text', 12, 13n, Buffer.from('b'), Uint8Array.of(65).buffer, new DataView(new ArrayBuffer(1))]) {
    await producer.send({ topic, value })
  }
  await assert.rejects(producer.send({ topic, value: {} as never }), /the value of a record of orders: an object needs/)
  assert.deepEqual((await readAll()).map(textOf), ['text', '12', '13', 'b', 'A', '\0'])
})

test('headers are an object or pairs; what is none of that is refused, and touches no other record', async (t) => {
  const { producing, readAll, topic } = await world(t)
  const producer = producing()
  const wrong: unknown[] = [
    null,
    'text',
    { a: 5 },
    { a: undefined },
    { a: new Uint16Array(2) },
    [['a']],
    [[1, 'x']],
    [1],
  ]
  for (const headers of wrong) {
    await assert.rejects(producer.send({ topic, value: 'v', headers: headers as never }), TypeError)
  }
  const right = [
    {},
    [],
    { a: null, b: '' },
    [
      ['a', '1'],
      ['a', Buffer.from('2')],
    ],
    new Map([['c', 'd']]),
  ]
  await producer.send(right.map((headers) => ({ topic, value: 'v', headers: headers as never })))
  assert.deepEqual(
    (await readAll()).map(({ headers }) => headers.map(([name, value]) => [name, value?.toString()])),
    [
      [],
      [],
      [
        ['a', undefined],
        ['b', ''],
      ],
      [
        ['a', '1'],
        ['a', '2'],
      ],
      [['c', 'd']],
    ],
  )
  assert.equal(producer.metrics().bufferAvailableBytes, producer.metrics().bufferTotalBytes)
})

test('a key goes to the partition of the Java client', async (t) => {
  const { producing, topic } = await world(t, 7)
  const producer = producing()
  const keys = Array.from({ length: 200 }, (_, i) => `key-${i}`)
  const sent = await producer.send(keys.map((key) => ({ topic, key, value: null })))
  assert.deepEqual(
    sent.map(({ partition }) => partition),
    keys.map((key) => partitionForKey(Buffer.from(key), 7)),
  )
})

test('records without a key stay on a partition for a batch, or go round strictly where asked', async (t) => {
  const { producing, topic } = await world(t, 5)
  const records = Array.from({ length: 50 }, () => ({ topic, value: 'x'.repeat(100) }))
  const sticky = await producing({ batchSize: 100_000 }).send(records)
  assert.equal(new Set(sticky.map(({ partition }) => partition)).size, 1)
  const round = await producing({ partitioner: 'round-robin' }).send(records)
  const [first] = round
  assert.ok(round.every(({ partition }, i) => partition === ((first?.partition ?? 0) + i) % 5))
})

test('every compression is written and read', async (t) => {
  const { producing, readAll, topic } = await world(t)
  for (const compressionType of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    await producing({ compressionType }).send(
      Array.from({ length: 100 }, (_, i) => ({ topic, value: `${compressionType} ${i}` })),
    )
  }
  const texts = (await readAll()).map(textOf)
  assert.equal(texts.length, 500)
  assert.equal(texts[499], 'zstd 99')
})

test('a record that was written before the connection broke is there once', async (t) => {
  const { broker, producing, readAll, topic } = await world(t)
  let cuts = 0
  broker.intercept('Produce', async (request, next) => {
    const answer = await next()
    cuts += 1
    return cuts <= 2 ? request.disconnect() : answer
  })
  const sent = await producing().send({ topic, value: 'once' })
  assert.equal(cuts, 3)
  assert.deepEqual((await readAll()).map(textOf), ['once'])
  assert.ok(sent.offset <= 0)
})

test('order is kept and nothing is there twice however connections break and leaders refuse', async (t) => {
  const { broker, producing, readAll, topic } = await world(t, 3)
  const random = seededRandom(42)
  let troubles = 30
  broker.intercept('Produce', async (request, next) => {
    const luck = troubles > 0 ? random.below(6) : 5
    if (luck < 4) troubles -= 1
    if (luck === 0) return request.disconnect()
    if (luck === 1) throw new KafkaError('NOT_LEADER_OR_FOLLOWER')
    const answer = await next()
    if (luck === 2) return request.disconnect()
    return answer
  })
  const producer = producing({ batchSize: 200, lingerMs: 1 })
  const count = 600
  const sends: Promise<unknown>[] = []
  for (let i = 0; i < count; i += 1) {
    sends.push(producer.send({ topic, partition: i % 3, value: String(i) }))
    if (i % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.all(sends)
  const records = await readAll()
  for (const partition of [0, 1, 2]) {
    const values = records.filter((each) => each.partition === partition).map((each) => Number(textOf(each)))
    assert.deepEqual(
      values,
      Array.from({ length: count / 3 }, (_, i) => i * 3 + partition),
    )
  }
})

test('a batch that is refused for good fails alone, and those behind it get through', async (t) => {
  const { broker, producing, readAll, topic } = await world(t)
  let requests = 0
  broker.intercept('Produce', (_request, next) => {
    requests += 1
    if (requests === 2) throw new KafkaError('INVALID_RECORD')
    return next()
  })
  const producer = producing({ batchSize: 100, lingerMs: 0 })
  const outcomes = await Promise.allSettled(
    Array.from({ length: 8 }, (_, i) => producer.send({ topic, value: `${i} ${'x'.repeat(80)}` })),
  )
  const failed = outcomes.filter(({ status }) => status === 'rejected')
  assert.equal(failed.length, 1)
  const texts = (await readAll()).map((each) => textOf(each).slice(0, 1))
  assert.equal(texts.length, 7)
  assert.deepEqual(texts, texts.toSorted())
})

test('what is not answered in time fails at the delivery time-out', async (t) => {
  const clock = clientClock(t)
  const { broker, producing, topic } = await world(t)
  let refusals = 0
  const release = broker.intercept('Produce', () => {
    refusals += 1
    throw new KafkaError('NOT_LEADER_OR_FOLLOWER')
  })
  const producer = producing({ deliveryTimeoutMs: 20_000 })
  const rejected = assert.rejects(producer.send({ topic, value: 'v' }), { error: 'REQUEST_TIMED_OUT' })
  await until('it is sent again', () => refusals > 1)
  await clock.advance(20_000)
  await rejected
  release()
  assert.equal((await producer.send({ topic, value: 'w' })).offset, 0)
})

test('send waits for room in the buffer, and everything arrives', async (t) => {
  const { producing, readAll, topic } = await world(t)
  const producer = producing({ bufferMemory: 2_000, lingerMs: 500, batchSize: 100_000 })
  await Promise.all(Array.from({ length: 100 }, (_, i) => producer.send({ topic, value: `${i}`.padStart(200) })))
  const values = (await readAll()).map((each) => Number(textOf(each)))
  assert.deepEqual(
    values,
    Array.from({ length: 100 }, (_, i) => i),
  )
})

test('close sends what lingers, and send rejects from then on', async (t) => {
  const { producing, topic } = await world(t)
  const producer = producing({ lingerMs: 60_000 })
  const sent = producer.send({ topic, value: 'v' })
  await producer.close()
  assert.equal((await sent).offset, 0)
  await assert.rejects(producer.send({ topic, value: 'v' }), { name: 'ClientClosedError' })
})

test('close with a signal gives up what is not answered by then', async (t) => {
  const { broker, topic } = await world(t)
  broker.intercept('Produce', (request) => request.drop())
  const producer = new Producer(broker)
  const sent = producer.send({ topic, value: 'v' })
  const failed = assert.rejects(sent, { name: 'ClientClosedError' })
  await assert.rejects(producer.close({ signal: AbortSignal.timeout(20) }), { name: 'TimeoutError' })
  await failed
})

test('who closes a producer that is being closed may have less patience', async (t) => {
  const { broker, topic } = await world(t)
  broker.intercept('Produce', (request) => request.drop())
  const producer = new Producer(broker)
  const sent = producer.send({ topic, value: 'v' })
  const failed = assert.rejects(sent, { name: 'ClientClosedError' })
  const patient = producer.close()
  await producer.close({ timeoutMs: 20 })
  await Promise.all([failed, patient])
  await producer.close()
})

test('with acks 0 nobody says where the record is', async (t) => {
  const { producing, readAll, topic } = await world(t)
  const producer = producing({ acks: 0 })
  assert.equal((await producer.send({ topic, value: 'v' })).offset, -1)
  await producer.close()
  assert.equal((await readAll()).length, 1)
})

test('a topic that is not there and may not be made rejects after maxBlockMs; a partition that is not there at once', async (t) => {
  const clock = clientClock(t)
  const { producing, topic } = await world(t)
  let failures = 0
  const debug = (message: string): void => void (message === 'what failed is tried again' && (failures += 1))
  // Pauses take 800 to 1,200 ms. None that begins after 16 of the longest, which are 19,200 ms, ends in time.
  const times = { retryBackoffMs: 1_000, retryBackoffMaxMs: 1_000, maxBlockMs: 19_500 }
  const producer = producing({ ...times, allowAutoTopicCreation: false, logger: { ...silentLogger, debug } })
  clock.freeze()
  const sent = producer.send({ topic: 'nowhere', value: 'v' }).catch((error: unknown) => error)
  for (let round = 0; round < 16; round += 1) {
    await until('it is looked for in vain', () => failures > round)
    await clock.advance(1_200)
  }
  const error = await sent
  assert.ok(error instanceof KafkaError)
  assert.equal(error.error, 'UNKNOWN_TOPIC_OR_PARTITION')
  clock.unfreeze()
  await assert.rejects(producer.send({ topic, partition: 7, value: 'v' }), RangeError)
})

test('a topic is made on first use where the broker may', async (t) => {
  const { producing } = await world(t)
  assert.equal((await producing().send({ topic: 'fresh', value: 'v' })).offset, 0)
})

test('a signal ends the wait of send', async (t) => {
  const { producing, topic } = await world(t)
  const producer = producing({ lingerMs: 60_000 })
  const aborter = new AbortController()
  const sent = producer.send({ topic, value: 'v' }, { signal: aborter.signal })
  aborter.abort(new Error('enough'))
  await assert.rejects(sent, /enough/)
  await producer.close()
})

test('a record beyond maxRequestSize is refused before it is sent', async (t) => {
  const { producing, topic } = await world(t)
  const sent = producing({ maxRequestSize: 1_000 }).send({ topic, value: 'x'.repeat(2_000) })
  await assert.rejects(sent, { error: 'MESSAGE_TOO_LARGE' })
})

test('options that contradict each other are refused', () => {
  const bootstrapServers = 'localhost:9092'
  assert.throws(() => new Producer({ bootstrapServers, acks: 1, enableIdempotence: true }), RangeError)
  assert.throws(() => new Producer({ bootstrapServers, maxInFlightRequestsPerConnection: 6 }), RangeError)
  assert.throws(() => new Producer({ bootstrapServers: '' }), RangeError)
})

test('options that nothing goes by are refused when the producer is made, whatever wrote them', () => {
  const wrong: Record<string, unknown>[] = [
    { compressionType: 'brotli' },
    { partitioner: 'random' },
    { lingerMs: '5' },
    { batchSize: Number.NaN },
    { requestTimeoutMs: 0 },
    { requestTimeoutMs: Infinity },
    { lingerMs: 1_000, deliveryTimeoutMs: 1_000 },
    { enableIdempotence: 'false' },
    { bootstrapServers: undefined },
  ]
  for (const options of wrong) {
    const given = { bootstrapServers: 'localhost:9092', ...options } as unknown as PlainProducerOptions
    assert.throws(() => new Producer(given), RangeError, JSON.stringify(options))
  }
})
