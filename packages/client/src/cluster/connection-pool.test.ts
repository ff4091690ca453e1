import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { test, type TestContext } from 'node:test'
import { movableClock, silentLogger } from '@millrace/kernel'
import { heartbeatApi } from '@millrace/protocol'
import { FakeBroker, reply } from '@millrace/testkit/fake-broker'
import { ClientClosedError } from '../errors/client-errors.ts'
import { ConnectionPool } from './connection-pool.ts'
import { settingsOf } from './settings.ts'

function world(port: number) {
  const logged: string[] = []
  const logger = { ...silentLogger, debug: (message: string) => void logged.push(message) }
  const pool = new ConnectionPool(settingsOf({ bootstrapServers: `127.0.0.1:${port}`, logger }))
  return { pool, logged, address: { host: '127.0.0.1', port } }
}

test('a connection that is not made when the pool closes is told to who asked and to the logger', async (t) => {
  // Takes connections, and says nothing.
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { pool, logged, address } = world((server.address() as AddressInfo).port)
  const asked = pool.get(address, 'main')
  await once(server, 'connection')
  pool.close()
  await assert.rejects(asked, ClientClosedError)
  assert.deepEqual(logged, ['a connection was not made'])
})

test('who gave up waiting leaves a connection that fails to the logger', async () => {
  const { pool, logged, address } = world(1)
  const giveUp = new AbortController()
  const asked = pool.get(address, 'main', giveUp.signal)
  giveUp.abort(new Error('given up'))
  await assert.rejects(asked, /given up/)
  const again = pool.get(address, 'main')
  await assert.rejects(again, /ECONNREFUSED/)
  assert.deepEqual(logged, ['a connection was not made'])
})

const heartbeat = { groupId: 'g', generationId: 1, memberId: 'm' }

async function idleWorld(t: TestContext) {
  const broker = await FakeBroker.start(t)
  const clock = movableClock({ wallMs: () => 0, monotonicMs: () => 0, after: () => () => {} }, assert.ifError)
  const pool = new ConnectionPool({ ...settingsOf({ bootstrapServers: broker.bootstrapServers }), clock })
  t.after(() => pool.close())
  return { broker, clock, pool, address: { host: broker.host, port: broker.port } }
}

test('a connection that is idle for connections.max.idle.ms is closed, and made anew at once when it is wanted', async (t) => {
  const { broker, clock, pool, address } = await idleWorld(t)
  broker.answer(heartbeatApi, () => ({ errorCode: 0 }))
  const [main, group] = [await pool.get(address, 'main'), await pool.get(address, 'group')]
  await clock.advance(300_000)
  await group.request(heartbeatApi, heartbeat)
  await clock.advance(240_000)
  assert.deepEqual([main.closed, group.closed], [true, false])
  assert.equal(pool.distance(address).waitMs, 0)
  const again = await pool.get(address, 'main')
  assert.notEqual(again, main)
  assert.equal((await again.request(heartbeatApi, heartbeat)).errorCode, 0)
  await clock.advance(539_999)
  assert.equal(again.closed, false)
})

test('a connection that waits for an answer is not idle, however long that takes', async (t) => {
  const { broker, clock, pool, address } = await idleWorld(t)
  const asked = Promise.withResolvers<() => void>()
  broker.act(heartbeatApi, (frame, socket) => asked.resolve(() => reply(socket, heartbeatApi, frame, { errorCode: 0 })))
  const connection = await pool.get(address, 'group')
  const answered = connection.request(heartbeatApi, heartbeat, { timeoutMs: 10_000_000 })
  const answer = await asked.promise
  await clock.advance(600_000)
  answer()
  assert.equal((await answered).errorCode, 0)
})

test('a broker that closes connections is left alone for a moment', async (t) => {
  const { broker, pool, address } = await idleWorld(t)
  const connection = await pool.get(address, 'main')
  const closed = new Promise((resolve) => connection.onClose(resolve))
  broker.cut()
  await closed
  const { open, waitMs } = pool.distance(address)
  assert.equal(open, false)
  assert.ok(waitMs > 0 && waitMs <= 60, String(waitMs))
})
