// Our clients against the oldest and the last release of Apache Kafka before 4, and against today's: what everybody does.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Admin, Consumer, type OffsetSpec, Producer, valuesOf } from '@millrace/client'
import { apacheKafkaVersion } from './peers/apache-kafka.ts'
import { kafkaRelease } from './peers/kafka-release.ts'
import { find } from './peers/peer.ts'
import { type OldBroker, startRelease } from './target/kafka-release.ts'

const partitions = 3
const recordCount = 300
const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

for (const version of ['2.8.2', '3.9.1', apacheKafkaVersion()]) {
  const { peer, skip } = await find(kafkaRelease(version))
  suite(`Apache Kafka ${version}`, { skip }, () => {
    let broker: OldBroker
    let admin: Admin
    before(async () => {
      if (peer === undefined) return
      broker = await startRelease(peer)
      admin = new Admin({ bootstrapServers: broker.bootstrap })
    })
    after(async () => {
      await admin.close()
      await broker.stop()
    })

    test('topics are made, listed, described, grown, configured and deleted', async () => {
      await succeed(admin.createTopics([{ name: 'made', partitions: 1, configs: { 'retention.ms': '60000' } }]))
      await admin.createPartitions('made', 2)
      await until(async () => (await partitionCount('made')) === 2)
      const resource = { type: 'topic', name: 'made' } as const
      await succeed(admin.alterConfigs([{ resource, name: 'retention.ms', operation: 'set', value: '70000' }]))
      await until(async () => {
        const configs = await admin.describeConfigs(resource)
        return configs.some(({ name, value }) => name === 'retention.ms' && value === '70000')
      })
      assert.equal((await admin.describeCluster()).nodes.length, 1)
      await succeed(admin.deleteTopics(['made']))
    })

    test('what is produced, in every compression, is consumed by a group that goes on where it was', async () => {
      await succeed(admin.createTopics([{ name: 'orders', partitions }]))
      for (const compressionType of compressions) {
        await using producer = new Producer({ bootstrapServers: broker.bootstrap, compressionType })
        const records = Array.from({ length: recordCount }, (_, i) => ({
          topic: 'orders',
          key: `k${i}`,
          value: `v${i}`,
        }))
        const written = await producer.send(records)
        assert.ok(written.every(({ offset }) => offset >= 0))
      }
      const all = recordCount * compressions.length
      assert.equal(await read(all - 1), all - 1)
      // The record in hand at `break` was not done: it comes again.
      assert.equal(await read(2), 2)
      const groups = await admin.describeGroups(['readers', 'nobody'])
      const [group, nobody] = [groups.get('readers'), groups.get('nobody')]
      assert.equal(group?.ok === true && group.value.state, 'Empty')
      assert.equal(nobody?.ok === false && nobody.error.error, 'GROUP_ID_NOT_FOUND')
      const committed = await admin.fetchOffsets('readers')
      assert.ok(committed.reduce((sum, { offset }) => sum + offset, 0) >= all - 1)
      await succeed(admin.deleteGroups(['readers']))
    })

    test('offsets are found by time, and records before an offset are deleted', async () => {
      await succeed(admin.createTopics([{ name: 'cut', partitions: 1 }]))
      await using producer = new Producer({ bootstrapServers: broker.bootstrap })
      await producer.send([1, 2, 3].map((timestamp) => ({ topic: 'cut', value: 'v', timestamp: timestamp + 1_000 })))
      const offsetAt = async (at: OffsetSpec): Promise<number | undefined> =>
        valuesOf(await admin.listOffsets([{ topic: 'cut', partition: 0, at }])).get('cut-0')?.offset
      assert.equal(await offsetAt(1_003), 2)
      await succeed(admin.deleteRecords([{ topic: 'cut', partition: 0, offset: 2 }]))
      assert.equal(await offsetAt('earliest'), 2)
    })

    async function partitionCount(topic: string): Promise<number> {
      const described = (await admin.describeTopics([topic])).get(topic)
      return described?.ok === true ? described.value.partitions.length : 0
    }

    async function read(count: number): Promise<number> {
      await using consumer = new Consumer({
        bootstrapServers: broker.bootstrap,
        groupId: 'readers',
        topics: 'orders',
        autoOffsetReset: 'earliest',
      })
      let seen = 0
      for await (const record of consumer) {
        assert.match(String(record.value), /^v\d+$/)
        seen += 1
        if (seen === count) break
      }
      return seen
    }
  })
}

// Brokers in KRaft mode answer before they show what they did.
async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 30_000
  while (!(await holds())) {
    assert.ok(performance.now() < deadlineMs, 'not within 30 s')
    await sleep(20)
  }
}

async function succeed(outcomes: Promise<ReadonlyMap<string, { readonly ok: boolean }>>): Promise<void> {
  for (const [name, outcome] of await outcomes) assert.ok(outcome.ok, `${name}: ${JSON.stringify(outcome)}`)
}
