import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { silentLogger } from '@millrace/kernel'
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
