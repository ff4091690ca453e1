// What our consumer shows of transactions that Apache Kafka keeps, which is the one to say what was aborted.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Consumer, type ConsumerOptions } from '@millrace/client'
import { until } from '@millrace/testkit/until'
import { uniqueName } from './clients/client.ts'
import { consumeAll } from './clients/java.ts'
import { kafkaOf } from './clients/kafkajs.ts'
import { apacheKafkaVersion } from './peers/apache-kafka.ts'
import { javaTools } from './peers/java-tools.ts'
import { kafkaRelease } from './peers/kafka-release.ts'
import { find } from './peers/peer.ts'
import { releaseOfSuite } from './target/kafka-release.ts'

const { peer, skip } = await find(kafkaRelease(apacheKafkaVersion()))

suite('transactions', { skip }, () => {
  const kafka = releaseOfSuite(peer)

  /** Values by producer and transaction; those of a transaction that ends in `-` are aborted. */
  async function write(topic: string, transactions: readonly string[]): Promise<void> {
    await kafka.admin.createTopics([{ name: topic, partitions: 1 }])
    const producers = new Map<string, Awaited<ReturnType<typeof transactional>>>()
    for (const name of transactions) {
      const who = name[0] ?? ''
      const producer = producers.get(who) ?? (await transactional(`${topic}-${who}`))
      producers.set(who, producer)
      const transaction = await producer.transaction()
      // Each send is a batch of its own.
      for (const i of [0, 1, 2]) await transaction.send({ topic, messages: [{ key: 'k', value: `${name}${i}` }] })
      await (name.endsWith('-') ? transaction.abort() : transaction.commit())
    }
    await Promise.all([...producers.values()].map((producer) => producer.disconnect()))
  }

  async function transactional(transactionalId: string) {
    const producer = kafkaOf(kafka.broker.bootstrap).producer({
      transactionalId,
      idempotent: true,
      maxInFlightRequests: 1,
    })
    await producer.connect()
    return producer
  }

  async function valuesOf(topic: string, options: Partial<ConsumerOptions> = {}): Promise<string[]> {
    await using consumer = new Consumer({
      bootstrapServers: kafka.broker.bootstrap,
      ...(options.assignment === undefined ? { topics: topic } : {}),
      autoOffsetReset: 'earliest',
      isolationLevel: 'read_committed',
      stopAtEnd: true,
      ...options,
    })
    const values: string[] = []
    for await (const record of consumer) values.push(String(record.value))
    return values
  }

  const threeOf = (...names: readonly string[]): string[] =>
    names.flatMap((name) => [0, 1, 2].map((i) => `${name}${i}`))

  test('several aborted transactions of one producer in one fetch are hidden, those between are shown', async () => {
    const topic = uniqueName('one')
    await write(topic, ['a1-', 'a2', 'a3-', 'a4-', 'a5'])
    assert.deepEqual(await valuesOf(topic), threeOf('a2', 'a5'))
    assert.equal((await valuesOf(topic, { isolationLevel: 'read_uncommitted' })).length, 15)
  })

  test('markers beyond the fetch: every batch in a fetch of its own', async () => {
    const topic = uniqueName('small')
    await write(topic, ['a1-', 'b1', 'a2', 'b2-', 'a3-'])
    const small = { fetchMaxBytes: 100, maxPartitionFetchBytes: 100 }
    assert.deepEqual(await valuesOf(topic, small), threeOf('b1', 'a2'))
    // From within an aborted transaction, whose first offset lies before what is fetched.
    const assignment = [{ topic, partition: 0, start: { offset: 1 } }]
    assert.deepEqual(await valuesOf(topic, { ...small, assignment }), threeOf('b1', 'a2'))
  })

  test('an open transaction holds back what comes behind it, until it ends', async () => {
    const topic = uniqueName('open')
    await write(topic, ['a1'])
    const [first, second] = await Promise.all([transactional(`${topic}-x`), transactional(`${topic}-y`)])
    const open = await first.transaction()
    await open.send({ topic, messages: [{ value: 'open' }] })
    const later = await second.transaction()
    await later.send({ topic, messages: [{ value: 'later' }] })
    await later.commit()
    assert.deepEqual(await valuesOf(topic), threeOf('a1'))
    await open.abort()
    assert.deepEqual(await valuesOf(topic), [...threeOf('a1'), 'later'])
    await Promise.all([first.disconnect(), second.disconnect()])
  })

  test('lag counts what may be read: up to an open transaction, or to the end', async () => {
    const topic = uniqueName('lag')
    await write(topic, ['a1'])
    const producer = await transactional(`${topic}-x`)
    const open = await producer.transaction()
    for (const value of ['open 1', 'open 2']) await open.send({ topic, messages: [{ value }] })
    const place = { topic, partition: 0 }
    const where = {
      bootstrapServers: kafka.broker.bootstrap,
      topics: topic,
      start: 'earliest',
      fetchMaxWaitMs: 50,
    } as const
    await using committed = new Consumer({ ...where, isolationLevel: 'read_committed' })
    await using all = new Consumer(where)
    const [committedRecords, allRecords] = [committed[Symbol.asyncIterator](), all[Symbol.asyncIterator]()]
    for (const records of [committedRecords, allRecords])
      assert.equal(String((await records.next()).value?.value), 'a10')
    // Two records and the marker of their transaction; of the open one its records alone.
    assert.deepEqual([committed.lag(place), all.lag(place)], [3, 5])
    for (const _ of [1, 2]) await committedRecords.next()
    const next = committedRecords.next()
    await until('the reader to be where it may be', () => committed.lag(place) === 0)
    await open.commit()
    assert.equal(String((await next).value?.value), 'open 1')
    await until('the end to be known', () => committed.lag(place) === 2)
    await producer.disconnect()
  })

  test('of a compacted topic with aborted transactions the last committed values are shown', async () => {
    const topic = uniqueName('compacted')
    const configs = { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.01', 'segment.ms': '50' }
    assert.ok((await kafka.admin.createTopics([{ name: topic, partitions: 1, configs }])).get(topic)?.ok === true)
    const [commits, aborts] = await Promise.all([transactional(`${topic}-c`), transactional(`${topic}-a`)])
    const keys = 5
    let written = 0
    const round = async (): Promise<void> => {
      for (const [name, producer] of [
        ['committed', commits],
        ['aborted', aborts],
      ] as const) {
        const transaction = await producer.transaction()
        const messages = Array.from({ length: keys }, (_, i) => ({ key: `k${i}`, value: `${name} ${written}` }))
        await transaction.send({ topic, messages })
        await (name === 'aborted' ? transaction.abort() : transaction.commit())
      }
      written += 1
    }
    await until('the cleaner to have been at work', async () => {
      await round()
      const left = new Set(await valuesOf(topic, { isolationLevel: 'read_uncommitted' }))
      return !left.has('committed 0') && !left.has('aborted 0')
    })
    const values = await valuesOf(topic)
    assert.deepEqual(
      values.filter((value) => value.startsWith('aborted')),
      [],
    )
    assert.deepEqual(
      values.slice(-keys),
      Array.from({ length: keys }, () => `committed ${written - 1}`),
    )
    await Promise.all([commits.disconnect(), aborts.disconnect()])
  })

  test('the Java consumer shows the same', { skip: javaTools.skip }, async () => {
    const topic = uniqueName('java')
    const transactions = ['a1', 'b1-', 'b2', 'a2-', 'a3-', 'c1', 'b3-', 'a4']
    await write(topic, transactions)
    const ours = await valuesOf(topic)
    assert.deepEqual(ours, threeOf(...transactions.filter((name) => !name.endsWith('-'))))
    const theirs = await consumeAll(kafka.broker.bootstrap, [topic], {
      count: ours.length,
      isolation: 'read_committed',
    })
    assert.deepEqual(
      theirs.map(({ value }) => value),
      ours,
    )
  })
})
