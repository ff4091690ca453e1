import assert from 'node:assert/strict'
import { tracingChannel } from 'node:diagnostics_channel'
import { test, type TestContext } from 'node:test'
import type { RequestContext } from '@millrace/connection'
import { heartbeatApi, metadataApi } from '@millrace/protocol'
import { FakeBroker } from '@millrace/testkit/fake-broker'
import { Cluster } from './cluster.ts'

async function world(t: TestContext) {
  const broker = await FakeBroker.start(t)
  const brokers = [{ nodeId: 1, host: broker.host, port: broker.port }]
  broker.answer(metadataApi, () => ({ brokers, clusterId: 'c', topics: [] }))
  const cluster = new Cluster({ bootstrapServers: broker.bootstrapServers, clientId: 'me', retryBackoffMs: 1 })
  t.after(() => cluster.close())
  return { broker, cluster }
}

test('metrics count what went over the connections, in all and by broker', async (t) => {
  const { broker, cluster } = await world(t)
  assert.deepEqual([cluster.metrics().requestTotal, cluster.metrics().metadataAge], [0, -1])
  await cluster.refresh()
  await cluster.refresh()
  const metrics = cluster.metrics()
  assert.deepEqual([metrics.requestTotal, metrics.responseTotal], [3, 3])
  assert.deepEqual([metrics.connectionCount, metrics.connectionCreationTotal], [1, 1])
  assert.ok(metrics.outgoingByteTotal > 0 && metrics.incomingByteTotal > 0)
  assert.ok(metrics.requestLatencyAvg > 0 && metrics.requestLatencyAvg <= metrics.requestLatencyMax)
  assert.ok(metrics.metadataAge >= 0)
  assert.deepEqual(Object.keys(metrics.nodes), [broker.bootstrapServers])
  assert.equal(metrics.nodes[broker.bootstrapServers]?.requestTotal, 3)
  cluster.close()
  await Promise.resolve()
  const after = cluster.metrics()
  assert.deepEqual([after.connectionCount, after.connectionCloseTotal], [0, 1])
})

test('metrics say how long a broker throttles', async (t) => {
  const { broker, cluster } = await world(t)
  broker.answer(heartbeatApi, () => ({ errorCode: 0, throttleTimeMs: 3 }))
  const connection = await cluster.anyConnection()
  for (const generationId of [1, 2])
    await connection.request(heartbeatApi, { groupId: 'g', generationId, memberId: 'm' })
  // Two of three answers: one was about versions.
  const { throttleTimeAvg, throttleTimeMax, nodes } = cluster.metrics()
  assert.deepEqual([throttleTimeAvg, throttleTimeMax], [2, 3])
  assert.equal(nodes[broker.bootstrapServers]?.throttleTimeMax, 3)
})

test('who subscribes to diagnostics channels is told of connections and requests, and of how they end', async (t) => {
  const { broker, cluster } = await world(t)
  const told: string[] = []
  const say = (what: string) => (context: object) => {
    const { address, clientId, ...more } = context as RequestContext
    told.push([what, 'api' in more ? more.api : '', address === broker.bootstrapServers, clientId].join(' '))
  }
  for (const name of ['connect', 'request']) {
    const channel = tracingChannel(`millrace.${name}`)
    const handlers = { start: say(`${name} start`), asyncEnd: say(`${name} end`), error: say(`${name} error`) }
    channel.subscribe(handlers)
    t.after(() => channel.unsubscribe(handlers))
  }
  const connection = await cluster.anyConnection()
  await cluster.refresh()
  broker.act(heartbeatApi, (_frame, socket) => socket.destroy())
  connection.close()
  await assert.rejects(connection.request(metadataApi, { topics: [] }))
  assert.deepEqual(told, [
    'connect start  true me',
    'connect end  true me',
    'request start Metadata true me',
    'request end Metadata true me',
    'request start Metadata true me',
    'request error Metadata true me',
    'request end Metadata true me',
  ])
})
