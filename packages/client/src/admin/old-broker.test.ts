// A broker that knows no more than Apache Kafka 2.8 does.
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { ApiName, Broker } from '@millrace/broker'
import { startBroker } from '@millrace/broker'
import { Admin } from './admin.ts'
import { valuesOf } from './outcome.ts'

/** The newest versions of Apache Kafka 2.8.2, by API key; what isn't here it doesn't have. */
const newest: Readonly<Record<number, number>> = {
  0: 9,
  1: 12,
  2: 6,
  3: 11,
  8: 8,
  9: 7,
  10: 3,
  11: 7,
  12: 4,
  13: 4,
  14: 5,
  15: 5,
  16: 4,
  18: 3,
  19: 7,
  20: 6,
  21: 2,
  22: 4,
  32: 4,
  33: 2,
  34: 2,
  35: 2,
  37: 3,
  42: 2,
  44: 1,
  47: 0,
  60: 0,
  61: 0,
}

async function world(t: TestContext): Promise<{ broker: Broker; admin: Admin }> {
  const broker = await startBroker()
  broker.intercept('ApiVersions', async (_request, next) => {
    const answer = await next()
    const apiKeys = answer.apiKeys.flatMap(({ apiKey, minVersion, maxVersion }) => {
      const max = newest[apiKey]
      return max === undefined ? [] : [{ apiKey, minVersion, maxVersion: Math.min(maxVersion, max) }]
    })
    return { ...answer, apiKeys }
  })
  const admin = new Admin({ bootstrapServers: broker.bootstrapServers, retryBackoffMs: 5 })
  t.after(async () => {
    await admin.close()
    await broker.close()
  })
  return { broker, admin }
}

function versionsOf(broker: Broker, api: ApiName): number[] {
  const versions: number[] = []
  broker.intercept(api, (request, next) => {
    versions.push(request.apiVersion)
    return next()
  })
  return versions
}

test('topics are described by Metadata, which has no pages', async (t) => {
  const { admin, broker } = await world(t)
  const versions = versionsOf(broker, 'Metadata')
  valuesOf(await admin.createTopics([{ name: 'orders', partitions: 2 }]))
  const orders = valuesOf(await admin.describeTopics(['orders'], { includeAuthorizedOperations: true })).get('orders')
  assert.ok(orders !== undefined && orders.authorizedOperations?.includes('alter-configs') === true)
  assert.deepEqual([orders.partitions.length, orders.partitions[0]?.eligibleLeaders], [2, null])
  assert.ok(versions.every((version) => version === 11))
  valuesOf(await admin.deleteTopics([{ topicId: orders.topicId }]))
  assert.deepEqual(await admin.listTopics(), [])
})

test('coordinators and offsets are asked for group by group', async (t) => {
  const { admin, broker } = await world(t)
  await admin.createTopics([{ name: 'orders', partitions: 1 }])
  const [searches, fetches] = [versionsOf(broker, 'FindCoordinator'), versionsOf(broker, 'OffsetFetch')]
  for (const id of ['a', 'b']) {
    valuesOf(await admin.commitOffsets(id, [{ topic: 'orders', partition: 0, offset: 1, metadata: id }]))
  }
  searches.length = 0
  const both = await admin.fetchOffsets([{ groupId: 'a' }, { groupId: 'b' }], { requireStable: true })
  assert.deepEqual(
    [...valuesOf(both)].map(([id, [offset]]) => [id, offset?.metadata]),
    [
      ['a', 'a'],
      ['b', 'b'],
    ],
  )
  assert.deepEqual(
    [searches, fetches],
    [
      [3, 3],
      [7, 7],
    ],
  )
  const groups = await admin.listGroups({ states: ['Empty'] })
  assert.deepEqual(
    groups.map(({ groupId, type }) => [groupId, type]),
    [
      ['a', 'classic'],
      ['b', 'classic'],
    ],
  )
  const described = valuesOf(await admin.describeGroups(['a'])).get('a')
  assert.equal(described?.type, 'classic')
})

test('what the broker is too old for says which API, what it has, and who has more', async (t) => {
  const { admin } = await world(t)
  const unsupported = async (call: Promise<unknown>, message: RegExp): Promise<void> => {
    await assert.rejects(call, (error: Error & { error?: string }) => {
      assert.equal(error.error, 'UNSUPPORTED_VERSION')
      assert.match(error.message, message)
      return true
    })
  }
  await admin.createTopics([{ name: 'orders' }])
  await unsupported(admin.describeQuorum(), /doesn't have DescribeQuorum: Apache Kafka has it since 3\.3/)
  await unsupported(
    admin.listOffsets([{ topic: 'orders', partition: 0, at: 'max-timestamp' }]),
    /takes ListOffsets \d-6, this needs one of 7-11: Apache Kafka has it since 3\.0/,
  )
  await unsupported(admin.listGroups({ types: ['share'] }), /takes ListGroups 0-4, .* since 3\.8/)
  await unsupported(admin.describeTopics([{ topicId: 'u8YtHN3bQ0CtvIUXsFKZ7g' }]), /Metadata 0-11, .* since 3\.1/)
  await unsupported(admin.describeGroups(['g'], { types: ['streams'] }), /StreamsGroupDescribe.* since 4\.2/)
  await unsupported(admin.listConfigResources(['client-metrics']), /ListConfigResources.* since 3\.7/)
  await unsupported(admin.describeCluster({ includeFencedBrokers: true }), /DescribeCluster 0-0, .* since 4\.0/)
})

test('the cluster is described without DescribeCluster', async (t) => {
  const { admin, broker } = await world(t)
  broker.intercept('ApiVersions', async (_request, next) => {
    const answer = await next()
    return { ...answer, apiKeys: answer.apiKeys.filter(({ apiKey }) => apiKey !== 60) }
  })
  const { clusterId, nodes, authorizedOperations } = await admin.describeCluster()
  assert.deepEqual([clusterId, nodes.length, authorizedOperations], [broker.clusterId, 1, null])
})
