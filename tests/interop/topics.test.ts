// Topics, settings, partitions and records as the admin tools of each client handle them.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { Admin as PlatformaticAdmin } from '@platformatic/kafka'
import kafkajsModule from 'kafkajs'
import { createTopics, withAdmin } from './clients/admin.ts'
import { confluent, runPython } from './clients/confluent.ts'
import { java } from './clients/java.ts'
import { kafkajs } from './clients/kafkajs.ts'
import { kcat } from './clients/kcat.ts'
import { javaTools, tool, tryTool } from './peers/java-tools.ts'
import { run } from './process.ts'
import { Target } from './target/target.ts'

const target = await Target.start({ settings: { 'num.partitions': '3' } })
const server = ['--bootstrap-server', target.bootstrap]

const brokerId = await withAdmin(
  target.bootstrap,
  async (admin) => (await admin.describeCluster()).brokers[0]?.nodeId ?? -1,
)

const topicsTool = (...args: string[]): Promise<string> => tool('TopicCommand', [...server, ...args])
const configsTool = (...args: string[]): Promise<string> => tool('kafka.admin.ConfigCommand', [...server, ...args])
const listed = async (): Promise<string[]> => (await topicsTool('--list')).trim().split('\n')

suite('the topics tool', { skip: javaTools.skip }, () => {
  test('creates, lists, describes, grows and deletes a topic', async () => {
    await topicsTool('--create', '--topic', 'grown', '--partitions', '2', '--config', 'retention.ms=1000000')
    assert.ok((await listed()).includes('grown'))
    const described = await topicsTool('--describe', '--topic', 'grown')
    assert.match(
      described,
      /Topic: grown\s+TopicId: [\w-]{22}\s+PartitionCount: 2\s+ReplicationFactor: 1\s+Configs: .*retention.ms=1000000/,
    )
    assert.match(described, /Partition: 1\s+Leader: \d+\s+Replicas: \d+\s+Isr: \d+/)
    await topicsTool('--alter', '--topic', 'grown', '--partitions', '5')
    assert.match(await topicsTool('--describe', '--topic', 'grown'), /PartitionCount: 5/)
    await topicsTool('--delete', '--topic', 'grown')
    assert.ok(!(await listed()).includes('grown'))
  })

  test('says why it cannot create a topic twice, with an illegal name, or with more replicas than brokers', async () => {
    await topicsTool('--create', '--topic', 'once')
    const failing: readonly (readonly [readonly string[], RegExp])[] = [
      [['--topic', 'once'], /TopicExistsException/],
      [['--topic', 'not/legal'], /InvalidTopicException/],
      [['--topic', 'replicated', '--replication-factor', '3'], /InvalidReplicationFactorException/],
      [['--topic', 'odd', '--config', 'no.such.setting=1'], /InvalidConfigurationException|Unknown topic config name/],
      [['--topic', 'none', '--partitions', '0'], /InvalidPartitionsException|Number of partitions|greater than 0/],
    ]
    for (const [args, reason] of failing) {
      const { code, stdout, stderr } = await tryTool('TopicCommand', [...server, '--create', ...args])
      assert.notEqual(code, 0, args.join(' '))
      assert.match(stdout + stderr, reason)
    }
    await topicsTool('--create', '--topic', 'once', '--if-not-exists')
  })

  test('a topic that is deleted and created again is empty and has a new id', async () => {
    const idOf = async (): Promise<string> =>
      /TopicId: (\S+)/.exec(await topicsTool('--describe', '--topic', 'again'))?.[1] ?? ''
    await topicsTool('--create', '--topic', 'again', '--partitions', '1')
    const id = await idOf()
    await kafkajs.produce(target.bootstrap, 'again', [{ value: 'of the first' }])
    await topicsTool('--delete', '--topic', 'again')
    await topicsTool('--create', '--topic', 'again', '--partitions', '1')
    assert.notEqual(await idOf(), id)
    await kafkajs.produce(target.bootstrap, 'again', [{ value: 'of the second' }])
    const [record] = await kafkajs.consume(target.bootstrap, ['again'], 1)
    assert.deepEqual([record?.offset, record?.value], [0, 'of the second'])
  })
})

suite('the configs tool', { skip: javaTools.skip }, () => {
  test('sets, shows and deletes settings of a topic', async () => {
    await createTopics(target.bootstrap, ['tuned'], 1)
    const entity = ['--entity-type', 'topics', '--entity-name', 'tuned']
    await configsTool(
      '--alter',
      ...entity,
      '--add-config',
      'retention.ms=9223372036854775807,cleanup.policy=[compact,delete]',
    )
    const shown = await configsTool('--describe', ...entity)
    assert.match(
      shown,
      /retention.ms=9223372036854775807 sensitive=false synonyms=\{DYNAMIC_TOPIC_CONFIG:retention.ms=9223372036854775807/,
    )
    assert.match(shown, /cleanup.policy=compact,delete/)
    const all = await configsTool('--describe', ...entity, '--all')
    assert.match(
      all,
      /segment.bytes=1073741824 sensitive=false synonyms=\{DEFAULT_CONFIG:log.segment.bytes=1073741824\}/,
    )
    await configsTool('--alter', ...entity, '--delete-config', 'retention.ms,cleanup.policy')
    assert.doesNotMatch(await configsTool('--describe', ...entity), /retention.ms/)
  })

  test('refuses a value out of range and a name nobody knows', async () => {
    await createTopics(target.bootstrap, ['strict'], 1)
    for (const setting of ['retention.ms=-2', 'no.such.setting=1', 'cleanup.policy=shred', 'max.message.bytes=ten']) {
      const args = [...server, '--alter', '--entity-type', 'topics', '--entity-name', 'strict', '--add-config', setting]
      const { code, stdout, stderr } = await tryTool('kafka.admin.ConfigCommand', args)
      assert.notEqual(code, 0, setting)
      assert.match(stdout + stderr, /InvalidConfigurationException|InvalidRequestException|ConfigException/)
    }
  })

  test('sets a dynamic setting of the broker, of all brokers, and refuses a static one', async () => {
    const broker = ['--entity-type', 'brokers', '--entity-name', String(brokerId)]
    const all = ['--entity-type', 'brokers', '--entity-default']
    await configsTool('--alter', ...all, '--add-config', 'log.retention.ms=7200000')
    await configsTool('--alter', ...broker, '--add-config', 'log.retention.ms=3600000')
    const shown = await configsTool('--describe', ...broker)
    assert.match(shown, /log.retention.ms=3600000/)
    assert.match(shown, /DYNAMIC_DEFAULT_BROKER_CONFIG:log.retention.ms=7200000/)
    const refused = await tryTool('kafka.admin.ConfigCommand', [
      ...server,
      '--alter',
      ...broker,
      '--add-config',
      'node.id=7',
    ])
    assert.notEqual(refused.code, 0)
    await configsTool('--alter', ...broker, '--delete-config', 'log.retention.ms')
    await configsTool('--alter', ...all, '--delete-config', 'log.retention.ms')
    assert.doesNotMatch(await configsTool('--describe', ...broker), /3600000|7200000/)
  })
})

suite('the other Java tools', { skip: javaTools.skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-topics-'))
  after(() => rmSync(folder, { recursive: true }))

  test('get-offsets answers earliest, latest, the newest time and a time; delete-records moves the earliest', async () => {
    await createTopics(target.bootstrap, ['cut'], 1)
    const timeMs = Date.now() - 100_000
    const records = Array.from({ length: 10 }, (_, i) => ({
      value: `v${i}`,
      timestampMs: timeMs + (i === 4 ? 50_000 : i * 1000),
    }))
    await kafkajs.produce(target.bootstrap, 'cut', records)
    const offset = (time: string): Promise<string> =>
      tool('GetOffsetShell', [...server, '--topic', 'cut', '--time', time])
    assert.equal(await offset('latest'), 'cut:0:10\n')
    assert.equal(await offset('earliest'), 'cut:0:0\n')
    assert.equal(await offset('max-timestamp'), 'cut:0:4\n')
    assert.equal(await offset(String(timeMs + 3000)), 'cut:0:3\n')

    const plan = join(folder, 'delete.json')
    writeFileSync(plan, JSON.stringify({ version: 1, partitions: [{ topic: 'cut', partition: 0, offset: 6 }] }))
    assert.match(
      await tool('DeleteRecordsCommand', [...server, '--offset-json-file', plan]),
      /cut-0\s+low_watermark: 6/,
    )
    assert.equal(await offset('earliest'), 'cut:0:6\n')
    const kept = await kafkajs.consume(target.bootstrap, ['cut'], 4)
    assert.deepEqual(
      kept.map((record) => record.value),
      ['v6', 'v7', 'v8', 'v9'],
    )
  })

  test('log-dirs tells where each partition lies and how large it is', async () => {
    await createTopics(target.bootstrap, ['sized'], 2)
    await kafkajs.produce(target.bootstrap, 'sized', [{ value: 'x'.repeat(1000), partition: 1 }])
    const output = await tool('LogDirsCommand', [...server, '--describe', '--topic-list', 'sized'])
    const json = output.split('\n').find((line) => line.startsWith('{')) ?? '{}'
    const { brokers } = JSON.parse(json) as {
      brokers: {
        logDirs: { error: string | null; logDir: string; partitions: { partition: string; size: number }[] }[]
      }[]
    }
    const [dir] = brokers[0]?.logDirs ?? []
    assert.equal(dir?.error, null)
    assert.ok(dir.logDir.startsWith(target.dataDir), dir.logDir)
    const sizes = Object.fromEntries(dir.partitions.map(({ partition, size }) => [partition, size]))
    assert.equal(sizes['sized-0'], 0)
    assert.ok((sizes['sized-1'] ?? 0) > 1000)
  })

  test('the cluster tool and broker-api-versions read who we are', async () => {
    assert.match(await tool('ClusterTool', ['cluster-id', ...server]), /Cluster ID: \S+/)
    const versions = await tool('BrokerApiVersionsCommand', server)
    assert.match(versions, /Produce\(0\): 0 to 13 \[usable: 13\]/)
    assert.match(versions, /Fetch\(1\): 4 to \d+/)
  })

  test('verifiable producer and consumer agree on what was written', async () => {
    await createTopics(target.bootstrap, ['verified'], 1)
    const written = await tool('VerifiableProducer', [
      ...server,
      '--topic',
      'verified',
      '--max-messages',
      '200',
      '--acks',
      '-1',
    ])
    const sent = written.split('\n').filter((line) => line.includes('producer_send_success'))
    assert.equal(sent.length, 200)
    assert.match(written, /"acked":200/)
    const read = await tool('VerifiableConsumer', [
      '--bootstrap-server',
      target.bootstrap,
      '--topic',
      'verified',
      '--group-id',
      'verifier',
      '--reset-policy',
      'earliest',
      '--max-messages',
      '200',
    ])
    const counts = [
      ...read.matchAll(
        /"name":"records_consumed","count":(\d+)|"count":(\d+),"name":"records_consumed"|records_consumed.*?"count":(\d+)/g,
      ),
    ]
    const total = counts.reduce((sum, [, a, b, c]) => sum + Number(a ?? b ?? c), 0)
    assert.equal(total, 200, read.slice(0, 2000))
  })

  test('producer and consumer performance tools move a load', async () => {
    await createTopics(target.bootstrap, ['loaded'], 6)
    const load = ['--num-records', '20000', '--record-size', '1000', '--throughput', '-1', '--topic', 'loaded']
    const how = ['--command-property', `bootstrap.servers=${target.bootstrap}`, 'acks=all', 'compression.type=lz4']
    assert.match(await tool('ProducerPerformance', [...load, ...how]), /20000 records sent/)
    const read = await tool('ConsumerPerformance', [
      ...server,
      '--topic',
      'loaded',
      '--num-records',
      '20000',
      '--hide-header',
    ])
    assert.equal(read.trim().split('\n').at(-1)?.split(', ')[4], '20000')
  })
})

test('kafkajs creates, describes, configures, grows and deletes topics', async () => {
  await withAdmin(target.bootstrap, async (admin) => {
    assert.equal(await admin.createTopics({ topics: [{ topic: 'js', numPartitions: 2 }] }), true)
    assert.equal(
      await admin.createTopics({ topics: [{ topic: 'js', numPartitions: 2 }] }),
      false,
      'it is there already',
    )
    await admin.createPartitions({ topicPartitions: [{ topic: 'js', count: 4 }] })
    const { topics } = await admin.fetchTopicMetadata({ topics: ['js'] })
    assert.deepEqual(topics[0]?.partitions.map((partition) => partition.partitionId).toSorted(), [0, 1, 2, 3])
    const { ConfigResourceTypes } = kafkajsModule
    const configEntries = [{ name: 'retention.ms', value: '12345678' }]
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: 'js', configEntries }],
    })
    const described = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: 'js', configNames: ['retention.ms'] }],
    })
    assert.equal(described.resources[0]?.configEntries[0]?.configValue, '12345678')
    await kafkajs.produce(target.bootstrap, 'js', [
      { value: 'a', partition: 0 },
      { value: 'b', partition: 0 },
    ])
    await admin.deleteTopicRecords({ topic: 'js', partitions: [{ partition: 0, offset: '1' }] })
    const offsets = await admin.fetchTopicOffsets('js')
    assert.deepEqual(
      offsets.find(({ partition }) => partition === 0),
      { partition: 0, offset: '2', high: '2', low: '1' },
    )
    const { brokers, clusterId, controller } = await admin.describeCluster()
    assert.deepEqual([brokers.length, typeof clusterId, controller], [1, 'string', brokers[0]?.nodeId])
    await admin.deleteTopics({ topics: ['js'] })
    assert.ok(!(await admin.listTopics()).includes('js'))
  })
})

test('@platformatic/kafka creates, configures and deletes topics and reads log directories', async () => {
  const admin = new PlatformaticAdmin({ clientId: 'interop', bootstrapBrokers: [target.bootstrap] })
  const [created] = await admin.createTopics({ topics: ['plt'], partitions: 2, replicas: 1 })
  assert.deepEqual([created?.name, created?.partitions, created?.replicas], ['plt', 2, 1])
  assert.match(created?.id ?? '', /^[\da-f-]{36}$/)
  await kafkajs.produce(target.bootstrap, 'plt', [{ value: 'a', partition: 1 }])
  const [offsets] = await admin.listOffsets({
    topics: [{ name: 'plt', partitions: [{ partitionIndex: 1, timestamp: -1n }] }],
  })
  assert.equal(offsets?.partitions[0]?.offset, 1n)
  const [description] = await admin.describeConfigs({ resources: [{ resourceType: 2, resourceName: 'plt' }] })
  assert.equal(description?.configs.find(({ name }) => name === 'cleanup.policy')?.value, 'delete')
  const [dirs] = await admin.describeLogDirs({ topics: [{ name: 'plt', partitions: [0, 1] }] })
  assert.deepEqual(
    dirs?.results[0]?.topics[0]?.partitions.map(({ partitionIndex }) => partitionIndex).toSorted(),
    [0, 1],
  )
  await admin.createPartitions({ topics: [{ name: 'plt', count: 3, assignments: [{ brokerIds: [brokerId] }] }] })
  await admin.deleteTopics({ topics: ['plt'] })
  assert.ok(!(await admin.listTopics()).includes('plt'))
  await admin.close()
})

test('confluent-kafka-python creates, describes, configures and deletes topics', { skip: confluent.skip }, async () => {
  const lines = (await runPython('admin.py', { 'bootstrap.servers': target.bootstrap })).trim().split('\n')
  const results = Object.fromEntries(
    lines.map((line) => Object.entries(JSON.parse(line) as Record<string, unknown>)[0] ?? []),
  )
  assert.deepEqual(results, {
    created: ['snake'],
    'created again': 'TOPIC_ALREADY_EXISTS',
    partitions: 4,
    'retention.ms': '5000000',
    'end of 3': 1,
    'oldest of 3 after deleting': 1,
    brokers: 1,
    groups: ['snake-group'],
    state: 'EMPTY',
    'committed on 3': 1,
    'groups after deleting': [],
    'described after deleting': 'UNKNOWN_TOPIC_OR_PART',
  })
})

test('kcat -L lists brokers, topics and partitions', { skip: kcat.skip }, async () => {
  await createTopics(target.bootstrap, ['seen'], 2)
  const json = JSON.parse(await run('kcat', ['-b', target.bootstrap, '-L', '-J'])) as {
    brokers: { id: number; name: string }[]
    topics: { topic: string; partitions: { partition: number; leader: number }[] }[]
  }
  const [broker] = json.brokers
  assert.equal(broker?.name, target.bootstrap)
  const seen = json.topics.find(({ topic }) => topic === 'seen')
  assert.deepEqual(
    seen?.partitions.map(({ partition, leader }) => [partition, leader]),
    [
      [0, broker.id],
      [1, broker.id],
    ],
  )
})

for (const client of [kcat, kafkajs, confluent, java]) {
  test(
    `${client.name} writing to a topic that isn't there has it created with num.partitions`,
    { skip: client.skip },
    async () => {
      const topic = `auto-${client.name.replace(/\W+/g, '-')}`
      await client.produce(target.bootstrap, topic, [{ key: 'k', value: 'created for this' }])
      const { topics } = await withAdmin(target.bootstrap, (admin) => admin.fetchTopicMetadata({ topics: [topic] }))
      assert.equal(topics[0]?.partitions.length, 3)
      const [record] = await kafkajs.consume(target.bootstrap, [topic], 1)
      assert.equal(record?.value, 'created for this')
    },
  )
}

test('300 topics are created in one request, listed, written to and deleted', async () => {
  const many = Array.from({ length: 300 }, (_, i) => `many-${String(i).padStart(3, '0')}`)
  await createTopics(target.bootstrap, many, 1)
  await withAdmin(target.bootstrap, async (admin) => {
    const present = (await admin.listTopics()).filter((name) => name.startsWith('many-'))
    assert.deepEqual(present.toSorted(), many)
    for (const topic of ['many-000', 'many-150', 'many-299'])
      await kafkajs.produce(target.bootstrap, topic, [{ value: topic }])
    const read = await kafkajs.consume(target.bootstrap, many, 3)
    assert.deepEqual(read.map((record) => record.value ?? '').toSorted(), ['many-000', 'many-150', 'many-299'])
    await admin.deleteTopics({ topics: many })
    assert.deepEqual(
      (await admin.listTopics()).filter((name) => name.startsWith('many-')),
      [],
    )
  })
})
