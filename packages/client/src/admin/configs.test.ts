import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { startBroker } from '@millrace/broker'
import { Admin } from './admin.ts'
import { valuesOf } from './outcome.ts'

const topic = { type: 'topic', name: 'orders' } as const

async function world(t: TestContext): Promise<Admin> {
  const broker = await startBroker({ settings: { 'node.id': 7 } })
  const admin = new Admin({ bootstrapServers: broker.bootstrapServers, retryBackoffMs: 5 })
  t.after(async () => {
    await admin.close()
    await broker.close()
  })
  await admin.createTopics([{ name: 'orders' }])
  return admin
}

test('several resources are described, each by who knows it, with the names and synonyms asked for', async (t) => {
  const admin = await world(t)
  const resources = [
    topic,
    { type: 'broker', name: '7' },
    { type: 'topic', name: 'gone' },
    { type: 'broker', name: '9' },
  ] as const
  const options = { names: ['retention.ms', 'log.retention.ms'], includeSynonyms: true }
  const described = await admin.describeConfigs(resources, options)
  assert.deepEqual(
    [...described].map(([key, outcome]) => [
      key,
      outcome.ok ? outcome.value.map(({ name }) => name) : outcome.error.error,
    ]),
    [
      ['topic:orders', ['retention.ms']],
      ['broker:7', ['log.retention.ms']],
      ['topic:gone', 'UNKNOWN_TOPIC_OR_PARTITION'],
      ['broker:9', 'BROKER_NOT_AVAILABLE'],
    ],
  )
  valuesOf(await admin.alterConfigs([{ resource: topic, name: 'retention.ms', operation: 'set', value: '5000' }]))
  const [retention] = await admin.describeConfigs(topic, options)
  assert.deepEqual([retention?.type, retention?.source, retention?.documentation], ['long', 'topic', null])
  assert.deepEqual(retention?.synonyms, [{ name: 'retention.ms', value: '5000', source: 'topic' }])
  await assert.rejects(admin.describeConfigs({ type: 'broker', name: 'first' }), RangeError)
})

test('changes of one resource happen together, those of others on their own', async (t) => {
  const admin = await world(t)
  const outcomes = await admin.alterConfigs([
    { resource: topic, name: 'retention.ms', operation: 'set', value: '5000' },
    { resource: topic, name: 'segment.ms', operation: 'set', value: 'soon' },
    { resource: { type: 'broker', name: '' }, name: 'log.retention.ms', operation: 'set', value: '7000' },
  ])
  assert.deepEqual(
    [...outcomes].map(([key, { ok }]) => [key, ok]),
    [
      ['topic:orders', false],
      ['broker:', true],
    ],
  )
  const [retention] = await admin.describeConfigs(topic, { names: ['retention.ms'], includeSynonyms: true })
  assert.deepEqual([retention?.value, retention?.source], ['7000', 'dynamic-default-broker'])
})

test('lists grow and shrink, and a replacement takes back what it does not name', async (t) => {
  const admin = await world(t)
  const policy = async () => (await admin.describeConfigs(topic, { names: ['cleanup.policy'] }))[0]
  const change = (operation: 'append' | 'subtract', value: string) =>
    admin.alterConfigs([{ resource: topic, name: 'cleanup.policy', operation, value }])
  valuesOf(await change('append', 'compact'))
  assert.equal((await policy())?.value, 'delete,compact')
  valuesOf(await change('subtract', 'delete'))
  assert.equal((await policy())?.value, 'compact')
  const replacement = { resource: topic, configs: { 'retention.ms': '1' } }
  valuesOf(await admin.replaceConfigs([replacement], { validateOnly: true }))
  assert.equal((await policy())?.value, 'compact')
  valuesOf(await admin.replaceConfigs([replacement]))
  assert.equal((await policy())?.source, 'default')
})

test('levels of loggers are the settings of a resource too', async (t) => {
  const admin = await world(t)
  const resource = { type: 'broker-logger', name: '7' } as const
  const [first] = await admin.describeConfigs(resource)
  assert.ok(first !== undefined)
  valuesOf(await admin.alterConfigs([{ resource, name: first.name, operation: 'set', value: 'ERROR' }]))
  assert.equal((await admin.describeConfigs(resource, { names: [first.name] }))[0]?.value, 'ERROR')
})
