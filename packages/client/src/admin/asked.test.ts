// What is asked for wrongly is refused here: a broker would do something else, or nothing, and say that it was done.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adminWorld } from '@millrace/testkit/admin-world'
import type { Admin } from './admin.ts'
import { valuesOf } from './outcome.ts'

/** As of who writes JavaScript. */
const anything = (value: unknown): never => value as never
const orders = { topic: 'orders', partition: 0 }
const resource = { type: 'topic', name: 'orders' } as const

const twoWays: Readonly<Record<string, (admin: Admin) => Promise<unknown>>> = {
  'orders is given twice, and not the same': (admin) =>
    admin.createTopics([
      { name: 'orders', partitions: 1 },
      { name: 'orders', partitions: 2 },
    ]),
  'payments is given twice': (admin) =>
    admin.createPartitions([
      { topic: 'payments', total: 2 },
      { topic: 'payments', total: 3 },
    ]),
  'orders-0 is given twice': (admin) =>
    admin.deleteRecords([
      { ...orders, offset: 1 },
      { ...orders, offset: 2 },
    ]),
  'topic:orders is given twice': (admin) =>
    admin.replaceConfigs([
      { resource, configs: { 'retention.ms': '1' } },
      { resource, configs: { 'retention.bytes': '1' } },
    ]),
  'g is given twice': (admin) =>
    admin.fetchOffsets([
      { groupId: 'g', partitions: [orders] },
      { groupId: 'g', partitions: [] },
    ]),
  'share.version is given twice': (admin) =>
    admin.updateFeatures([
      { feature: 'share.version', level: 1 },
      { feature: 'share.version', level: 0, direction: 'safe-downgrade' },
    ]),
  '"user","ann".* is given twice': (admin) =>
    admin.alterClientQuotas([
      { entity: { user: 'ann' }, quotas: { producer_byte_rate: 1 } },
      { entity: { user: 'ann' }, quotas: { consumer_byte_rate: 1 } },
    ]),
}

test('two things for one are refused, for one of them would be lost', async (t) => {
  const { admin } = await adminWorld(t)
  for (const [message, ask] of Object.entries(twoWays)) {
    await assert.rejects(ask(admin), { name: 'RangeError', message: new RegExp(message) })
  }
  const twice = await admin.createTopics([{ name: 'orders' }, { name: 'orders' }])
  assert.equal(valuesOf(twice).size, 1, 'the same thing twice is asked for once')
})

const words: Readonly<Record<string, (admin: Admin) => Promise<unknown>>> = {
  "resourceType is 'topics', expected one of any, topic, group": (admin) =>
    admin.createAcls([anything({ resourceType: 'topics', resourceName: 't', principal: 'User:a', operation: 'read' })]),
  "operation is 'READ', expected one of": (admin) => admin.describeAcls({ operation: anything('READ') }),
  "type is 'topics', expected one of topic, broker": (admin) =>
    admin.describeConfigs(anything({ type: 'topics', name: 'orders' })),
  "operation is 'put', expected one of set, delete": (admin) =>
    admin.alterConfigs([anything({ resource, name: 'retention.ms', operation: 'put', value: '1' })]),
  "type is 'prefered', expected one of preferred, unclean": (admin) => admin.electLeaders(anything('prefered')),
  "at is 'newest', expected one of latest, earliest": (admin) =>
    admin.listOffsets([{ ...orders, at: anything('newest') }]),
  'at is -2, expected a timestamp in whole ms, 0 or more': (admin) => admin.listOffsets([{ ...orders, at: -2 }]),
  "state is 'stable', expected one of PreparingRebalance": (admin) =>
    admin.listGroups({ states: [anything('stable')] }),
  "type is 'shared', expected one of classic, consumer, share, streams": (admin) =>
    admin.listGroups({ types: [anything('shared')] }),
  "mechanism is 'PLAIN', expected one of SCRAM-SHA-256": (admin) =>
    admin.alterUserScramCredentials([{ user: 'ann', mechanism: anything('PLAIN'), password: 'secret' }]),
  "entity is 'client-id', expected one of user, clientId, ip": (admin) =>
    admin.describeClientQuotas({ matches: [{ entity: anything('client-id') }] }),
  "what is asked for is 'orders', expected a list": (admin) => admin.describeTopics(anything('orders')),
  'offset is -5, expected 0 or more': (admin) => admin.commitOffsets('g', [{ ...orders, offset: -5 }]),
  "timeoutMs is '5s', expected 0 or more": (admin) => admin.listTopics({ timeoutMs: anything('5s') }),
  'timeoutMs is NaN, expected 0 or more': (admin) => admin.listTopics({ timeoutMs: NaN }),
}

test('a word that is none is refused with those that are, before a broker is asked', async (t) => {
  const { admin } = await adminWorld(t)
  await admin.createTopics([{ name: 'orders' }])
  for (const [message, ask] of Object.entries(words)) {
    await assert.rejects(ask(admin), (error: Error) => {
      assert.equal(error.name, 'RangeError', String(error))
      assert.ok(error.message.startsWith(message), error.message)
      return true
    })
  }
})

test('a list of nothing asks for nothing, and not for all', async (t) => {
  const { admin } = await adminWorld(t)
  await admin.createTopics([{ name: 'orders' }])
  const nothing = [
    await admin.createTopics([]),
    await admin.describeTopics([]),
    await admin.describeConfigs([]),
    await admin.fetchOffsets([]),
    await admin.describeLogDirs([]),
    await admin.describeUserScramCredentials([]),
    await admin.electLeaders('preferred', []),
    await admin.updateFeatures([]),
  ]
  assert.deepEqual(
    nothing.map(({ size }) => size),
    nothing.map(() => 0),
  )
  assert.deepEqual(await admin.describeConfigs(resource, { names: [] }), [])
})

test('a topic without a name is one that fails among others', async (t) => {
  const { admin } = await adminWorld(t)
  await admin.createTopics([{ name: 'orders' }])
  const described = await admin.describeTopics(['orders', ''])
  const nameless = described.get('')
  assert.deepEqual([described.get('orders')?.ok, nameless?.ok], [true, false])
  assert.ok(nameless?.ok === false && nameless.error.error === 'INVALID_TOPIC_EXCEPTION')
})

test('an error says which of many it is about', async (t) => {
  const { admin } = await adminWorld(t)
  await admin.createTopics([{ name: 'orders' }])
  const deleted = await admin.deleteGroups(['nobody', 'noone'])
  assert.throws(() => valuesOf(deleted), /GROUP_ID_NOT_FOUND: .*DeleteGroups to 127\.0\.0\.1:\d+, nobody/)
  const committed = await admin.commitOffsets('g', [{ topic: 'gone', partition: 3, offset: 1 }])
  assert.throws(() => valuesOf(committed), /UNKNOWN_TOPIC_OR_PARTITION: .*, gone-3\)/)
})
