import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { ConfigEntry, DescribeWish } from './describe.ts'
import { configSource, describeBroker, describeClusterWide, describeGroup, describeTopic } from './describe.ts'
import { BrokerSettings } from './settings.ts'

const wish = (...names: readonly string[]): DescribeWish => ({
  names: new Set(names),
  synonyms: true,
  documentation: false,
})
const only = (entries: readonly ConfigEntry[]): ConfigEntry => {
  assert.equal(entries.length, 1)
  const [entry] = entries
  assert.ok(entry)
  return entry
}
const none = new Map<string, string>()

test('a topic setting tells where its value comes from and what it stands in front of', () => {
  const settings = new BrokerSettings(new Map([['log.segment.bytes', '2000000']]))
  settings.setDynamic({ clusterWide: new Map([['log.segment.bytes', '3000000']]), perBroker: none })
  const entry = only(describeTopic(new Map([['segment.bytes', '4000000']]), settings, wish('segment.bytes')))
  assert.equal(entry.value, '4000000')
  assert.equal(entry.configSource, configSource.TOPIC)
  assert.deepEqual(entry.synonyms, [
    { name: 'segment.bytes', value: '4000000', source: configSource.TOPIC },
    { name: 'log.segment.bytes', value: '3000000', source: configSource.DYNAMIC_DEFAULT_BROKER },
    { name: 'log.segment.bytes', value: '2000000', source: configSource.STATIC_BROKER },
    { name: 'log.segment.bytes', value: '1073741824', source: configSource.DEFAULT },
  ])
})

test('retention in hours by default has no synonym, as in Kafka', () => {
  const entry = only(describeTopic(none, new BrokerSettings(), wish('retention.ms')))
  assert.deepEqual([entry.value, entry.configSource, entry.synonyms], ['604800000', configSource.DEFAULT, []])
})

test('a broker setting says whether it can change at run time', () => {
  const settings = new BrokerSettings()
  assert.equal(only(describeBroker(settings, wish('num.partitions'))).readOnly, true)
  assert.equal(only(describeBroker(settings, wish('message.max.bytes'))).readOnly, false)
})

test('a secret is marked and its value is never told, nor is that of a name nobody knows', () => {
  const settings = new BrokerSettings(
    new Map([
      ['ssl.key.password', 'hunter2'],
      ['listener.name.external.ssl.key.password', 'hunter2'],
      ['super.users', 'User:hunter2'],
    ]),
  )
  const entries = describeBroker(settings, { names: null, synonyms: true, documentation: true })
  assert.ok(!JSON.stringify(entries).includes('hunter2'))
  assert.equal(entries.find(({ name }) => name === 'ssl.key.password')?.isSensitive, true)
  assert.ok(entries.some(({ name }) => name === 'listener.name.external.ssl.key.password'))
})

test('what is set for all brokers is described alone', () => {
  const settings = new BrokerSettings()
  settings.setDynamic({ clusterWide: new Map([['message.max.bytes', '7']]), perBroker: none })
  const entry = only(describeClusterWide(settings, { names: null, synonyms: false, documentation: false }))
  assert.deepEqual([entry.name, entry.value, entry.configSource], ['message.max.bytes', '7', 3])
})

test('a group setting comes from the group, else from the broker', () => {
  const name = 'consumer.session.timeout.ms'
  const settings = new BrokerSettings(new Map([['group.consumer.session.timeout.ms', '50000']]))
  assert.equal(only(describeGroup(none, settings, wish(name))).value, '50000')
  const own = only(describeGroup(new Map([[name, '55000']]), settings, wish(name)))
  assert.deepEqual([own.value, own.configSource], ['55000', configSource.GROUP])
})

test('no names, or an empty list of them, is all of them', () => {
  const settings = new BrokerSettings()
  const all = describeTopic(none, settings, { names: null, synonyms: false, documentation: false })
  assert.equal(all.length, 33)
  assert.equal(describeTopic(none, settings, wish()).length, 33)
})
