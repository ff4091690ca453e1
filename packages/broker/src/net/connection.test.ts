import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { test } from 'node:test'

import type { Logger, MovableClock } from '@millrace/kernel'
import { ByteBudget, movableClock, noMetrics } from '@millrace/kernel'
import type { Api } from '@millrace/protocol'
import {
  apiVersionsApi,
  decodeResponse,
  encodeRequest,
  fetchApi,
  heartbeatApi,
  KafkaError,
  listOffsetsApi,
  produceApi,
} from '@millrace/protocol'

import { hostTime } from '@millrace/testkit/host-time'
import { listenerSettings } from '../config/listeners.ts'
import { BrokerSettings } from '../config/settings.ts'
import { Dispatcher } from '../dispatch/dispatcher.ts'
import type { AnyHandler, RequestContext } from '../dispatch/handler.ts'
import { defineHandler } from '../dispatch/handler.ts'
import { Interceptors } from '../dispatch/intercept.ts'
import { handlerTable } from '../dispatch/versions.ts'
import { apiVersions } from '../handlers/18-api-versions.ts'
import type { BrokerServices } from '../runtime/services.ts'
import { NetServer } from './server.ts'

/** A server on a free port with a table of fake handlers; what it logs is kept. */
export class Rig implements AsyncDisposable {
  readonly clock: MovableClock
  readonly lines: string[] = []
  readonly budget: ByteBudget
  readonly interceptors = new Interceptors()
  readonly server: NetServer
  readonly #clients: Client[] = []
  port = 0

  constructor(handlers: readonly AnyHandler[], settings: Readonly<Record<string, string>>) {
    const merged = new BrokerSettings(new Map(Object.entries({ listeners: 'PLAINTEXT://127.0.0.1:0', ...settings })))
    this.clock = movableClock(hostTime, (error) => this.lines.push(`timer: ${String(error)}`))
    this.budget = new ByteBudget(merged.number('queued.max.request.bytes'))
    const table = handlerTable([apiVersions(() => table), ...handlers])
    const dispatcher = new Dispatcher({
      handlers: table,
      services: {} as BrokerServices,
      image: () => ({}) as RequestContext['image'],
      interceptors: this.interceptors,
      clock: this.clock,
      log: this.#log(),
      metrics: noMetrics,
    })
    this.server = new NetServer({
      listeners: listenerSettings(merged),
      settings: merged,
      dispatcher,
      requestBytes: this.budget,
      clock: this.clock,
      log: this.#log(),
      metrics: noMetrics,
    })
  }

  static async open(handlers: readonly AnyHandler[], settings: Readonly<Record<string, string>> = {}): Promise<Rig> {
    const rig = new Rig(handlers, settings)
    const [bound] = await rig.server.listen()
    rig.port = bound?.port ?? 0
    return rig
  }

  async connect(): Promise<Client> {
    const socket = connect(this.port, '127.0.0.1')
    await once(socket, 'connect')
    const client = new Client(socket)
    this.#clients.push(client)
    return client
  }

  /** Whether a line was logged that says this. */
  logged(text: string | RegExp): boolean {
    return this.lines.some((line) => (typeof text === 'string' ? line.includes(text) : text.test(line)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.socket.destroy()
    this.server.dropConnections()
    await this.server.close(1000)
  }

  #log(): Logger {
    const keep = (message: string): void => void this.lines.push(message)
    const log: Logger = {
      error: keep,
      warn: keep,
      info: keep,
      debug: () => {},
      debugEnabled: false,
      child: () => log,
    }
    return log
  }
}

/** A client that speaks bytes. */
export class Client {
  readonly socket: Socket
  readonly closed: Promise<void>
  #received = Buffer.alloc(0)
  #wake: () => void = () => {}
  #ended = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => {})
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#ended = true
        this.#wake()
        resolve()
      })
    })
    socket.on('data', (chunk: Uint8Array) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake()
    })
  }

  send(...chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.socket.write(chunk)
  }

  /** The next response's bytes without its length; null when the connection is closed. */
  async response(): Promise<Uint8Array | null> {
    for (;;) {
      const sizeBytes = this.#received.length >= 4 ? this.#received.readInt32BE(0) : Infinity
      if (this.#received.length >= 4 + sizeBytes) {
        const frame = this.#received.subarray(4, 4 + sizeBytes)
        this.#received = this.#received.subarray(4 + sizeBytes)
        return frame
      }
      if (this.#ended) return null
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  async answer<Req, Res, ReqIn, ResIn>(
    api: Api<Req, Res, ReqIn, ResIn>,
    version: number,
  ): Promise<{ readonly correlationId: number; readonly body: Res }> {
    const frame = await this.response()
    assert.ok(frame, 'a response was expected, the connection is closed')
    return decodeResponse(api, version, frame)
  }
}

/** A Heartbeat request; it's small and its handler below answers in the same turn. */
export const heartbeatRequest = (correlationId: number, memberId = 'member'): Uint8Array[] =>
  encodeRequest(
    heartbeatApi,
    4,
    { correlationId, clientId: 'test' },
    { groupId: 'group', generationId: 1, memberId, groupInstanceId: null },
  )

export const heartbeat = defineHandler(heartbeatApi, {
  access: () => [],
  handle: () => ({ errorCode: 0 }),
  failure: (_request, error) => ({ errorCode: new KafkaError(error).code }),
})

/** Answers when the test says so. */
function gated() {
  const gates: (() => void)[] = []
  const handler = defineHandler(listOffsetsApi, {
    access: () => [],
    handle: async () => {
      await new Promise<void>((resolve) => void gates.push(resolve))
      return { topics: [] }
    },
    failure: () => ({ topics: [] }),
  })
  return { handler, gates }
}

const listOffsetsRequest = (correlationId: number): Uint8Array[] =>
  encodeRequest(
    listOffsetsApi,
    5,
    { correlationId, clientId: 'test' },
    { replicaId: -1, isolationLevel: 0, topics: [] },
  )

const produceRequest = (correlationId: number, acks: number): Uint8Array[] =>
  encodeRequest(produceApi, 9, { correlationId, clientId: 'test' }, { acks, timeoutMs: 1000, topicData: [] })

/** A Produce whose appends and answers the test decides about. */
function produceByHand() {
  const started: RequestContext[] = []
  const answers: (() => void)[] = []
  const handler = defineHandler(produceApi, {
    pipelined: true,
    access: () => [],
    silent: (request) => request.acks === 0,
    handle: (request, context) => {
      started.push(context)
      if (request.timeoutMs === 666) throw new Error('a bug of the handler')
      return new Promise((resolve) => void answers.push(() => resolve(request.acks === 0 ? null : { responses: [] })))
    },
    failure: () => ({ responses: [] }),
  })
  return { handler, started, answers }
}

const fetchRequest = (maxWaitMs: number): Uint8Array[] =>
  encodeRequest(fetchApi, 11, { correlationId: 1, clientId: null }, { maxWaitMs, minBytes: 1, topics: [] })

const ask = (version: number, name: string): Uint8Array =>
  Buffer.concat(
    encodeRequest(
      apiVersionsApi,
      version,
      { correlationId: 9, clientId: null },
      { clientSoftwareName: name, clientSoftwareVersion: '1.0' },
    ),
  )

const turns = async (count = 20): Promise<void> => {
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => void setImmediate(resolve))
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => void setImmediate(resolve))
}

test('requests that come in one chunk are answered in their order', async () => {
  await using rig = await Rig.open([heartbeat])
  const client = await rig.connect()
  client.send(Buffer.concat([1, 2, 3].flatMap((id) => heartbeatRequest(id))))
  for (const id of [1, 2, 3]) assert.equal((await client.answer(heartbeatApi, 4)).correlationId, id)
})

test('a request that comes a byte at a time is answered', async () => {
  await using rig = await Rig.open([heartbeat])
  const client = await rig.connect()
  client.socket.setNoDelay(true)
  for (const byte of Buffer.concat(heartbeatRequest(5))) {
    client.send(Uint8Array.of(byte))
    await turns(1)
  }
  assert.equal((await client.answer(heartbeatApi, 4)).correlationId, 5)
})

test('the next request starts only when the one before has been answered', async () => {
  const { handler, gates } = gated()
  await using rig = await Rig.open([heartbeat, handler])
  const client = await rig.connect()
  client.send(...listOffsetsRequest(1), ...listOffsetsRequest(2), ...heartbeatRequest(3))
  await until(() => gates.length === 1)
  await turns()
  assert.equal(gates.length, 1)
  gates[0]?.()
  assert.equal((await client.answer(listOffsetsApi, 5)).correlationId, 1)
  await until(() => gates.length === 2)
  gates[1]?.()
  assert.equal((await client.answer(listOffsetsApi, 5)).correlationId, 2)
  assert.equal((await client.answer(heartbeatApi, 4)).correlationId, 3)
})

test('a Produce that has been appended lets the next request start, and answers still leave in order', async () => {
  const { handler, started, answers } = produceByHand()
  await using rig = await Rig.open([heartbeat, handler])
  const client = await rig.connect()
  client.send(...produceRequest(1, -1), ...produceRequest(2, -1), ...heartbeatRequest(3))
  await until(() => started.length === 1)
  await turns()
  assert.equal(started.length, 1)
  started[0]?.appended()
  await until(() => started.length === 2)
  started[1]?.appended()
  answers[1]?.()
  await turns()
  answers[0]?.()
  assert.equal((await client.answer(produceApi, 9)).correlationId, 1)
  assert.equal((await client.answer(produceApi, 9)).correlationId, 2)
  assert.equal((await client.answer(heartbeatApi, 4)).correlationId, 3)
})

test('a Produce gives its memory back when it has been appended, not when it is answered', async () => {
  const { handler, started } = produceByHand()
  await using rig = await Rig.open([handler])
  const client = await rig.connect()
  client.send(...produceRequest(1, -1))
  await until(() => started.length === 1)
  assert.notEqual(rig.budget.heldBytes, 0)
  started[0]?.appended()
  assert.equal(rig.budget.heldBytes, 0)
})

test('a Produce with acks=0 gets no response, and the next request does', async () => {
  const { handler, answers } = produceByHand()
  await using rig = await Rig.open([heartbeat, handler])
  const client = await rig.connect()
  client.send(...produceRequest(1, 0), ...heartbeatRequest(2))
  await until(() => answers.length === 1)
  answers[0]?.()
  assert.equal((await client.answer(heartbeatApi, 4)).correlationId, 2)
})

test('a Produce with acks=0 that fails closes the connection: there is no other way to say it', async () => {
  const { handler } = produceByHand()
  await using rig = await Rig.open([handler])
  const client = await rig.connect()
  const body = { acks: 0, timeoutMs: 666, topicData: [] }
  client.send(...encodeRequest(produceApi, 9, { correlationId: 1, clientId: null }, body))
  assert.equal(await client.response(), null)
  assert.ok(rig.logged('Produce that waits for no answer failed'))
})

test('a handler that throws answers UNKNOWN_SERVER_ERROR, a KafkaError its own, and the connection goes on', async () => {
  const failing = defineHandler(heartbeatApi, {
    ...heartbeat,
    handle: ({ memberId }) => {
      throw memberId === 'bug' ? new Error('a bug of the handler') : new KafkaError('FENCED_INSTANCE_ID')
    },
  })
  await using rig = await Rig.open([failing])
  const client = await rig.connect()
  client.send(...heartbeatRequest(1, 'bug'), ...heartbeatRequest(2, 'known'))
  assert.equal((await client.answer(heartbeatApi, 4)).body.errorCode, -1)
  assert.equal((await client.answer(heartbeatApi, 4)).body.errorCode, 82)
  assert.ok(rig.logged('a bug of the handler'))
})

test('a response that its handler made wrong closes the connection and is logged', async () => {
  const wrong = defineHandler(heartbeatApi, { ...heartbeat, handle: () => ({ errorCode: 1e9 }) })
  await using rig = await Rig.open([wrong])
  const client = await rig.connect()
  client.send(...heartbeatRequest(1))
  assert.equal(await client.response(), null)
  assert.ok(rig.logged('a response could not be written'))
})

test('what hangs on the response is released when it was sent, and when its client went away before', async () => {
  const events: string[] = []
  const fetching = defineHandler(fetchApi, {
    access: () => [],
    handle: (request, context) => {
      const name = `after ${request.maxWaitMs}`
      context.afterResponse(() => events.push(name))
      context.onDisconnect(() => events.push('gone'))
      return request.maxWaitMs === 1 ? { responses: [] } : new Promise(() => {})
    },
    failure: () => ({ responses: [] }),
  })
  await using rig = await Rig.open([fetching])
  const client = await rig.connect()
  client.send(...fetchRequest(1))
  await client.response()
  await until(() => events.length === 1)
  client.send(...fetchRequest(2))
  await turns()
  client.socket.destroy()
  await until(() => events.length === 3)
  assert.deepEqual(events, ['after 1', 'gone', 'after 2'])
})

test('an intercepted request can be looked at, answered otherwise, failed, dropped and cut', async () => {
  await using rig = await Rig.open([heartbeat])
  rig.interceptors.add('Heartbeat', async (request, next) => {
    switch (request.body.memberId) {
      case 'fail':
        throw new KafkaError('REBALANCE_IN_PROGRESS')
      case 'drop':
        return request.drop()
      case 'cut':
        return request.disconnect()
      case 'other':
        return { errorCode: 25 }
      default:
        return next()
    }
  })
  const client = await rig.connect()
  const members = ['as it is', 'fail', 'drop', 'other', 'cut']
  client.send(...members.flatMap((member, index) => heartbeatRequest(index, member)))
  const codes: (readonly [number, number])[] = []
  for (let i = 0; i < 3; i += 1) {
    const { correlationId, body } = await client.answer(heartbeatApi, 4)
    codes.push([correlationId, body.errorCode])
  }
  assert.deepEqual(codes, [
    [0, 0],
    [1, 27],
    [3, 25],
  ])
  assert.equal(await client.response(), null)
})

test('an interceptor that was taken away sees nothing more', async () => {
  await using rig = await Rig.open([heartbeat])
  const stop = rig.interceptors.add('Heartbeat', () => ({ errorCode: 25 }))
  const client = await rig.connect()
  client.send(...heartbeatRequest(1))
  assert.equal((await client.answer(heartbeatApi, 4)).body.errorCode, 25)
  stop()
  client.send(...heartbeatRequest(2))
  assert.equal((await client.answer(heartbeatApi, 4)).body.errorCode, 0)
})

test('an idle connection is closed after connections.max.idle.ms, a busy one is not', async () => {
  const { handler, gates } = gated()
  await using rig = await Rig.open([heartbeat, handler])
  const [idle, busy] = [await rig.connect(), await rig.connect()]
  busy.send(...listOffsetsRequest(1))
  await until(() => gates.length === 1)
  await rig.clock.advance('11m')
  await idle.closed
  gates[0]?.()
  assert.equal((await busy.answer(listOffsetsApi, 5)).correlationId, 1)
})

test('more connections than max.connections.per.ip are closed at once, and one that leaves makes room', async () => {
  await using rig = await Rig.open([heartbeat], { 'max.connections.per.ip': '1' })
  const first = await rig.connect()
  const second = await rig.connect()
  await second.closed
  assert.ok(rig.logged('max.connections.per.ip is 1'))
  first.socket.destroy()
  await until(() => rig.server.connectionCount === 0)
  const third = await rig.connect()
  third.send(...heartbeatRequest(1))
  assert.equal((await third.answer(heartbeatApi, 4)).correlationId, 1)
})

test('stopping answers what has begun, then closes', async () => {
  const { handler, gates } = gated()
  await using rig = await Rig.open([handler])
  const [waiting, idle] = [await rig.connect(), await rig.connect()]
  waiting.send(...listOffsetsRequest(1))
  await until(() => gates.length === 1)
  const closed = rig.server.close(60_000)
  await idle.closed
  gates[0]?.()
  assert.equal((await waiting.answer(listOffsetsApi, 5)).correlationId, 1)
  await waiting.closed
  await closed
})

test('clients are told apart from each other: two names for the same machine are both served', async () => {
  await using rig = await Rig.open([heartbeat], { listeners: 'PLAINTEXT://localhost:0' })
  const client = await rig.connect()
  client.send(...heartbeatRequest(1))
  assert.equal((await client.answer(heartbeatApi, 4)).correlationId, 1)
})

test('ApiVersions lists what is served, and a version of the future is answered in v0 with how to ask again', async () => {
  await using rig = await Rig.open([heartbeat])
  const client = await rig.connect()
  client.send(ask(4, 'millrace-test'))
  const known = await client.answer(apiVersionsApi, 4)
  assert.deepEqual(
    known.body.apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, minVersion, maxVersion]),
    [
      [12, 0, 4],
      [18, 0, 4],
    ],
  )
  client.send(ask(3, 'bad name!'))
  assert.equal((await client.answer(apiVersionsApi, 3)).body.errorCode, 42)
  const future = ask(4, 'millrace-test')
  new DataView(future.buffer, future.byteOffset).setInt16(6, 99)
  client.send(future)
  const { correlationId, body } = await client.answer(apiVersionsApi, 0)
  assert.equal(correlationId, 9)
  assert.equal(body.errorCode, 35)
  assert.deepEqual(
    body.apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, minVersion, maxVersion]),
    [[18, 0, 4]],
  )
})
