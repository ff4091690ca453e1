import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { systemClock } from '@millrace/connection'
import { movableClock } from '@millrace/kernel'
import { until } from '../until.ts'
import { TcpProxy } from './tcp-proxy.ts'

/** A server that sends back what it gets, a proxy before it, and a client that keeps what comes. */
async function world(t: TestContext) {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.pipe(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = { ...systemClock, after: (delayMs: number, work: () => void) => cancelOf(setTimeout(work, delayMs)) }
  const clock = movableClock(host, (error) => assert.fail(String(error)))
  clock.freeze()
  const proxy = await TcpProxy.listen(clock)
  proxy.target = (server.address() as AddressInfo).port
  t.after(async () => {
    await proxy.close()
    server.close()
  })
  return { proxy, clock, server }
}

const cancelOf = (timer: NodeJS.Timeout) => () => clearTimeout(timer)

class Talker {
  readonly socket: Socket
  heard = ''
  ended = false
  error: string | undefined

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (bytes) => (this.heard += bytes.toString()))
    socket.on('end', () => (this.ended = true))
    socket.on('error', (error: NodeJS.ErrnoException) => (this.error = error.code))
  }

  static async to(proxy: TcpProxy, t: TestContext): Promise<Talker> {
    const socket = connect(proxy.port, '127.0.0.1')
    t.after(() => socket.destroy())
    const talker = new Talker(socket)
    await once(socket, 'connect')
    return talker
  }

  hears(text: string): Promise<void> {
    return until(`to hear ${text}`, () => this.heard === text)
  }

  closed(): Promise<void> {
    return until('the end', () => this.socket.destroyed)
  }
}

test('what nobody disturbs passes both ways', async (t) => {
  const { proxy } = await world(t)
  const talker = await Talker.to(proxy, t)
  talker.socket.end('hello')
  await talker.hears('hello')
  await talker.closed()
  assert.deepEqual([talker.ended, talker.error], [true, undefined])
  await until('the proxy to forget the connection', () => proxy.connections === 0)
})

test('what is delayed arrives when its time has passed, in order', async (t) => {
  const { proxy, clock } = await world(t)
  const talker = await Talker.to(proxy, t)
  proxy.disturb('toClient', { delayMs: 1_000 })
  talker.socket.write('one')
  await until('the first to be held', () => proxy.heldBytes === 3)
  await clock.advance(600)
  talker.socket.write('two')
  await until('the second to be held', () => proxy.heldBytes === 6)
  await clock.advance(399)
  assert.equal(proxy.heldBytes, 6)
  await clock.advance(1)
  await talker.hears('one')
  assert.equal(proxy.heldBytes, 3)
  await clock.advance(600)
  await talker.hears('onetwo')
})

test('healing lets go at once of what was held back', async (t) => {
  const { proxy } = await world(t)
  const talker = await Talker.to(proxy, t)
  proxy.disturb('both', { delayMs: 60_000 })
  talker.socket.write('held back')
  await until('it to be held', () => proxy.heldBytes === 9)
  proxy.heal()
  await talker.hears('held back')
})

test('what trickles comes in pieces', async (t) => {
  const { proxy, clock } = await world(t)
  const talker = await Talker.to(proxy, t)
  proxy.disturb('toClient', { trickle: { bytes: 2, everyMs: 100 } })
  talker.socket.write('abcdef')
  await talker.hears('ab')
  await clock.advance(100)
  await talker.hears('abcd')
  await clock.advance(100)
  await talker.hears('abcdef')
})

test('what is swallowed never arrives, and nothing after it in that connection; a new one works', async (t) => {
  const { proxy } = await world(t)
  const talker = await Talker.to(proxy, t)
  talker.socket.write('a')
  await talker.hears('a')
  proxy.disturb('toClient', { swallow: true })
  talker.socket.write('b')
  await until('it to be swallowed', () => proxy.lostBytes === 1)
  proxy.heal()
  talker.socket.write('c')
  await until('what follows to be swallowed', () => proxy.lostBytes === 2)
  const other = await Talker.to(proxy, t)
  other.socket.write('new')
  await other.hears('new')
  assert.deepEqual([talker.heard, talker.socket.destroyed], ['a', false])
})

test('a cut ends the connection in good order, a reset with an error', async (t) => {
  const { proxy } = await world(t)
  const cut = await Talker.to(proxy, t)
  await until('the first', () => proxy.connections === 1)
  proxy.cut()
  await cut.closed()
  assert.deepEqual([cut.ended, cut.error], [true, undefined])
  const reset = await Talker.to(proxy, t)
  await until('the second', () => proxy.accepted === 2)
  proxy.reset()
  await reset.closed()
  assert.equal(reset.error, 'ECONNRESET')
})

test('a reset after some bytes comes in the midst of what is said', async (t) => {
  const { proxy } = await world(t)
  const talker = await Talker.to(proxy, t)
  await until('the connection', () => proxy.accepted === 1)
  talker.socket.write('a')
  await talker.hears('a')
  proxy.disturb('toServer', { resetAfterBytes: 3 })
  talker.socket.write('bcdef')
  await talker.closed()
  assert.equal(talker.error, 'ECONNRESET')
})

test('who is refused is reset, until it is healed; so is who comes before the target is known', async (t) => {
  const { proxy } = await world(t)
  const { target } = proxy
  proxy.refuse()
  await isReset(proxy)
  proxy.heal()
  proxy.target = undefined
  await isReset(proxy)
  proxy.target = target
  const welcome = await Talker.to(proxy, t)
  welcome.socket.write('hello')
  await welcome.hears('hello')
  assert.equal(proxy.accepted, 1)
})

async function isReset(proxy: TcpProxy): Promise<void> {
  const talker = new Talker(connect(proxy.port, '127.0.0.1'))
  await talker.closed()
  assert.equal(talker.error, 'ECONNRESET')
}

test('a server that is gone ends the connection', async (t) => {
  const { proxy, server } = await world(t)
  server.close()
  await once(server, 'close')
  const talker = await Talker.to(proxy, t)
  await talker.closed()
  assert.equal(talker.error, 'ECONNRESET')
})

test('a reader that is slow makes the writer wait, and all arrives', async (t) => {
  const { proxy } = await world(t)
  const socket = connect(proxy.port, '127.0.0.1')
  t.after(() => socket.destroy())
  let heard = 0
  socket.on('data', (bytes) => (heard += bytes.length))
  const sizeBytes = 32 * 1024 * 1024
  socket.write(Buffer.alloc(sizeBytes, 7))
  await until('all bytes', () => heard === sizeBytes)
})

test('closing does not wait for an end that takes nothing more', async (t) => {
  const { proxy } = await world(t)
  const pouring = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.resume()
    socket.write(Buffer.alloc(64 * 1024 * 1024, 7))
  }).listen(0, '127.0.0.1')
  await once(pouring, 'listening')
  t.after(() => pouring.close())
  proxy.target = (pouring.address() as AddressInfo).port
  const talker = await Talker.to(proxy, t)
  talker.socket.pause()
  // One direction holds 4 MiB at most: it is full.
  await until('what is poured to be held', () => proxy.heldBytes > 4 * 1024 * 1024)
  proxy.cut()
  await until('the connection to be cut', () => proxy.connections === 0)
  await proxy.close()
})

test('each time that something does not pass as it came is counted, and nothing else', async (t) => {
  const { proxy } = await world(t)
  const first = await Talker.to(proxy, t)
  first.socket.write('a')
  await first.hears('a')
  assert.equal(proxy.disturbances, 0)
  proxy.disturb('toServer', { delayMs: 60_000 })
  first.socket.write('b')
  await until('what is held back to be counted', () => proxy.disturbances === 1)
  proxy.disturb('toServer', { swallow: true })
  first.socket.write('c')
  await until('what is swallowed to be counted', () => proxy.disturbances === 2)
  proxy.reset()
  assert.equal(proxy.disturbances, 3)
  await first.closed()
  proxy.refuse()
  await isReset(proxy)
  assert.equal(proxy.disturbances, 4)
})

// In a process of its own: a handle that is left keeps it from ending, for good.
const endsTwice = `
  import { once } from 'node:events'
  import { connect, createServer } from 'node:net'
  import { TcpProxy } from ${JSON.stringify(new URL('tcp-proxy.ts', import.meta.url).href)}
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy = await TcpProxy.listen()
  proxy.target = server.address().port
  const client = connect(proxy.port, '127.0.0.1').on('error', () => {})
  const [behind] = await once(server, 'connection')
  behind.on('error', () => {})
  proxy.cut()
  proxy.reset()
  await proxy.close()
  client.destroy()
  behind.destroy()
  server.close()
`

test('what is reset while it ends in good order is let go, so that its process can end', async () => {
  const args = ['-C', 'millrace-source', '--no-warnings', '--input-type=module', '--eval', endsTwice]
  await promisify(execFile)(process.execPath, args, { timeout: 30_000, killSignal: 'SIGKILL' })
})
