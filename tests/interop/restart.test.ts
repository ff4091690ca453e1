// A broker that is stopped or killed and started again: everything is where it was.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { committed, createTopics, groupState, withAdmin } from './clients/admin.ts'
import { untilMembers, type NewRecord, type ReadRecord } from './clients/client.ts'
import { confluent, startPython } from './clients/confluent.ts'
import { kafkajs, kafkaOf } from './clients/kafkajs.ts'
import { Target } from './target/target.ts'

const target = await Target.start()

const sorted = (records: readonly ReadRecord[]): ReadRecord[] =>
  records.toSorted((a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition || a.offset - b.offset)

async function snapshot(topics: string[], group: string): Promise<unknown> {
  return withAdmin(target.bootstrap, async (admin) => {
    const metadata = await admin.fetchTopicMetadata({ topics })
    const configs = await admin.describeConfigs({
      includeSynonyms: true,
      resources: topics.map((name) => ({ type: 2, name })),
    })
    const all = (await admin.listTopics()).toSorted()
    const ends = await Promise.all(topics.map((topic) => admin.fetchTopicOffsets(topic)))
    const offsets = await Promise.all(topics.map((topic) => committed(target.bootstrap, group, topic)))
    const { clusterId } = await admin.describeCluster()
    const metadataByName = metadata.topics.toSorted((a, b) => a.name.localeCompare(b.name))
    const configsByName = configs.resources.toSorted((a, b) => a.resourceName.localeCompare(b.resourceName))
    return { metadataByName, configsByName, all, ends, offsets, clusterId }
  })
}

suite('everything is where it was', { skip: confluent.skip }, () => {
  for (const how of ['a clean stop', 'kill -9'] as const) {
    test(`topics, settings, records and a group's offsets outlive ${how}`, async () => {
      const name = how.replace(/\W+/g, '-')
      const topics = [`${name}-a`, `${name}-b`]
      const group = `${name}-group`
      await createTopics(target.bootstrap, topics, 3)
      await withAdmin(target.bootstrap, async (admin) => {
        const configEntries = [{ name: 'retention.ms', value: '9223372036854775807' }]
        await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: `${name}-a`, configEntries }] })
      })
      const records: NewRecord[] = Array.from({ length: 300 }, (_, i) => ({
        key: `k${i}`,
        value: `v${i}`,
        partition: i % 3,
      }))
      for (const topic of topics) await kafkajs.produce(target.bootstrap, topic, records, { codec: 'zstd' })
      const member = await confluent.join(target.bootstrap, { group, topic: `${name}-a` })
      await untilMembers([member], () => member.records.length === 300, 'everything read')
      await member.leave()
      const before = await snapshot(topics, group)
      const read = await kafkajs.consume(target.bootstrap, topics, 600)

      if (how === 'kill -9') await target.kill()
      else await target.stop()
      await target.startAgain()

      assert.deepEqual(await snapshot(topics, group), before)
      assert.equal(await groupState(target.bootstrap, group), 'Empty')
      assert.deepEqual(sorted(await kafkajs.consume(target.bootstrap, topics, 600)), sorted(read))
    })
  }

  test('a producer and a group member that were there before a restart go on after it', async () => {
    const topic = 'goes-on'
    await createTopics(target.bootstrap, [topic], 2)
    const member = await confluent.join(target.bootstrap, { group: 'goes-on-group', topic })
    const config = { 'bootstrap.servers': target.bootstrap, 'enable.idempotence': true, 'linger.ms': 0 }
    const producer = startPython('produce.py', { topic, config })
    producer.write(Array.from({ length: 50 }, (_, i) => `{"value": "before-${i}"}\n`).join(''))
    await untilMembers([member], () => member.records.length === 50, 'what was written before')
    await target.restart()
    producer.write(Array.from({ length: 50 }, (_, i) => `{"value": "after-${i}"}\n`).join(''))
    producer.child.stdin?.end()
    assert.equal((await producer.finished).code, 0)
    await untilMembers([member], () => member.records.length >= 100, 'what was written after')
    await member.leave()
    assert.equal(new Set(member.records.map((record) => record.value)).size, 100)
    assert.equal(member.records.length, 100, 'each once: its offsets were committed')
  })

  test('a deleted topic stays deleted and its name can be taken again after a restart', async () => {
    await createTopics(target.bootstrap, ['gone'], 1)
    await kafkajs.produce(target.bootstrap, 'gone', [{ value: 'old' }])
    await withAdmin(target.bootstrap, (admin) => admin.deleteTopics({ topics: ['gone'] }))
    await target.restart()
    await withAdmin(target.bootstrap, async (admin) => assert.ok(!(await admin.listTopics()).includes('gone')))
    await createTopics(target.bootstrap, ['gone'], 1)
    await kafkajs.produce(target.bootstrap, 'gone', [{ value: 'new' }])
    const [record] = await kafkajs.consume(target.bootstrap, ['gone'], 1)
    assert.deepEqual([record?.offset, record?.value], [0, 'new'])
  })
})

interface Acknowledged {
  readonly partition: number
  readonly offset: number
  readonly value: string
}

function hasLines(text: string, count: number): true | undefined {
  let at = -1
  for (let seen = 0; seen < count; seen += 1) {
    at = text.indexOf('\n', at + 1)
    if (at === -1) return undefined
  }
  return true
}

suite('kill -9 while producing', { skip: confluent.skip }, () => {
  test('every record that an idempotent producer was told of is there once and in order, five kills long', async () => {
    const topic = 'killed'
    await createTopics(target.bootstrap, [topic], 3)
    const count = 60_000
    const config = {
      'bootstrap.servers': target.bootstrap,
      'enable.idempotence': true,
      'linger.ms': 2,
      'batch.num.messages': 200,
      'reconnect.backoff.max.ms': 200,
      'compression.type': 'lz4',
    }
    const producer = startPython('produce.py', { topic, config })
    producer.child.stdin?.end(
      Array.from({ length: count }, (_, i) => `{"value": "${i}", "partition": ${i % 3}}\n`).join(''),
    )
    for (const kills of [1, 2, 3, 4, 5]) {
      const enough = (kills * count) / 6
      await producer.stdout.until((output) => hasLines(output.text, enough), `${enough} deliveries`, 60_000)
      await target.kill()
      await target.startAgain()
    }
    const { code, stdout, stderr } = await producer.finished
    assert.equal(code, 0, stderr)
    const told = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Acknowledged)
    assert.equal(told.length, count)

    const read = await confluent.consume(target.bootstrap, [topic], count)
    const byPlace = new Map(read.map((record) => [`${record.partition}-${record.offset}`, record.value]))
    assert.equal(byPlace.size, count, 'once')
    for (const { partition, offset, value } of told) assert.equal(byPlace.get(`${partition}-${offset}`), value)
    for (const partition of [0, 1, 2]) {
      const values = read.filter((record) => record.partition === partition).map((record) => Number(record.value))
      assert.deepEqual(
        values,
        values.toSorted((a, b) => a - b),
        'in order',
      )
    }
  })

  test('what a plain acks=all producer was told of is there', async () => {
    const topic = 'killed-plain'
    await createTopics(target.bootstrap, [topic], 1)
    const producer = kafkaOf(target.bootstrap).producer({ retry: { retries: 0 } })
    await producer.connect()
    const told: { offset: number; value: string }[] = []
    let killed: Promise<void> | undefined
    try {
      for (let i = 0; ; i += 1) {
        const messages = [{ value: `${i}-a` }, { value: `${i}-b` }]
        const [sent] = await producer.send({ topic, messages, acks: -1 })
        told.push(
          { offset: Number(sent?.baseOffset), value: `${i}-a` },
          { offset: Number(sent?.baseOffset) + 1, value: `${i}-b` },
        )
        if (told.length > 50) killed ??= target.kill()
      }
    } catch {
      await killed // the send that the kill cut off
    }
    await producer.disconnect()
    await target.startAgain()
    assert.ok(told.length > 50, `${told.length} records were acknowledged before the kill`)
    const read = await confluent.consume(target.bootstrap, [topic], told.length)
    const byOffset = new Map(read.map((record) => [record.offset, record.value]))
    for (const { offset, value } of told) assert.equal(byOffset.get(offset), value)
  })
})
