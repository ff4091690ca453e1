import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Connection } from '@millrace/connection'
import { movableClock, type MovableClock, silentLogger } from '@millrace/kernel'
import { KafkaError, metadataApi } from '@millrace/protocol'
import { until } from '@millrace/testkit/until'
import { FakeBroker } from '@millrace/testkit/fake-broker'
import type { ClientOptions } from '../client-options.ts'
import { Cluster } from './cluster.ts'
import { Metadata } from './metadata.ts'
import { settingsOf } from './settings.ts'

const topicOf = (name: string | null) => ({
  errorCode: 0,
  name,
  topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
  partitions: [{ errorCode: 0, partitionIndex: 0, leaderId: 1, leaderEpoch: 1, replicaNodes: [1], isrNodes: [1] }],
})

/** Answers metadata with the topics asked for, all led by broker 1, which is `leader`. */
function serveMetadata(broker: FakeBroker, leader: FakeBroker = broker): string[][] {
  const asked: string[][] = []
  broker.answer(metadataApi, ({ topics }) => {
    asked.push((topics ?? []).map(({ name }) => String(name)))
    const brokers = [{ nodeId: 1, host: leader.host, port: leader.port }]
    return { brokers, clusterId: 'c', controllerId: 1, topics: (topics ?? []).map(({ name }) => topicOf(name)) }
  })
  return asked
}

const at = ({ bootstrapServers }: FakeBroker): ClientOptions => ({ bootstrapServers })

function clusterAt(t: TestContext, options: ClientOptions): Cluster {
  const cluster = new Cluster({ retryBackoffMs: 10, reconnectBackoffMs: 10, ...options })
  t.after(() => cluster.close())
  return cluster
}

test('a thousand topics that are wanted at once cost one request, and none once they are known', async (t) => {
  const broker = await FakeBroker.start(t)
  const asked = serveMetadata(broker)
  const cluster = clusterAt(t, at(broker))
  const names = Array.from({ length: 1_000 }, (_, i) => `t${i}`)
  for (let round = 0; round < 3; round += 1) await Promise.all(names.map((name) => cluster.topic(name)))
  assert.deepEqual(asked, [names])
})

test('what is asked for while a request is out goes with the next, which is one', async (t) => {
  const broker = await FakeBroker.start(t)
  const asked = serveMetadata(broker)
  const cluster = clusterAt(t, at(broker))
  const first = cluster.topic('a')
  await Promise.resolve()
  await Promise.resolve()
  await Promise.all([first, cluster.topic('a'), cluster.topic('b'), cluster.topic('c'), cluster.topic('b')])
  assert.deepEqual(asked, [['a'], ['b', 'c']])
})

test('one topic that moved is asked for alone, by however many notice', async (t) => {
  const broker = await FakeBroker.start(t)
  const asked = serveMetadata(broker)
  const cluster = clusterAt(t, at(broker))
  await Promise.all([cluster.topic('a'), cluster.topic('b')])
  for (let i = 0; i < 5; i += 1) cluster.invalidate('b')
  await Promise.all([1, 2, 3].map(() => cluster.topic('b')))
  assert.deepEqual(asked, [['a', 'b'], ['b']])
})

test('after metadata.max.age all topics in use are asked for once, and a forgotten one never', async (t) => {
  const broker = await FakeBroker.start(t)
  const asked = serveMetadata(broker)
  const clock = movableClock({ wallMs: () => 0, monotonicMs: () => 0, after: () => () => {} }, assert.ifError)
  const settings = { ...settingsOf(at(broker)), clock }
  const connection = await Connection.connect({ host: broker.host, port: broker.port })
  t.after(() => connection.close())
  const metadata = new Metadata(settings, async () => connection, new AbortController().signal)
  await metadata.refresh(['a', 'b', 'gone'])
  metadata.forget('gone')
  metadata.refreshWhenOld()
  await clock.advance(299_999)
  metadata.refreshWhenOld()
  assert.equal(asked.length, 1)
  await clock.advance(1)
  for (let i = 0; i < 100; i += 1) metadata.refreshWhenOld()
  await metadata.refresh([])
  metadata.refreshWhenOld()
  assert.deepEqual(asked.slice(1), [['a', 'b']])
})

test('of a list of bootstrap servers one that answers is enough', async (t) => {
  const broker = await FakeBroker.start(t)
  serveMetadata(broker)
  const servers = ['127.0.0.1:1', broker.bootstrapServers, '127.0.0.1:2']
  for (let i = 0; i < 5; i += 1) {
    const cluster = clusterAt(t, { bootstrapServers: servers })
    assert.equal((await cluster.topic('a')).name, 'a')
  }
})

async function moved(
  t: TestContext,
  options: Partial<ClientOptions>,
): Promise<{ cluster: Cluster; start: FakeBroker }> {
  const [start, gone] = [await FakeBroker.start(t), await FakeBroker.start(t)]
  serveMetadata(start, gone)
  const cluster = clusterAt(t, { bootstrapServers: start.bootstrapServers, ...options })
  await cluster.topic('a')
  await Promise.all([start.stop(), gone.stop()])
  await start.listen()
  cluster.invalidate('a')
  return { cluster, start }
}

test('when no known broker answers, the bootstrap servers are asked again (KIP-899)', async (t) => {
  const { cluster } = await moved(t, {})
  assert.equal((await cluster.topic('a')).name, 'a')
})

test('or are not, with metadata.recovery.strategy none', async (t) => {
  const { cluster, start } = await moved(t, { metadataRecoveryStrategy: 'none' })
  const before = start.count(metadataApi)
  await assert.rejects(cluster.topic('a', { timeoutMs: 300 }), /REQUEST_TIMED_OUT|NETWORK_EXCEPTION/)
  assert.equal(start.count(metadataApi), before)
})

test('a broker that sends clients away is left for the bootstrap servers (KIP-1102)', async (t) => {
  const [start, other] = [await FakeBroker.start(t), await FakeBroker.start(t)]
  serveMetadata(start, other)
  other.answer(metadataApi, () => ({ brokers: [], clusterId: null, topics: [], errorCode: 129 }))
  const cluster = clusterAt(t, { bootstrapServers: start.bootstrapServers })
  await cluster.topic('a')
  await cluster.connection(1, 'main')
  start.cut()
  await start.stop()
  cluster.invalidate('a')
  const asked = cluster.topic('a')
  await until('the broker has sent it away', () => other.count(metadataApi) > 0)
  await start.listen()
  assert.equal((await asked).name, 'a')
})

test('a broker that just started and knows nobody is asked again', async (t) => {
  const broker = await FakeBroker.start(t)
  const answers: { nodeId: number; host: string; port: number }[][] = [[], []]
  broker.answer(metadataApi, ({ topics }) => {
    const brokers = answers.shift() ?? [{ nodeId: 1, host: broker.host, port: broker.port }]
    return { brokers, clusterId: 'c', topics: (topics ?? []).map(({ name }) => topicOf(name)) }
  })
  assert.equal((await clusterAt(t, at(broker)).topic('a')).name, 'a')
  assert.equal(broker.count(metadataApi), 3)
})

test('a call ends in its time although a broker takes the question and never answers', async (t) => {
  const broker = await FakeBroker.start(t)
  broker.act(metadataApi, () => {})
  const cluster = clusterAt(t, { ...at(broker), defaultApiTimeoutMs: 200 })
  await assert.rejects(cluster.refresh(), { name: 'TimeoutError', error: 'REQUEST_TIMED_OUT' })
})

test('when metadata could not be had for the trigger time, known brokers are forgotten (KIP-1102)', async (t) => {
  const broker = await FakeBroker.start(t)
  serveMetadata(broker)
  const clock = movableClock({ wallMs: () => 0, monotonicMs: () => 0, after: () => () => {} }, assert.ifError)
  const logged: string[] = []
  const logger = { ...silentLogger, info: (message: string) => void logged.push(message) }
  const settings = { ...settingsOf({ ...at(broker), logger }), clock, rebootstrapTriggerMs: 10_000 }
  const connection = await Connection.connect({ host: broker.host, port: broker.port })
  t.after(() => connection.close())
  let down = false
  const connect = async (): Promise<Connection> =>
    down ? Promise.reject(new KafkaError('NETWORK_EXCEPTION', 'down')) : connection
  const metadata = new Metadata(settings, connect, new AbortController().signal)
  await metadata.refresh(['a'])
  down = true
  const failing = metadata.refresh(['a']).then(
    () => assert.fail('refreshed'),
    (error: KafkaError) => error.error,
  )
  for (let second = 0; second < 9; second += 1) await passes(clock)
  assert.equal(metadata.image.brokers.size, 1)
  for (let second = 0; second < 60; second += 1) await passes(clock)
  assert.equal(await failing, 'NETWORK_EXCEPTION')
  assert.equal(metadata.image.brokers.size, 0)
  assert.equal(metadata.image.topics.size, 1)
  assert.ok(logged.includes('starting anew from bootstrapServers'))
})

async function passes(clock: MovableClock): Promise<void> {
  await clock.advance(1_000)
  await new Promise((resolve) => setImmediate(resolve))
}
