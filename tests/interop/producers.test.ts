// How producers place, repeat, size and time their records.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createTopics, withAdmin } from './clients/admin.ts'
import { clients } from './clients/all.ts'
import type { Client, NewRecord } from './clients/client.ts'
import { confluent, runPython } from './clients/confluent.ts'
import { java } from './clients/java.ts'
import { kafkajs, kafkaOf } from './clients/kafkajs.ts'
import { kcat } from './clients/kcat.ts'
import { tool, tryTool } from './peers/java-tools.ts'
import { run, tryRun } from './process.ts'
import { Target } from './target/target.ts'

const target = await Target.start()
const slug = (client: Client): string => client.name.replace(/\W+/g, '-').replace(/^-/, '')

// Java's murmur2 of the key, as every Kafka client hashes that wants to meet Java's records.
const keys = Array.from({ length: 60 }, (_, i) => `schlüssel-${i}-${'x'.repeat(i % 7)}`)

async function partitionByKey(topic: string): Promise<Map<string, number>> {
  const records = await kafkajs.consume(target.bootstrap, [topic], keys.length)
  return new Map(records.map((record) => [record.key ?? '', record.partition] as const))
}

test('kafkajs and librdkafka (murmur2) put a key where Java puts it', { skip: java.skip || kcat.skip }, async () => {
  const topics = ['placed-by-java', 'placed-by-kafkajs', 'placed-by-kcat']
  await createTopics(target.bootstrap, topics, 7)
  const records = keys.map((key) => ({ key, value: 'v' }))
  await java.produce(target.bootstrap, 'placed-by-java', records)
  await kafkajs.produce(target.bootstrap, 'placed-by-kafkajs', records)
  const lines = keys.map((key) => `${key}\tv\n`).join('')
  const how = ['-K', '\t', '-X', 'topic.partitioner=murmur2_random']
  await run('kcat', ['-P', '-b', target.bootstrap, '-t', 'placed-by-kcat', ...how], { input: lines })
  const [byJava, byKafkajs, byKcat] = await Promise.all(topics.map(partitionByKey))
  assert.ok(new Set(byJava?.values()).size > 4, 'they spread')
  assert.deepEqual(byKafkajs, byJava)
  assert.deepEqual(byKcat, byJava)
})

suite('idempotent producers', () => {
  for (const client of clients) {
    test(`${client.name} writes idempotently, each record once and in order`, { skip: client.skip }, async () => {
      const topic = `idempotent-${slug(client)}`
      await createTopics(target.bootstrap, [topic], 1)
      const records: NewRecord[] = Array.from({ length: 500 }, (_, i) => ({ key: 'same', value: `v${i}` }))
      await client.produce(target.bootstrap, topic, records, { idempotent: true, codec: 'lz4' })
      await client.produce(target.bootstrap, topic, records, { idempotent: true })
      const read = await kafkajs.consume(target.bootstrap, [topic], 1000)
      assert.deepEqual(
        read.map((record) => record.value),
        [...records, ...records].map((record) => record.value),
      )
    })
  }

  test('describe-producers shows who writes to a partition', { skip: java.skip }, async () => {
    const where = [
      '--bootstrap-server',
      target.bootstrap,
      'describe-producers',
      '--topic',
      'idempotent-Java-console-tools',
      '--partition',
      '0',
    ]
    const [head = '', ...rows] = (await tool('TransactionsCommand', where)).trim().split('\n')
    assert.match(head, /ProducerId\s+ProducerEpoch\s+LatestCoordinatorEpoch\s+LastSequence/)
    assert.equal(rows.length, 2, 'one row for each of the two runs')
    for (const row of rows) assert.match(row, /^\d+\s+0\s+-1\s+499\s/)
  })
})

suite('sizes', () => {
  for (const client of clients) {
    test(`${client.name} writes and reads records of 900 KB`, { skip: client.skip }, async () => {
      const topic = `large-${slug(client)}`
      await createTopics(target.bootstrap, [topic], 1)
      const value = 'large enough '.repeat(70_000).slice(0, 900_000)
      for (const key of ['a', 'b']) await client.produce(target.bootstrap, topic, [{ key, value }])
      const read = await client.consume(target.bootstrap, [topic], 2)
      assert.deepEqual(
        read.map((record) => [record.key, record.value === value]),
        [
          ['a', true],
          ['b', true],
        ],
      )
    })
  }

  test('a record over max.message.bytes is refused, and the next one is taken', { skip: kcat.skip }, async () => {
    const topic = 'small-only'
    const config = [{ name: 'max.message.bytes', value: '2000' }]
    await withAdmin(target.bootstrap, (admin) =>
      admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries: config }] }),
    )
    const produce = ['-P', '-b', target.bootstrap, '-t', topic]
    const refused = await tryRun('kcat', produce, { input: `${'x'.repeat(5000)}\n` })
    assert.match(refused.stderr, /Message size too large/)
    await run('kcat', produce, { input: 'small\n' })
    const [record] = await kafkajs.consume(target.bootstrap, [topic], 1)
    assert.deepEqual([record?.offset, record?.value], [0, 'small'])
    await withAdmin(target.bootstrap, async (admin) => {
      const resource = { type: 2, name: topic, configEntries: [{ name: 'max.message.bytes', value: '20000' }] }
      await admin.alterConfigs({ validateOnly: false, resources: [resource] })
    })
    await run('kcat', produce, { input: `${'x'.repeat(5000)}\n` })
  })

  test('a fetch of a batch larger than the limits still returns it', { skip: confluent.skip }, async () => {
    const topic = 'larger-than-fetch'
    await createTopics(target.bootstrap, [topic], 1)
    await kafkajs.produce(target.bootstrap, topic, [{ value: 'y'.repeat(500_000) }, { value: 'next' }])
    const config = {
      'bootstrap.servers': target.bootstrap,
      'group.id': 'small-fetches',
      'max.partition.fetch.bytes': 1024,
      'fetch.max.bytes': 1024,
      'message.max.bytes': 1024,
    }
    const lines = (await runPython('consume.py', { topics: [topic], count: 2, config })).trim().split('\n')
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { value: string }).value.length),
      [500_000, 4],
    )
  })
})

suite('acknowledgements and times', () => {
  for (const acks of ['0', '1', 'all']) {
    test(`records sent with acks=${acks} arrive`, { skip: kcat.skip }, async () => {
      const topic = `acks-${acks}`
      await createTopics(target.bootstrap, [topic], 1)
      const input = Array.from({ length: 100 }, (_, i) => `v${i}\n`).join('')
      await run('kcat', ['-P', '-b', target.bootstrap, '-t', topic, '-X', `acks=${acks}`], { input })
      const read = await kafkajs.consume(target.bootstrap, [topic], 100)
      assert.equal(read.at(-1)?.value, 'v99')
    })
  }

  test('min.insync.replicas over the number of replicas asks for no more than there are', async () => {
    const topic = 'two-wanted'
    const config = [{ name: 'min.insync.replicas', value: '2' }]
    await withAdmin(target.bootstrap, (admin) =>
      admin.createTopics({ topics: [{ topic, configEntries: config, replicationFactor: 1 }] }),
    )
    await kafkajs.produce(target.bootstrap, topic, [{ value: 'one replica is all there are' }])
  })

  test('a topic with LogAppendTime stamps records with the time of their arrival', async () => {
    const topic = 'stamped'
    const config = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }]
    await withAdmin(target.bootstrap, (admin) => admin.createTopics({ topics: [{ topic, configEntries: config }] }))
    const startMs = Date.now()
    const producer = kafkaOf(target.bootstrap).producer()
    await producer.connect()
    const [sent] = await producer.send({ topic, messages: [{ value: 'old', timestamp: '1000' }] })
    await producer.disconnect()
    const [record] = await kafkajs.consume(target.bootstrap, [topic], 1)
    assert.ok((record?.timestampMs ?? 0) >= startMs, `${record?.timestampMs} is not before ${startMs}`)
    assert.equal(Number(sent?.logAppendTime), record?.timestampMs)
  })

  test('a timestamp more than an hour ahead is refused', async () => {
    const topic = 'ahead'
    await createTopics(target.bootstrap, [topic], 1)
    const late = kafkajs.produce(target.bootstrap, topic, [{ value: 'v', timestampMs: Date.now() + 7_200_000 }])
    await assert.rejects(late, /timestamp/i)
  })

  test('a compacted topic refuses a record without a key', { skip: confluent.skip }, async () => {
    const topic = 'compacted'
    const config = [{ name: 'cleanup.policy', value: 'compact' }]
    await withAdmin(target.bootstrap, (admin) => admin.createTopics({ topics: [{ topic, configEntries: config }] }))
    await assert.rejects(confluent.produce(target.bootstrap, topic, [{ value: 'no key' }]), /INVALID_RECORD/)
    await confluent.produce(target.bootstrap, topic, [{ key: 'k', value: 'v' }])
  })

  test(
    'a topic with compression.type=zstd stores zstd whatever arrives, and clients read it',
    { skip: java.skip },
    async () => {
      const topic = 'recompressed'
      const config = [{ name: 'compression.type', value: 'zstd' }]
      await withAdmin(target.bootstrap, (admin) => admin.createTopics({ topics: [{ topic, configEntries: config }] }))
      const records = Array.from({ length: 20 }, (_, i) => ({ key: `k${i}`, value: `value ${i} `.repeat(30) }))
      await kafkajs.produce(target.bootstrap, topic, records, { codec: 'gzip' })
      const read = await java.consume(target.bootstrap, [topic], 20)
      assert.deepEqual(
        read.map((record) => record.value),
        records.map((record) => record.value),
      )
    },
  )

  test(
    'the console producer times out with a reason on a topic that may not be created',
    { skip: java.skip },
    async () => {
      const how = ['--topic', 'not a legal name', '--max-block-ms', '1500']
      const { stdout, stderr } = await tryTool(
        'ConsoleProducer',
        ['--bootstrap-server', target.bootstrap, ...how],
        'v\n',
      )
      assert.match(stdout + stderr, /InvalidTopicException/)
    },
  )
})
