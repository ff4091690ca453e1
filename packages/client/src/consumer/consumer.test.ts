import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { KafkaError } from '@millrace/protocol'
import { clientClock } from '@millrace/testkit/client-clock'
import { ConsumerWorld, read, upTo, valueOf } from '@millrace/testkit/consumer-world'
import { until } from '@millrace/testkit/until'
import { Producer } from '../producer/producer.ts'
import type { ConsumerRecord } from '../record.ts'
import type { ConsumerOptions } from './consumer-api.ts'
import { Consumer } from './consumer.ts'

const world = (t: TestContext, partitions = 1): Promise<ConsumerWorld> => ConsumerWorld.start(t, partitions)

test('the loop gives every record of every partition, in order within each', async (t) => {
  const { consumer, fill } = await world(t, 3)
  await fill(300)
  const records = await read(consumer(), 300)
  assert.deepEqual(
    records.map(valueOf).toSorted((a, b) => a - b),
    upTo(300),
  )
  for (const partition of [0, 1, 2]) {
    const offsets = records.filter((each) => each.partition === partition).map(({ offset }) => offset)
    assert.deepEqual(offsets, upTo(100))
  }
})

test('a loop that waits gets what comes later', async (t) => {
  const { consumer, fill } = await world(t)
  const reading = read(consumer(), 20)
  await fill(10)
  await fill(10, 10)
  assert.deepEqual((await reading).map(valueOf), upTo(20))
})

test('stopAtEnd ends the loop at what was there, also where nothing was', async (t) => {
  const { consumer, fill } = await world(t, 2)
  assert.equal((await read(consumer({ stopAtEnd: true }), Infinity)).length, 0)
  await fill(50)
  const reader = consumer({ stopAtEnd: true })
  assert.equal((await read(reader, Infinity)).length, 50)
  assert.ok(reader.positions().every(({ lag }) => lag === 0))
})

test('reading starts where it is told: an end, an offset, a time', async (t) => {
  const { consumer, fill, topic } = await world(t)
  await fill(10)
  const from = async (start: ConsumerOptions['start']): Promise<number[]> => {
    const assignment = [{ topic, partition: 0, ...(start === undefined ? {} : { start }) }]
    return (await read(consumer({ assignment, stopAtEnd: true }), Infinity)).map(valueOf)
  }
  assert.deepEqual(await from({ offset: 7 }), [7, 8, 9])
  assert.deepEqual(await from('earliest'), upTo(10))
  assert.deepEqual(await from('latest'), [])
  assert.deepEqual(await from({ timestamp: 0 }), upTo(10))
  assert.deepEqual(await from({ timestamp: Date.now() + 1_000_000 }), [])
})

test('a group goes on after what was committed by hand', async (t) => {
  const { consumer, fill } = await world(t)
  await fill(10)
  const first = consumer({ groupId: 'g', enableAutoCommit: false })
  for await (const record of first) {
    if (record.offset !== 3) continue
    await first.commit(record)
    break
  }
  await first.close()
  const [next] = await read(consumer({ groupId: 'g' }), 1)
  assert.equal(next?.offset, 4)
})

test('automatic commits take only what is done: the record in hand at break comes again', async (t) => {
  const { consumer, fill, admin } = await world(t)
  await fill(10)
  const first = consumer({ groupId: 'g' })
  await read(first, 5)
  assert.deepEqual(
    (await admin.fetchOffsets('g')).map(({ offset }) => offset),
    [4],
  )
  await first.close()
  const [again] = await read(consumer({ groupId: 'g' }), 1)
  assert.equal(again?.offset, 4)
})

test('a loop may be left and taken up again', async (t) => {
  const { consumer, fill } = await world(t)
  await fill(10)
  const reader = consumer()
  assert.deepEqual((await read(reader, 4)).map(valueOf), [0, 1, 2, 3])
  assert.deepEqual((await read(reader, 3)).map(valueOf), [4, 5, 6])
})

for (const strategy of ['range', 'cooperative-sticky'] as const) {
  test(`members of a group share the partitions and skip no record as they come and go (${strategy})`, async (t) => {
    const { consumer, fill } = await world(t, 6)
    const seen = new Map<number, number>()
    const owners = new Map<number, string>()
    const member = (name: string): { reader: Consumer; reading: Promise<void> } => {
      const reader = consumer({
        groupId: 'g',
        partitionAssignmentStrategy: [strategy],
        onAssigned: (partitions) => {
          for (const { partition } of partitions) {
            assert.equal(owners.get(partition), undefined, `partition ${partition} has two owners`)
            owners.set(partition, name)
          }
        },
        onRevoked: (partitions) => partitions.forEach(({ partition }) => owners.delete(partition)),
      })
      const reading = (async () => {
        for await (const record of reader) {
          assert.equal(owners.get(record.partition), name)
          seen.set(valueOf(record), (seen.get(valueOf(record)) ?? 0) + 1)
          if (record.offset % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
        }
      })()
      return { reader, reading }
    }
    const a = member('a')
    await fill(1_000)
    await until('all are with the first', () => owners.size === 6)
    const b = member('b')
    await until('both have some', () => new Set(owners.values()).size === 2 && owners.size === 6)
    await fill(1_000, 1_000)
    await until('all is read', () => seen.size === 2_000)
    await a.reader.close()
    for (const [partition, owner] of owners) if (owner === 'a') owners.delete(partition)
    await a.reading
    await until('all are with the second', () => owners.size === 6)
    await fill(1_000, 2_000)
    await until('the rest is read', () => seen.size === 3_000)
    await b.reader.close()
    await b.reading
    assert.deepEqual(
      [...seen.keys()].toSorted((x, y) => x - y),
      upTo(3_000),
    )
  })
}

test('a static member comes back to its partitions without a rebalance', async (t) => {
  const { consumer, fill, admin } = await world(t, 2)
  await fill(10)
  const first = consumer({ groupId: 'g', groupInstanceId: 'one' })
  await read(first, 10)
  await first.close()
  const described = (await admin.describeGroups(['g'])).get('g')
  assert.equal(described?.ok === true ? described.value.members.length : 0, 1)
  const second = consumer({ groupId: 'g', groupInstanceId: 'one' })
  await fill(2, 10)
  const values = (await read(second, 2)).map(valueOf)
  assert.ok(values.every((value) => value >= 8))
})

test('a fetch that breaks or is refused is done again, and nothing is skipped', async (t) => {
  const { broker, consumer, fill } = await world(t, 2)
  await fill(100)
  let fetches = 0
  broker.intercept('Fetch', (request, next) => {
    fetches += 1
    if (fetches === 1) return request.disconnect()
    if (fetches === 2) throw new KafkaError('NOT_LEADER_OR_FOLLOWER')
    if (fetches === 3) throw new KafkaError('FETCH_SESSION_ID_NOT_FOUND')
    return next()
  })
  const records = await read(consumer({ stopAtEnd: true }), Infinity)
  assert.equal(records.length, 100)
})

test('all connections may break at any time and the loop goes on', async (t) => {
  const { broker, consumer, fill } = await world(t, 2)
  await fill(50)
  const reader = consumer({ groupId: 'g' })
  const records: ConsumerRecord[] = []
  for await (const record of reader) {
    records.push(record)
    if (records.length === 50) {
      broker.dropConnections()
      await fill(50, 50)
    }
    if (new Set(records.map(valueOf)).size === 100) break
  }
  assert.equal(new Set(records.map(valueOf)).size, 100)
})

test('an offset that is gone is reset as told, and an error where that is none', async (t) => {
  const { admin, consumer, fill, topic } = await world(t)
  await fill(10)
  await admin.deleteRecords([{ topic, partition: 0, offset: 5 }])
  const assignment = [{ topic, partition: 0, start: { offset: 2 } }]
  const records = await read(consumer({ assignment, stopAtEnd: true }), Infinity)
  assert.deepEqual(records.map(valueOf), [5, 6, 7, 8, 9])
  await assert.rejects(read(consumer({ assignment, autoOffsetReset: 'none' }), 1), { error: 'OFFSET_OUT_OF_RANGE' })
  await assert.rejects(read(consumer({ groupId: 'new', autoOffsetReset: 'none' }), 1), { error: 'OFFSET_OUT_OF_RANGE' })
})

test('seek reads on from elsewhere, and nothing that was buffered comes out', async (t) => {
  const { consumer, fill, topic } = await world(t)
  await fill(10)
  const reader = consumer()
  const values: number[] = []
  for await (const record of reader) {
    values.push(valueOf(record))
    if (values.length === 3) await reader.seek({ topic, partition: 0 }, { offset: 8 })
    if (values.length === 5) await reader.seek({ topic, partition: 0 }, 'earliest')
    if (values.length === 6) break
  }
  assert.deepEqual(values, [0, 1, 2, 8, 9, 0])
})

test('onAssigned may seek before anything is read', async (t) => {
  const { consumer, fill } = await world(t)
  await fill(10)
  const reader: Consumer = consumer({
    groupId: 'g',
    onAssigned: async (partitions) => {
      for (const partition of partitions) await reader.seek(partition, { offset: 7 })
    },
  })
  assert.deepEqual((await read(reader, 2)).map(valueOf), [7, 8])
})

test('partitions that a topic grows by are read too', async (t) => {
  const { admin, broker, consumer, fill, topic } = await world(t)
  await fill(1)
  const reader = consumer({ metadataMaxAgeMs: 20 })
  const reading = read(reader, 2)
  await admin.createPartitions(topic, 2)
  await using producer = new Producer({ bootstrapServers: broker.bootstrapServers })
  await producer.send({ topic, partition: 1, value: '1' })
  assert.deepEqual((await reading).map(valueOf), [0, 1])
})

test('a paused partition gives nothing until it is resumed, others go on', async (t) => {
  const { consumer, fill, topic } = await world(t, 2)
  const reader = consumer()
  await reader.seek({ topic, partition: 0 }, 'earliest')
  reader.pause([{ topic, partition: 0 }])
  await fill(20)
  const first = await read(reader, 10)
  assert.ok(first.every(({ partition }) => partition === 1))
  reader.resume([{ topic, partition: 0 }])
  const rest = await read(reader, 10)
  assert.ok(rest.every(({ partition }) => partition === 0))
})

test('a signal or close ends a loop that waits', async (t) => {
  const { consumer } = await world(t)
  const aborter = new AbortController()
  const reading = read(consumer({ signal: aborter.signal }), 1)
  aborter.abort()
  assert.equal((await reading).length, 0)
  const closed = consumer({ groupId: 'g' })
  const waiting = read(closed, 1)
  await closed.close()
  assert.equal((await waiting).length, 0)
})

test('a loop slower than maxPollIntervalMs leaves the group, and joins again when it comes back', async (t) => {
  const clock = clientClock(t)
  const { consumer, fill } = await world(t)
  await fill(10)
  const lost = Promise.withResolvers<void>()
  const slow = consumer({ groupId: 'g', maxPollIntervalMs: 60_000, onLost: () => lost.resolve() })
  let seen = 0
  for await (const record of slow) {
    seen += 1
    if (seen === 1) {
      await clock.advance(60_000)
      await lost.promise
    }
    if (record.offset === 9) break
  }
  assert.ok(seen >= 10)
})

test('a commit for a partition that went to somebody else is refused', async (t) => {
  const { consumer, fill } = await world(t)
  await fill(2)
  const reader = consumer({ groupId: 'g' })
  const [record] = await read(reader, 1)
  assert.ok(record !== undefined)
  await assert.rejects(reader.commit({ ...record, partition: 5 }), { error: 'ILLEGAL_GENERATION' })
})

test('reading stays within its bound of memory, however much there is', async (t) => {
  const { broker, consumer, topic } = await world(t, 4)
  await using producer = new Producer({ bootstrapServers: broker.bootstrapServers })
  const value = Buffer.alloc(50_000, 1)
  await producer.send(Array.from({ length: 200 }, (_, i) => ({ topic, partition: i % 4, value })))
  const asked: number[] = []
  broker.intercept('Fetch', (request, next) => {
    asked.push(request.body.maxBytes)
    return next()
  })
  const records = await read(consumer({ fetchMaxBytes: 400_000, maxPartitionFetchBytes: 100_000 }), 200)
  assert.equal(records.length, 200)
  assert.ok(Math.max(...asked) <= 400_000)
})

test('what a consumer did is counted', async (t) => {
  const { consumer, fill } = await world(t, 2)
  await fill(10)
  const reader = consumer({ groupId: 'g', enableAutoCommit: false })
  const records = await read(reader, 8)
  await reader.commit(records)
  const metrics = reader.metrics()
  assert.deepEqual([metrics.recordsConsumedTotal, metrics.bytesConsumedTotal], [8, 8])
  assert.deepEqual([metrics.assignedPartitions, metrics.commitTotal, metrics.rebalanceTotal], [2, 1, 1])
  assert.ok(metrics.recordsLagMax >= 1 && metrics.failedRebalanceTotal === 0)
  assert.ok(metrics.fetchTotal > 0 && metrics.fetchLatencyMax >= metrics.fetchLatencyAvg)
})

test('an iterator that is left while it waits ends, and the next loop gets what comes', async (t) => {
  const { consumer, fill } = await world(t)
  const reader = consumer()
  const iterator = reader[Symbol.asyncIterator]()
  const waiting = iterator.next()
  await iterator.return?.()
  assert.deepEqual(await waiting, { done: true, value: undefined })
  await fill(1)
  assert.deepEqual((await read(reader, 1)).map(valueOf), [0])
})

test('a run goes on where a loop was left', async (t) => {
  const { consumer, fill } = await world(t)
  await fill(5)
  const reader = consumer({ stopAtEnd: true })
  await read(reader, 2)
  const seen: number[] = []
  await reader.run({ eachBatch: ({ records }) => void seen.push(...records.map(valueOf)) })
  assert.deepEqual(seen, [2, 3, 4])
})

test('close within a rebalance callback does not wait for the callback', async (t) => {
  const { consumer, fill } = await world(t)
  await fill(1)
  const early = consumer({ groupId: 'early', onAssigned: () => early.close() })
  assert.deepEqual(await read(early), [])
  await early.close()
  const late = consumer({ groupId: 'late', onRevoked: () => late.close() })
  await read(late, 1)
  await late.close()
})

test('a place that no partition has is refused, and reading goes on where it was', async (t) => {
  const { consumer, fill, topic } = await world(t)
  await fill(3)
  const reader = consumer()
  await read(reader, 1)
  const wrong: unknown[] = [{ offset: -5 }, { offset: 1.5 }, { offset: Number.NaN }, { timestamp: -1 }, {}, 'first']
  for (const place of wrong) {
    await assert.rejects(reader.seek({ topic, partition: 0 }, place as 'latest'), RangeError)
  }
  assert.deepEqual((await read(reader, 1)).map(valueOf), [1])
})

test('options that nothing goes by are refused when the consumer is made, whatever wrote them', () => {
  const wrong: Record<string, unknown>[] = [
    { isolationLevel: 'READ_COMMITTED' },
    { maxPollIntervalMs: 0 },
    { maxPartitionFetchBytes: 0 },
    { fetchMaxBytes: '1MB' },
    { heartbeatIntervalMs: Number.NaN },
  ]
  for (const options of wrong) {
    const given = { bootstrapServers: 'localhost:9092', topics: 't', ...options } as unknown as ConsumerOptions
    assert.throws(() => new Consumer(given), RangeError, JSON.stringify(options))
  }
})

test('a loop that was too slow is not at its end because the group took its partitions', async (t) => {
  const clock = clientClock(t)
  const { consumer, fill } = await world(t)
  await fill(10)
  const lost = Promise.withResolvers<void>()
  const slow = consumer({ groupId: 'g', stopAtEnd: true, maxPollIntervalMs: 60_000, onLost: () => lost.resolve() })
  const seen = new Set<number>()
  for await (const record of slow) {
    if (seen.size === 0) {
      await clock.advance(60_000)
      await lost.promise
    }
    seen.add(valueOf(record))
  }
  assert.equal(seen.size, 10)
})

test('a second loop takes over what the first has in hand, and the first is told when it asks for more', async (t) => {
  const { consumer, fill } = await world(t)
  await fill(4)
  const reader = consumer()
  const next = async (loop: AsyncIterator<ConsumerRecord>): Promise<number> => {
    const { value } = await loop.next()
    return value === undefined ? -1 : valueOf(value)
  }
  const first = reader[Symbol.asyncIterator]()
  assert.equal(await next(first), 0)
  const second = reader[Symbol.asyncIterator]()
  assert.equal(await next(second), 1)
  await assert.rejects(next(first), { name: 'TypeError', message: /one loop/ })
  assert.deepEqual([await next(second), await next(second)], [2, 3])
  const waiting = second.next()
  assert.throws(() => reader[Symbol.asyncIterator](), TypeError)
  await reader.close()
  assert.equal((await waiting).done, true)
})
