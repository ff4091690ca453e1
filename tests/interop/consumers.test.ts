// Where consumers start, what they are told when there is nothing there, and how soon they get what is new.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { HeldUp } from '@millrace/testkit/held-up'
import { createTopics, withAdmin } from './clients/admin.ts'
import { untilMembers, type NewRecord } from './clients/client.ts'
import { confluent, runPython } from './clients/confluent.ts'
import { java } from './clients/java.ts'
import { kafkajs, kafkaOf } from './clients/kafkajs.ts'
import { kcat } from './clients/kcat.ts'
import { platformatic } from './clients/platformatic.ts'
import { startTool, tool, tryTool } from './peers/java-tools.ts'
import { run } from './process.ts'
import { isApacheKafka, Target } from './target/target.ts'

const target = await Target.start()
const server = ['--bootstrap-server', target.bootstrap]

const numbered = (count: number, timeMs = Date.now()): NewRecord[] =>
  Array.from({ length: count }, (_, i) => ({ key: `k${i}`, value: `v${i}`, timestampMs: timeMs + i * 1000 }))

async function topicWith(topic: string, records: readonly NewRecord[]): Promise<void> {
  await createTopics(target.bootstrap, [topic], 1)
  await kafkajs.produce(target.bootstrap, topic, records)
}

suite('kcat', { skip: kcat.skip }, () => {
  const read = (topic: string, ...args: string[]): Promise<string> =>
    run('kcat', ['-C', '-b', target.bootstrap, '-t', topic, '-e', '-q', ...args])

  test('starts at an offset, at a distance from the end, and at a time', async () => {
    const timeMs = Date.now() - 100_000
    await topicWith('places', numbered(10, timeMs))
    assert.equal(await read('places', '-o', '7'), 'v7\nv8\nv9\n')
    assert.equal(await read('places', '-o', '-2'), 'v8\nv9\n')
    assert.equal(await read('places', '-o', 'beginning', '-c', '2'), 'v0\nv1\n')
    assert.equal(await read('places', '-o', `s@${timeMs + 4500}`, '-o', `e@${timeMs + 7500}`), 'v5\nv6\nv7\n')
    const asked = await run('kcat', ['-Q', '-b', target.bootstrap, '-t', `places:0:${timeMs + 2000}`])
    assert.equal(asked, 'places [0] offset 2\n')
  })

  test('writes out keys, headers, times and offsets by a format string', async () => {
    await topicWith('formatted', [{ key: 'k', value: 'v', headers: [['h', '1']], timestampMs: 1_700_000_000_000 }])
    const format = '%t %p %o %k %s %h %T\\n'
    assert.equal(await read('formatted', '-f', format), 'formatted 0 0 k v h=1 1700000000000\n')
  })
})

suite('the console consumer', { skip: java.skip }, () => {
  test('prints records with key, headers, partition, offset and time, from an offset of a partition', async () => {
    const records = [
      { value: 'zero' },
      { key: 'k', value: 'one', headers: [['h', 'x']] as const, timestampMs: 1_700_000_000_000 },
    ]
    await topicWith('printed', records)
    const show = ['key', 'headers', 'partition', 'offset', 'timestamp'].flatMap((what) => [
      '--formatter-property',
      `print.${what}=true`,
    ])
    const where = ['--topic', 'printed', '--partition', '0', '--offset', '1', '--max-messages', '1']
    const output = await tool('consumer.ConsoleConsumer', [...server, ...where, ...show])
    assert.equal(output, 'CreateTime:1700000000000\tPartition:0\tOffset:1\th:x\tk\tone\n')
  })

  test('reads what is new only, and committed data only', async () => {
    await topicWith('live', [{ value: 'old' }])
    const isolation = ['--isolation-level', 'read_committed', '--group', 'live-group', '--max-messages', '1']
    const commits = ['--command-property', 'auto.commit.interval.ms=100']
    const call = startTool('consumer.ConsoleConsumer', [...server, '--topic', 'live', ...isolation, ...commits])
    await stable('live-group')
    await kafkajs.produce(target.bootstrap, 'live', [{ value: 'new' }])
    assert.equal((await call.finished).stdout, 'new\n')
  })

  test('ends when nothing comes for its time-out', async () => {
    await createTopics(target.bootstrap, ['silent'], 1)
    const { stderr } = await tryTool('consumer.ConsoleConsumer', [
      ...server,
      '--topic',
      'silent',
      '--timeout-ms',
      '800',
    ])
    assert.match(stderr, /Processed a total of 0 messages/)
  })
})

test(
  'a consumer that asks for the new group protocol is told that it is not there',
  { skip: java.skip || (isApacheKafka && 'Apache Kafka has it') },
  async () => {
    await createTopics(target.bootstrap, ['newer'], 1)
    const how = ['--command-property', 'group.protocol=consumer', '--timeout-ms', '5000']
    const { stderr } = await tryTool('consumer.ConsoleConsumer', [...server, '--topic', 'newer', ...how])
    assert.match(stderr, /does not support CONSUMER_GROUP_HEARTBEAT|UnsupportedVersion/)
  },
)

// A member that has its assignment also has its starting position very soon, but not at once: it asks for the end offset.
async function stable(group: string): Promise<void> {
  for (;;) {
    const { groups } = await withAdmin(target.bootstrap, (admin) => admin.describeGroups([group]))
    if (groups[0]?.state === 'Stable') break
  }
  for (;;) {
    const offsets = await withAdmin(target.bootstrap, (admin) =>
      admin.fetchOffsets({ groupId: group, topics: ['live'] }),
    )
    if (offsets[0]?.partitions[0]?.offset === '1') break
  }
}

test('a client compatibility check by Apache Kafka finds what it expects', { skip: java.skip }, async () => {
  await createTopics(target.bootstrap, ['compatible'], 1)
  const supported = [
    'offsets-for-times-supported',
    'cluster-id-supported',
    'create-topics-supported',
    'describe-configs-supported',
    'idempotent-producer-supported',
  ].flatMap((name) => [`--${name}`, 'true'])
  const others = ['--expect-record-too-large-exception', 'false', '--describe-acls-supported', String(isApacheKafka)]
  const what = ['--topic', 'compatible', '--num-cluster-nodes', '1', ...supported, ...others]
  const { code, stdout, stderr } = await tryTool('ClientCompatibilityTest', [...server, ...what])
  assert.equal(code, 0, stdout + stderr)
  assert.match(stdout, /SUCCESS/)
})

suite('auto.offset.reset', { skip: confluent.skip }, () => {
  const consume = (topic: string, count: number, settings: Record<string, unknown>): Promise<string> => {
    const config = { 'bootstrap.servers': target.bootstrap, 'group.id': `${topic}-group`, ...settings }
    return runPython('consume.py', { topics: [topic], count, config })
  }

  test('a committed offset that was deleted since is reset to the earliest, or refused where nothing may be reset', async () => {
    const topic = 'deleted-below'
    await topicWith(topic, numbered(10))
    await withAdmin(target.bootstrap, async (admin) => {
      await admin.setOffsets({ groupId: `${topic}-group`, topic, partitions: [{ partition: 0, offset: '2' }] })
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '6' }] })
    })
    await assert.rejects(
      consume(topic, 4, { 'auto.offset.reset': 'error', 'enable.auto.commit': false }),
      /OFFSET_OUT_OF_RANGE|Offset out of range/i,
    )
    const lines = (await consume(topic, 4, {})).trim().split('\n')
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { offset: number }).offset),
      [6, 7, 8, 9],
    )
  })
})

suite('how soon', () => {
  for (const client of [kafkajs, platformatic, confluent, java]) {
    test(
      `a waiting ${client.name} consumer gets a new record long before its fetch would time out`,
      { skip: client.skip },
      async () => {
        const topic = `soon-${client.name.replace(/\W+/g, '-')}`
        await createTopics(target.bootstrap, [topic], 1)
        const member = await client.join(target.bootstrap, { group: `${topic}-group`, topic, fetchWaitMs: 5_000 })
        await untilMembers([member], () => member.assigned.length === 1, 'an assignment')
        // The first may still meet a member that is finding its position.
        for (const value of ['first', 'second', 'third']) {
          await kafkajs.produce(target.bootstrap, topic, [{ value }])
          using heldUp = new HeldUp()
          const startMs = performance.now()
          await untilMembers([member], () => member.records.some((record) => record.value === value), value)
          const tookMs = performance.now() - startMs - heldUp.ms
          if (value !== 'first') assert.ok(tookMs < 2_500, `${value} took ${tookMs} ms`)
        }
        await member.leave()
      },
    )
  }
})

test('kafkajs commits chosen offsets with metadata, seeks and pauses', async () => {
  const topic = 'steered'
  await topicWith(topic, numbered(6))
  const consumer = kafkaOf(target.bootstrap).consumer({ groupId: 'steered-group', maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const seen: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ message }) => {
      seen.push(message.value?.toString() ?? '')
      if (seen.length === 6) {
        await consumer.commitOffsets([{ topic, partition: 0, offset: '3', metadata: 'half way' }])
        consumer.seek({ topic, partition: 0, offset: '4' })
      }
      if (seen.length >= 8) resolve()
    },
  })
  await promise
  await consumer.disconnect()
  assert.deepEqual(seen, ['v0', 'v1', 'v2', 'v3', 'v4', 'v5', 'v4', 'v5'])
  const [found] = await withAdmin(target.bootstrap, (admin) =>
    admin.fetchOffsets({ groupId: 'steered-group', topics: [topic] }),
  )
  assert.deepEqual(found?.partitions, [{ partition: 0, offset: '3', metadata: 'half way' }])
})
