// Our clients against the oldest and the last release of Apache Kafka before 4, and against today's: what everybody does.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Consumer, type OffsetSpec, Producer, valuesOf } from '@millrace/client'
import { until } from '@millrace/testkit/until'
import { apacheKafkaVersion } from './peers/apache-kafka.ts'
import { kafkaRelease } from './peers/kafka-release.ts'
import { find } from './peers/peer.ts'
import { releaseOfSuite } from './target/kafka-release.ts'

const partitions = 3
const recordCount = 300
const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

for (const version of ['2.8.2', '3.9.1', apacheKafkaVersion()]) {
  const { peer, skip } = await find(kafkaRelease(version))
  suite(`Apache Kafka ${version}`, { skip }, () => {
    const kafka = releaseOfSuite(peer)

    test('topics are made, listed, described, grown, configured and deleted', async () => {
      await succeed(kafka.admin.createTopics([{ name: 'made', partitions: 1, configs: { 'retention.ms': '60000' } }]))
      await kafka.admin.createPartitions('made', 2)
      await until('two partitions', async () => (await partitionCount('made')) === 2)
      const resource = { type: 'topic', name: 'made' } as const
      await succeed(kafka.admin.alterConfigs([{ resource, name: 'retention.ms', operation: 'set', value: '70000' }]))
      await until('the setting to be known', async () => {
        const configs = await kafka.admin.describeConfigs(resource)
        return configs.some(({ name, value }) => name === 'retention.ms' && value === '70000')
      })
      assert.equal((await kafka.admin.describeCluster()).nodes.length, 1)
      await succeed(kafka.admin.deleteTopics(['made']))
    })

    test('what is produced, in every compression, is consumed by a group that goes on where it was', async () => {
      await succeed(kafka.admin.createTopics([{ name: 'orders', partitions }]))
      for (const compressionType of compressions) {
        await using producer = new Producer({ bootstrapServers: kafka.broker.bootstrap, compressionType })
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
      const groups = await kafka.admin.describeGroups(['readers', 'nobody'])
      const [group, nobody] = [groups.get('readers'), groups.get('nobody')]
      assert.equal(group?.ok === true && group.value.state, 'Empty')
      assert.equal(nobody?.ok === false && nobody.error.error, 'GROUP_ID_NOT_FOUND')
      const committed = await kafka.admin.fetchOffsets('readers')
      assert.ok(committed.reduce((sum, { offset }) => sum + offset, 0) >= all - 1)
      await succeed(kafka.admin.deleteGroups(['readers']))
    })

    test('offsets are found by time, and records before an offset are deleted', async () => {
      await succeed(kafka.admin.createTopics([{ name: 'cut', partitions: 1 }]))
      await using producer = new Producer({ bootstrapServers: kafka.broker.bootstrap })
      await producer.send([1, 2, 3].map((timestamp) => ({ topic: 'cut', value: 'v', timestamp: timestamp + 1_000 })))
      const offsetAt = async (at: OffsetSpec): Promise<number | undefined> =>
        valuesOf(await kafka.admin.listOffsets([{ topic: 'cut', partition: 0, at }])).get('cut-0')?.offset
      assert.equal(await offsetAt(1_003), 2)
      await succeed(kafka.admin.deleteRecords([{ topic: 'cut', partition: 0, offset: 2 }]))
      assert.equal(await offsetAt('earliest'), 2)
    })

    test('quotas and passwords are set, described and taken away', async () => {
      const quota = (rate: number | null) => [{ entity: { clientId: 'slow' }, quotas: { producer_byte_rate: rate } }]
      const slow = { matches: [{ entity: 'clientId', name: 'slow' }] } as const
      assert.ok((await kafka.admin.alterClientQuotas(quota(1_000_000)))[0]?.ok)
      await until(
        'the quota to be there',
        async () => (await kafka.admin.describeClientQuotas(slow))[0]?.quotas['producer_byte_rate'] === 1_000_000,
      )
      assert.ok((await kafka.admin.alterClientQuotas(quota(null)))[0]?.ok)
      await until('the quota to be gone', async () => (await kafka.admin.describeClientQuotas(slow)).length === 0)
      const carol = { user: 'carol', mechanism: 'SCRAM-SHA-256' } as const
      const described = async () =>
        (await kafka.admin.describeUserScramCredentials(['carol'])).get('carol')?.ok === true
      await succeed(kafka.admin.alterUserScramCredentials([{ ...carol, password: 'secret' }]))
      await until('the password to be there', described)
      await succeed(kafka.admin.alterUserScramCredentials([{ ...carol, delete: true }]))
      await until('the password to be gone', async () => !(await described()))
    })

    test('groups are listed, moved and lose offsets; replicas, moves, elections and producers are described', async () => {
      await succeed(kafka.admin.createTopics([{ name: 'lines', partitions: 2 }]))
      const places = [0, 1].map((partition) => ({ topic: 'lines', partition }))
      await until('the coordinator to be there', async () => {
        const moved = await kafka.admin.commitOffsets(
          'movers',
          places.map((each) => ({ ...each, offset: 3 })),
        )
        return [...moved.values()].every(({ ok }) => ok)
      })
      assert.ok((await kafka.admin.listGroups()).some(({ groupId }) => groupId === 'movers'))
      await succeed(kafka.admin.deleteOffsets('movers', places.slice(0, 1)))
      assert.deepEqual(
        (await kafka.admin.fetchOffsets('movers')).map(({ partition, offset }) => [partition, offset]),
        [[1, 3]],
      )
      await succeed(kafka.admin.deleteGroups(['movers']))

      const directories = valuesOf(await kafka.admin.describeLogDirs([1])).get(1)
      assert.ok(directories?.some(({ replicas }) => replicas.some(({ topic }) => topic === 'lines')))
      assert.deepEqual(await kafka.admin.listPartitionReassignments(), [])
      const elected = (await kafka.admin.electLeaders('preferred', places.slice(0, 1))).get('lines-0')
      assert.equal(elected?.ok === false && elected.error.error, 'ELECTION_NOT_NEEDED')
      await using producer = new Producer({ bootstrapServers: kafka.broker.bootstrap })
      await producer.send({ ...places[0], topic: 'lines', value: 'v' })
      const producers = valuesOf(await kafka.admin.describeProducers(places.slice(0, 1))).get('lines-0')
      assert.equal(producers?.length, 1)
    })

    test('what the broker is too old for is told with the version that has it', async () => {
      const isOld = version.startsWith('2.')
      const transactions = kafka.admin.listTransactions()
      if (isOld)
        await assert.rejects(transactions, { name: 'UnsupportedApiError', message: /Apache Kafka has it since 3\.0/ })
      else assert.deepEqual(await transactions, [])
      const quorum = kafka.admin.describeQuorum()
      if (isOld) await assert.rejects(quorum, { name: 'UnsupportedApiError' })
      else assert.equal((await quorum).leader, 1)
    })

    test('a fetch that waits for records holds up neither a seek nor closing', async () => {
      await succeed(kafka.admin.createTopics([{ name: 'sought', partitions: 1 }]))
      await using producer = new Producer({ bootstrapServers: kafka.broker.bootstrap })
      await producer.send([1, 2, 3].map((value) => ({ topic: 'sought', value })))
      const hourMs = 3_600_000
      const options = { topics: 'sought', start: 'earliest', fetchMaxWaitMs: hourMs } as const
      const consumer = new Consumer({ bootstrapServers: kafka.broker.bootstrap, ...options })
      const seen: number[] = []
      const reading = (async () => {
        for await (const { offset } of consumer) seen.push(offset)
      })()
      const isWaiting = (): boolean => {
        const { requestTotal, responseTotal } = consumer.metrics()
        return requestTotal - responseTotal === 1
      }
      await until('three records and a fetch that waits', async () => seen.length === 3 && isWaiting())
      await consumer.seek({ topic: 'sought', partition: 0 }, { offset: 1 })
      await until('the two that were sought', async () => seen.length === 5)
      assert.deepEqual(seen, [0, 1, 2, 1, 2])
      await until('a fetch that waits', async () => isWaiting())
      const startMs = performance.now()
      await consumer.close()
      await reading
      assert.ok(performance.now() - startMs < 30_000)
    })

    async function partitionCount(topic: string): Promise<number> {
      const described = (await kafka.admin.describeTopics([topic])).get(topic)
      return described?.ok === true ? described.value.partitions.length : 0
    }

    async function read(count: number): Promise<number> {
      await using consumer = new Consumer({
        bootstrapServers: kafka.broker.bootstrap,
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
async function succeed(outcomes: Promise<ReadonlyMap<string, { readonly ok: boolean }>>): Promise<void> {
  for (const [name, outcome] of await outcomes) assert.ok(outcome.ok, `${name}: ${JSON.stringify(outcome)}`)
}
