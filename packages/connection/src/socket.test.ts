import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { ConnectionClosedError } from './broker-error.ts'
import { systemClock } from './host-clock.ts'
import { openSocket, type SocketOptions } from './socket.ts'

async function listening(t: TestContext): Promise<SocketOptions> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { host: 'kafka.test', port, connectTimeoutMs: 10_000, clock: systemClock, received: () => {} }
}

test('all addresses of a name are tried, the one that answers is taken', async (t) => {
  const options = await listening(t)
  const lookup = async (host: string): Promise<string[]> => {
    assert.equal(host, 'kafka.test')
    return ['127.0.0.2', '127.0.0.1']
  }
  const socket = await openSocket({ ...options, lookup })
  assert.equal(socket.remoteAddress, '127.0.0.1')
  socket.destroy()
})

test('a name without addresses is an error with the name', async (t) => {
  const options = await listening(t)
  for (const lookup of [async () => [], () => Promise.reject(new Error('ENOTFOUND'))]) {
    await assert.rejects(openSocket({ ...options, lookup }), (error) => {
      assert.ok(error instanceof ConnectionClosedError)
      return error.message.includes(`no address of 'kafka.test': `) && error.address === `kafka.test:${options.port}`
    })
  }
})

test('a resolver that says nothing is not waited for beyond the time-out or the signal', async (t) => {
  const options = await listening(t)
  const lookup = (): Promise<string[]> => new Promise(() => {})
  await assert.rejects(openSocket({ ...options, lookup, connectTimeoutMs: 10 }), /not within 10 ms/)
  const giveUp = new AbortController()
  const opening = openSocket({ ...options, lookup, signal: giveUp.signal })
  giveUp.abort(new Error('given up'))
  await assert.rejects(opening, /given up/)
})
