import assert from 'node:assert/strict'
import { test } from 'node:test'

import { BrokerSettings } from './settings.ts'
import { topicConfig, topicSetting } from './topic-config.ts'

const none = new Map<string, string>()

const retentionMs = (texts: Readonly<Record<string, string>>): number =>
  topicConfig(none, new BrokerSettings(new Map(Object.entries(texts)))).log.retentionMs

test('a broker goes by what was set for it, then for all brokers, then at start, then by the default', () => {
  const settings = new BrokerSettings(new Map([['log.retention.bytes', '1']]))
  const bytes = (): number => settings.number('log.retention.bytes')
  assert.equal(bytes(), 1)
  settings.setDynamic({ clusterWide: new Map([['log.retention.bytes', '2']]), perBroker: none })
  assert.equal(bytes(), 2)
  settings.setDynamic({
    clusterWide: new Map([['log.retention.bytes', '2']]),
    perBroker: new Map([['log.retention.bytes', '3']]),
  })
  assert.equal(bytes(), 3)
  settings.setDynamic({ clusterWide: none, perBroker: none })
  assert.equal(bytes(), 1)
})

test('a read-only setting keeps what it had at start, whatever is stored', () => {
  const settings = new BrokerSettings()
  settings.setDynamic({ clusterWide: new Map([['num.partitions', '9']]), perBroker: none })
  assert.equal(settings.number('num.partitions'), 1)
})

test('who listens for changes is told of those that are any', () => {
  const settings = new BrokerSettings()
  let changes = 0
  const stop = settings.onChange(() => {
    changes += 1
  })
  settings.setDynamic({ clusterWide: new Map([['message.max.bytes', '5']]), perBroker: none })
  settings.setDynamic({ clusterWide: new Map([['message.max.bytes', '5']]), perBroker: none })
  assert.equal(changes, 1)
  stop()
  settings.setDynamic({ clusterWide: none, perBroker: none })
  assert.equal(changes, 1)
})

test('a stored value that no longer parses is left out and told of', () => {
  const settings = new BrokerSettings()
  const problems = settings.setDynamic({ clusterWide: new Map([['message.max.bytes', 'x']]), perBroker: none })
  assert.deepEqual(problems, ['Invalid value x for configuration message.max.bytes: Not a number of type INT'])
  assert.equal(settings.number('message.max.bytes'), 1_048_588)
})

test('a topic goes by its own settings, then by those of the broker under their other names', () => {
  const settings = new BrokerSettings(
    new Map([
      ['log.cleanup.policy', 'compact'],
      ['message.max.bytes', '7'],
      ['min.insync.replicas', '2'],
    ]),
  )
  const config = topicConfig(new Map([['max.message.bytes', '9']]), settings)
  assert.deepEqual(config.log.cleanupPolicy, ['compact'])
  assert.equal(config.log.maxMessageBytes, 9)
  assert.equal(topicConfig(none, settings).log.maxMessageBytes, 7)
  assert.equal(config.minInsyncReplicas, 2)
  assert.equal(config.uncleanLeaderElection, false)
})

test('the level of a topic is that of its own compression; one that keeps what comes has none', () => {
  const settings = new BrokerSettings(new Map([['compression.zstd.level', '7']]))
  const level = (texts: Record<string, string>) =>
    topicConfig(new Map(Object.entries(texts)), settings).log.compressionLevel
  assert.equal(level({ 'compression.type': 'zstd' }), 7)
  assert.equal(level({ 'compression.type': 'zstd', 'compression.zstd.level': '19' }), 19)
  assert.equal(level({ 'compression.type': 'gzip' }), -1)
  assert.equal(level({ 'compression.type': 'lz4', 'compression.gzip.level': '1' }), 9)
  assert.equal(level({ 'compression.type': 'snappy' }), undefined)
  assert.equal(level({}), undefined)
})

test('the finest unit that is set decides, and a negative retention is none', () => {
  assert.equal(retentionMs({}), 604_800_000)
  assert.equal(retentionMs({ 'log.retention.hours': '2' }), 7_200_000)
  assert.equal(retentionMs({ 'log.retention.hours': '2', 'log.retention.minutes': '3' }), 180_000)
  assert.equal(retentionMs({ 'log.retention.minutes': '3', 'log.retention.ms': '5' }), 5)
  assert.equal(retentionMs({ 'log.retention.hours': '-1' }), -1)
})

test('a setting without a bound keeps its text of 2^63-1', () => {
  assert.equal(topicSetting('flush.ms', none, new BrokerSettings()).text, '9223372036854775807')
})
