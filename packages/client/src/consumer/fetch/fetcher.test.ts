import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { startBroker } from '@millrace/broker'
import { KafkaError } from '@millrace/protocol'
import { ConsumerWorld, read, upTo, valueOf } from '@millrace/testkit/consumer-world'
import { until } from '@millrace/testkit/until'
import { Producer } from '../../producer/producer.ts'
import { Consumer } from '../consumer.ts'
import { LogTruncationError, UnreadableBatchError } from '../consumer-errors.ts'

test('an error of one partition does not keep the others from coming', async (t) => {
  const { broker, consumer, fill } = await ConsumerWorld.start(t, 3)
  await fill(30)
  let fetches = 0
  broker.intercept('Fetch', async (_, next) => {
    const answer = await next()
    fetches += 1
    if (fetches > 5) return answer
    const responses = answer.responses.map((topic) => ({
      ...topic,
      partitions: topic.partitions.map((each) =>
        each.partitionIndex === 1 ? { ...each, errorCode: 6, records: null } : each,
      ),
    }))
    return { ...answer, responses }
  })
  const order = (await read(consumer({ stopAtEnd: true }))).map(({ partition }) => partition)
  assert.equal(order.length, 30)
  assert.ok(order.slice(0, 20).every((partition) => partition !== 1))
})

test('an error that waiting does not mend ends the loop, with the address and the request in it', async (t) => {
  const { broker, consumer, fill } = await ConsumerWorld.start(t)
  await fill(1)
  for (const [code, error] of [
    [29, 'TOPIC_AUTHORIZATION_FAILED'],
    [9_999, 'UNKNOWN_SERVER_ERROR'],
  ] as const) {
    const stop = broker.intercept('Fetch', async (_, next) => {
      const answer = await next()
      const refuse = <Each extends object>(each: Each) => ({ ...each, errorCode: code, records: null })
      const responses = answer.responses.map((topic) => ({ ...topic, partitions: topic.partitions.map(refuse) }))
      return { ...answer, responses }
    })
    await assert.rejects(read(consumer()), { error, api: 'Fetch', address: broker.bootstrapServers })
    stop()
  }
})

test('a fetch session that the broker has lost is begun anew, in place of the old one', async (t) => {
  const { broker, consumer, fill } = await ConsumerWorld.start(t, 2)
  await fill(10)
  const sessions: [id: number, epoch: number][] = []
  const reader = consumer({ fetchMaxWaitMs: 5 })
  const records = await read(reader, 10)
  let left = 1
  broker.intercept('Fetch', (request, next) => {
    sessions.push([request.body.sessionId, request.body.sessionEpoch])
    left -= 1
    if (left >= 0) throw new KafkaError('INVALID_FETCH_SESSION_EPOCH')
    return next()
  })
  const later = read(reader, 10)
  await fill(10, 10)
  records.push(...(await later))
  assert.deepEqual(
    records.map(valueOf).toSorted((a, b) => a - b),
    upTo(20),
  )
  const going = read(reader)
  await until('three fetches', () => sessions.length >= 3)
  assert.ok((sessions[0]?.[1] ?? 0) > 0)
  assert.deepEqual(sessions[1], [sessions[0]?.[0], 0])
  assert.equal(sessions[2]?.[1], 1)
  await reader.close()
  await going
})

test('the replica that the leader names is read, and the leader again where that one does not know', async (t) => {
  const { broker, consumer, fill } = await ConsumerWorld.start(t)
  const follower = await startBroker()
  t.after(() => follower.close())
  await fill(4)
  const [host = '', port = ''] = follower.bootstrapServers.split(':')
  broker.intercept('Metadata', async (_, next) => {
    const answer = await next()
    const topics = answer.topics.map((each) => ({
      ...each,
      partitions: each.partitions.map((partition) => ({ ...partition, replicaNodes: [...partition.replicaNodes, 77] })),
    }))
    return { ...answer, topics, brokers: [...answer.brokers, { nodeId: 77, host, port: Number(port), rack: 'near' }] }
  })
  // Both know the same of the cluster: here, only the leader is asked.
  follower.intercept('Metadata', (request) => request.disconnect())
  const racks: string[] = []
  const asked: string[] = []
  broker.intercept('Fetch', async (request, next) => {
    racks.push(request.body.rackId)
    asked.push('leader')
    const answer = await next()
    if (asked.includes('follower')) return answer
    const sendTo = <Each extends object>(each: Each) => ({ ...each, preferredReadReplica: 77, records: null })
    return {
      ...answer,
      responses: answer.responses.map((each) => ({ ...each, partitions: each.partitions.map(sendTo) })),
    }
  })
  follower.intercept('Fetch', (request) => {
    asked.push('follower')
    const partitions = [{ partitionIndex: 0, errorCode: 1, highWatermark: -1, abortedTransactions: [], records: null }]
    return { errorCode: 0, sessionId: 0, responses: [{ topicId: request.body.topics[0]?.topicId ?? '', partitions }] }
  })
  const records = await read(consumer({ clientRack: 'near' }), 4)
  assert.deepEqual(records.map(valueOf), upTo(4))
  assert.deepEqual(asked.slice(0, 3), ['leader', 'follower', 'leader'])
  assert.ok(racks.every((rack) => rack === 'near'))
})

for (const [reset, what] of [
  ['earliest', 'reading goes on where the log was cut'],
  ['none', 'the loop ends with where it was cut'],
] as const) {
  test(`a log that a new leader has cut before what was read is found out: ${what}`, async (t) => {
    const { broker, consumer, fill, topic } = await ConsumerWorld.start(t)
    await fill(10)
    const reader = consumer({ autoOffsetReset: reset, start: 'earliest', metadataMaxAgeMs: 20, fetchMaxWaitMs: 5 })
    await read(reader, 10)
    // A new leader, in whose log the old epoch ended at 6.
    broker.intercept('OffsetForLeaderEpoch', (request) => {
      assert.equal(request.body.topics[0]?.partitions[0]?.leaderEpoch, 0)
      const partitions = [{ partition: 0, errorCode: 0, leaderEpoch: 0, endOffset: 6 }]
      return { topics: [{ topic, partitions }] }
    })
    broker.intercept('Metadata', async (_, next) => {
      const answer = await next()
      const topics = answer.topics.map((each) => ({
        ...each,
        partitions: each.partitions.map((partition) => ({ ...partition, leaderEpoch: 5 })),
      }))
      return { ...answer, topics }
    })
    broker.intercept('Fetch', (request, next) => {
      for (const each of request.body.topics.flatMap(({ partitions }) => partitions)) {
        Object.assign(each, { currentLeaderEpoch: -1 })
      }
      return next()
    })
    const again = read(reader, 4)
    if (reset === 'none') {
      await assert.rejects(again, (error) => error instanceof LogTruncationError && error.divergingOffset === 6)
    } else assert.deepEqual((await again).map(valueOf), [6, 7, 8, 9])
  })
}

test('a broker that waits for records does not keep others from being fetched', async (t) => {
  const { broker, consumer, fill, topic } = await ConsumerWorld.start(t, 2)
  const other = await startBroker()
  t.after(() => other.close())
  await fill(2)
  const [host = '', port = ''] = other.bootstrapServers.split(':')
  broker.intercept('Metadata', async (_, next) => {
    const answer = await next()
    const topics = answer.topics.map((each) => ({
      ...each,
      partitions: each.partitions.map((one) => (one.partitionIndex === 1 ? { ...one, leaderId: 77 } : one)),
    }))
    return { ...answer, topics, brokers: [...answer.brokers, { nodeId: 77, host, port: Number(port), rack: null }] }
  })
  other.intercept('Metadata', (request) => request.disconnect())
  const waits = Promise.withResolvers<void>()
  const over = Promise.withResolvers<void>()
  t.after(() => over.resolve())
  other.intercept('Fetch', async () => {
    waits.resolve()
    await over.promise
    return { errorCode: 0, sessionId: 0, responses: [] }
  })
  broker.intercept('Fetch', async (_, next) => {
    await waits.promise
    return next()
  })
  const assignment = [1, 0].map((partition) => ({ topic, partition, start: { offset: 0 } }))
  const seen: number[] = []
  const reader = consumer({ assignment })
  const going = (async () => {
    for await (const record of reader) seen.push(valueOf(record))
  })()
  await until('the other partition is read', () => seen.length === 1)
  over.resolve()
  await reader.close()
  await going
  assert.deepEqual(seen, [0])
})

/** Reads partition 0 of two, the other paused, until a fetch is with the broker that waits for more: an hour if need be. */
async function waitingForAnHour(
  t: TestContext,
): Promise<{ reader: Consumer; seen: string[]; over: () => Promise<void> }> {
  const { broker, consumer, fill } = await ConsumerWorld.start(t, 2)
  await fill(10)
  let waiting = 0
  broker.intercept('Fetch', async (_, next) => {
    waiting += 1
    const answer = await next()
    waiting -= 1
    return answer
  })
  const reader: Consumer = consumer({
    groupId: 'g',
    fetchMaxWaitMs: 3_600_000,
    onAssigned: (partitions) => reader.pause(partitions.filter(({ partition }) => partition === 1)),
  })
  const seen: string[] = []
  const going = (async () => {
    for await (const { partition, offset } of reader) seen.push(`${partition}:${offset}`)
  })()
  await until('all is read, and a fetch waits for more', () => seen.length === 5 && waiting === 1)
  const over = async (): Promise<void> => {
    await reader.close()
    await going
  }
  return { reader, seen, over }
}

test('a seek takes effect at once, also while a fetch waits for what comes', async (t) => {
  const { reader, seen, over } = await waitingForAnHour(t)
  await reader.seek({ topic: 'orders', partition: 0 }, { offset: 3 })
  await until('it read from there', () => seen.length === 7)
  assert.deepEqual(seen.slice(5), ['0:3', '0:4'])
  await over()
})

test('a partition that is resumed is fetched at once, also while a fetch waits for others', async (t) => {
  const { reader, seen, over } = await waitingForAnHour(t)
  reader.resume([{ topic: 'orders', partition: 1 }])
  await until('it is read', () => seen.length === 10)
  assert.deepEqual(
    seen.slice(5),
    upTo(5).map((offset) => `1:${offset}`),
  )
  await over()
})

test('while nothing is taken a consumer that has enough asks less and less, and for more at once when it goes on', async (t) => {
  const { broker, consumer, producer, topic } = await ConsumerWorld.start(t, 2)
  const value = Buffer.alloc(1_000)
  await producer.send(Array.from({ length: 100 }, () => ({ topic, partition: 0, value })))
  const waits: number[] = []
  broker.intercept('Fetch', ({ body }, next) => {
    waits.push(body.maxWaitMs)
    return next()
  })
  const hourMs = 3_600_000
  const reader = consumer({ maxPartitionFetchBytes: 20_000, fetchMaxWaitMs: hourMs })
  const loop = reader[Symbol.asyncIterator]()
  await loop.next()
  const short = (): number[] => waits.filter((each) => each > 0 && each < hourMs)
  await until('fetches wait longer and longer', () => (short().at(-1) ?? 0) >= 640)
  assert.deepEqual(short().slice(0, 4), [10, 20, 40, 80])
  for (let i = 1; i < 100; i += 1) await loop.next()
  assert.ok(waits.includes(0), 'beside the one that waits')
})

test('closing ends the fetch session while a fetch waits, and waits for no broker that does not answer', async (t) => {
  const { broker, consumer, fill } = await ConsumerWorld.start(t)
  for (const answers of [true, false]) {
    await fill(1)
    const fetches: { id: number; epoch: number; topics: number }[] = []
    const never = Promise.withResolvers<{ errorCode: number; sessionId: number; responses: [] }>()
    const stop = broker.intercept('Fetch', ({ body }, next) => {
      fetches.push({ id: body.sessionId, epoch: body.sessionEpoch, topics: body.topics.length })
      return answers || body.sessionEpoch !== -1 ? next() : never.promise
    })
    const reader = consumer({ fetchMaxWaitMs: 3_600_000 })
    await read(reader, 1)
    await until('a fetch waits', () => (fetches.at(-1)?.epoch ?? 0) > 0)
    await reader.close()
    const [{ id } = { id: 0 }] = fetches.filter(({ epoch }) => epoch > 0)
    assert.notEqual(id, 0)
    assert.deepEqual(fetches.at(-1), { id, epoch: -1, topics: 0 })
    never.resolve({ errorCode: 0, sessionId: 0, responses: [] })
    stop()
  }
})

function spoilt(records: Uint8Array | readonly Uint8Array[] | null): Buffer | null {
  if (records === null) return null
  const bytes = Buffer.concat(records instanceof Uint8Array ? [records] : records)
  for (let at = 0; at < bytes.length; at += bytes.readInt32BE(at + 8) + 12) {
    if (bytes.readBigInt64BE(at) === 2n) bytes[at + 70]! ^= 1
  }
  return bytes
}

test('a batch whose CRC is wrong ends the loop, again and again, until somebody seeks past it', async (t) => {
  const { broker, consumer, fill } = await ConsumerWorld.start(t)
  for (const from of [0, 2, 4]) await fill(2, from)
  broker.intercept('Fetch', async (_, next) => {
    const answer = await next()
    const responses = answer.responses.map((topic) => ({
      ...topic,
      partitions: topic.partitions.map((each) => ({ ...each, records: spoilt(each.records) })),
    }))
    return { ...answer, responses }
  })
  const reader = consumer({ assignment: [{ topic: 'orders', partition: 0 }], stopAtEnd: true })
  const values: number[] = []
  const go = async (): Promise<void> => {
    for await (const record of reader) values.push(valueOf(record))
  }
  let failure: unknown
  await go().catch((error: unknown) => (failure = error))
  assert.ok(failure instanceof UnreadableBatchError)
  assert.deepEqual([failure.topic, failure.partition, failure.nextOffset], ['orders', 0, 4])
  await assert.rejects(go(), UnreadableBatchError)
  await reader.seek(failure, { offset: failure.nextOffset })
  await go()
  assert.deepEqual(values, [0, 1, 4, 5])
})

test('what is buffered of paused partitions does not stand in the way of the others', async (t) => {
  const { consumer, producer, topic } = await ConsumerWorld.start(t, 3)
  const value = Buffer.alloc(50_000)
  await producer.send(Array.from({ length: 60 }, (_, i) => ({ topic, partition: i % 3, value })))
  const reader = consumer({ fetchMaxBytes: 200_000, maxPartitionFetchBytes: 100_000 })
  const seen: number[] = []
  for await (const { partition } of reader) {
    seen.push(partition)
    if (seen.length === 1) reader.pause([0, 1].map((each) => ({ topic, partition: each })))
    if (seen.filter((each) => each === 2).length === 20)
      reader.resume([0, 1].map((each) => ({ topic, partition: each })))
    if (seen.length === 60) break
  }
  for (const partition of upTo(3)) assert.equal(seen.filter((each) => each === partition).length, 20)
})

test('limits that are smaller than a batch still let it through', async (t) => {
  const { consumer, fill } = await ConsumerWorld.start(t)
  for (const from of upTo(10)) await fill(1, from)
  assert.equal((await read(consumer({ fetchMaxBytes: 10, maxPartitionFetchBytes: 10 }), 10)).length, 10)
})

test('large batches of every compression are unpacked aside and come out in order', async (t) => {
  const { broker, consumer, topic } = await ConsumerWorld.start(t, 2)
  const value = Buffer.alloc(10_000, 'abc')
  for (const compressionType of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
    await using producer = new Producer({
      bootstrapServers: broker.bootstrapServers,
      compressionType,
      batchSize: 4_000_000,
      maxRequestSize: 8_000_000,
    })
    await producer.send(Array.from({ length: 400 }, (_, i) => ({ topic, partition: i % 2, value })))
  }
  const records = await read(consumer({ stopAtEnd: true }))
  assert.equal(records.length, 1_600)
  for (const partition of [0, 1]) {
    const offsets = records.filter((each) => each.partition === partition).map(({ offset }) => offset)
    assert.deepEqual(offsets, upTo(800))
  }
  const small = consumer({ stopAtEnd: true, maxDecompressedBytes: 100_000 })
  await assert.rejects(read(small), (error) => error instanceof UnreadableBatchError && /limit/.test(error.message))
})

test('values that are kept stay as they are while later answers come into the same memory', async (t) => {
  const { consumer, producer, topic } = await ConsumerWorld.start(t, 3)
  const valueAt = (i: number): Buffer => Buffer.alloc(20_000 + (i % 7) * 1_000, `record ${i} `)
  for (let from = 0; from < 900; from += 100) {
    const records = upTo(100).map((i) => ({ topic, partition: (from + i) % 3, value: valueAt(from + i) }))
    await producer.send(records)
  }
  const kept = await read(consumer({ stopAtEnd: true }))
  assert.equal(kept.length, 900)
  for (const { partition, offset, value } of kept) assert.ok(value?.equals(valueAt(offset * 3 + partition)))
})

test('reading starts so long ago as by_duration says', async (t) => {
  const { consumer, producer, topic } = await ConsumerWorld.start(t)
  const nowMs = Date.now()
  const hoursAgo = [5, 3, 1, 0]
  await producer.send(hoursAgo.map((hours) => ({ topic, value: String(hours), timestamp: nowMs - hours * 3_600_000 })))
  const values = (await read(consumer({ autoOffsetReset: 'by_duration:PT2H', stopAtEnd: true }))).map(valueOf)
  assert.deepEqual(values, [1, 0])
  assert.throws(() => consumer({ autoOffsetReset: 'by_duration:2h' }), RangeError)
})

test('the lag of a partition is known from its fetches', async (t) => {
  const { consumer, fill, topic } = await ConsumerWorld.start(t)
  await fill(10)
  const reader = consumer()
  assert.equal(reader.lag({ topic, partition: 0 }), undefined)
  await read(reader, 4)
  assert.equal(reader.lag({ topic, partition: 0 }), 6)
  assert.equal(reader.position({ topic, partition: 0 }), 4)
  const going = read(reader)
  await until('all is read', () => reader.lag({ topic, partition: 0 }) === 0)
  await fill(5, 10)
  await until('it reads on', () => reader.position({ topic, partition: 0 }) === 15)
  assert.deepEqual(await reader.offsetsOf([{ topic, partition: 0 }], 'latest'), [{ topic, partition: 0, offset: 15 }])
  await reader.close()
  await going
})

test('what is behind the end of partitions that are read keeps no other from being fetched', async (t) => {
  const { consumer, producer, topic } = await ConsumerWorld.start(t, 3)
  const value = Buffer.alloc(50_000)
  const send = async (): Promise<void> => {
    for (const i of upTo(9)) await producer.send({ topic, partition: i % 3, value })
  }
  await send()
  const reader = consumer({ stopAtEnd: true, fetchMaxBytes: 1_000, maxPartitionFetchBytes: 1_000 })
  let count = 0
  for await (const _ of reader) {
    count += 1
    // What comes after the end was asked for isn't read, but may be fetched.
    if (count === 1) await send()
  }
  assert.equal(count, 9)
})

test('with stopAtEnd a last record that its deserializer does not take comes again', async (t) => {
  const { broker, fill, topic } = await ConsumerWorld.start(t)
  await fill(3)
  let refuses = true
  const deserialize = (bytes: Uint8Array): string => {
    const text = String(Buffer.from(bytes))
    if (text === '2' && refuses) throw new Error('no')
    return text
  }
  const { bootstrapServers } = broker
  const deserializers = { '*': { value: { deserialize } } }
  await using reader = new Consumer({
    bootstrapServers,
    topics: topic,
    autoOffsetReset: 'earliest',
    stopAtEnd: true,
    deserializers,
  })
  const seen: unknown[] = []
  const reading = async (): Promise<void> => {
    for await (const { value } of reader) seen.push(value)
  }
  await assert.rejects(reading(), { name: 'DeserializationError', offset: 2 })
  await assert.rejects(reading(), { name: 'DeserializationError', offset: 2 })
  refuses = false
  await reading()
  assert.deepEqual(seen, ['0', '1', '2'])
})

test('messages of the formats before Kafka 0.11 end the loop, which goes on behind them after a seek', async (t) => {
  const { broker, consumer, fill } = await ConsumerWorld.start(t)
  await fill(4)
  const message = (offset: number, format: number): Buffer => {
    const bytes = Buffer.alloc(34)
    bytes.writeBigInt64BE(BigInt(offset), 0)
    bytes.writeInt32BE(bytes.length - 12, 8)
    bytes.writeInt8(format, 16)
    return bytes
  }
  for (const format of [0, 1]) {
    const stop = broker.intercept('Fetch', async (_, next) => {
      const answer = await next()
      const records = Buffer.concat([message(0, format), message(1, format), message(2, format).subarray(0, 10)])
      const responses = answer.responses.map((topic) => ({
        ...topic,
        partitions: topic.partitions.map((each) => (each.records?.length ? { ...each, records } : each)),
      }))
      return { ...answer, responses }
    })
    const reader = consumer()
    const told = { name: 'UnreadableBatchError', nextOffset: 2, message: new RegExp(`messages of format v${format}`) }
    await assert.rejects(read(reader), told)
    stop()
    await reader.seek({ topic: 'orders', partition: 0 }, { offset: 2 })
    assert.deepEqual((await read(reader, 2)).map(valueOf), [2, 3])
  }
})
