import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { type MovableClock, movableClock } from '@millrace/kernel'
import { heartbeatApi, metadataApi } from '@millrace/protocol'
import { FakeBroker } from '@millrace/testkit/fake-broker'
import { until } from '@millrace/testkit/until'
import { Connection } from './connection.ts'

const heartbeat = { groupId: 'g', generationId: 1, memberId: 'm' }
const throttleTimeMs = 10_000
const requestTimeoutMs = 30_000

/** A connection to a broker that answers each heartbeat with a throttle time, and nothing else; its clock stands still. */
async function throttling(
  t: TestContext,
  answeredMs = throttleTimeMs,
): Promise<[Connection, FakeBroker, MovableClock]> {
  const host = { wallMs: () => 0, monotonicMs: () => 0, after: () => () => {} }
  const clock = movableClock(host, (error) => assert.ifError(error))
  const broker = await FakeBroker.start(t)
  broker.answer(heartbeatApi, () => ({ errorCode: 0, throttleTimeMs: answeredMs }))
  broker.act(metadataApi, () => {})
  const connection = await Connection.connect({ host: broker.host, port: broker.port, requestTimeoutMs, clock })
  t.after(() => connection.close())
  return [connection, broker, clock]
}

test('after an answer with a throttle time nothing is sent until that is over (KIP-219)', async (t) => {
  const [connection, broker, clock] = await throttling(t)
  await connection.request(heartbeatApi, heartbeat)
  const requests = [1, 2].map(() => connection.request(heartbeatApi, heartbeat))
  await clock.advance(throttleTimeMs - 1)
  for (let i = 0; i < 20; i += 1) await turn()
  assert.equal(broker.count(heartbeatApi), 1)
  await clock.advance(1)
  assert.equal((await Promise.all(requests)).length, 2)
})

test('what is on its way to a broker that throttles, and what waits, has so much more time', async (t) => {
  const [connection, broker, clock] = await throttling(t)
  const late: string[] = []
  const ask = (name: string): void =>
    void connection.request(metadataApi, { topics: [] }).catch((error: Error) => late.push(`${name}: ${error.name}`))
  const answered = connection.request(heartbeatApi, heartbeat)
  ask('on its way')
  await answered
  ask('waiting')
  await clock.advance(throttleTimeMs)
  await until('both are asked', () => broker.count(metadataApi) === 2)
  await clock.advance(requestTimeoutMs - 1)
  assert.deepEqual(late, [])
  await clock.advance(1)
  await until('their time is up', () => late.length === 2)
  assert.deepEqual(late, ['on its way: RequestTimeoutError', 'waiting: RequestTimeoutError'])
})

test('of throttle times that overlap each is waited out once', async (t) => {
  const [connection, , clock] = await throttling(t)
  const answered = [1, 2, 3].map(() => connection.request(heartbeatApi, heartbeat))
  let late = 0
  void connection.request(metadataApi, { topics: [] }).catch(() => (late += 1))
  await Promise.all(answered)
  await clock.advance(throttleTimeMs + requestTimeoutMs - 1)
  assert.equal(late, 0)
  await clock.advance(1)
  await until('its time is up', () => late === 1)
})

test('a broker that asks for days is asked again after a minute', async (t) => {
  const [connection, broker, clock] = await throttling(t, 0x7fff_ffff)
  await connection.request(heartbeatApi, heartbeat)
  const again = connection.request(heartbeatApi, heartbeat)
  await clock.advance(59_999)
  for (let i = 0; i < 20; i += 1) await turn()
  assert.equal(broker.count(heartbeatApi), 1)
  await clock.advance(1)
  await again
})
