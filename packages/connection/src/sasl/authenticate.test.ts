import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { type Clock, movableClock } from '@millrace/kernel'
import { heartbeatApi, saslAuthenticateApi, saslHandshakeApi } from '@millrace/protocol'
import { FakeBroker, reply } from '@millrace/testkit/fake-broker'
import { AuthenticationError } from '../broker-error.ts'
import { Connection, type ConnectionOptions } from '../connection.ts'
import { Traffic } from '../traffic.ts'
import type { SaslOptions } from './sasl-options.ts'

const plain: SaslOptions = { mechanism: 'PLAIN', username: 'u', password: 'p' }
const failed = { errorCode: 58, errorMessage: 'Invalid username or password', authBytes: Buffer.alloc(0) }
const passed = { errorCode: 0, errorMessage: null, authBytes: Buffer.alloc(0), sessionLifetimeMs: 0 }
const heartbeat = { groupId: 'g', generationId: 1, memberId: 'm' }

async function saslBroker(t: TestContext): Promise<FakeBroker> {
  const broker = await FakeBroker.start(t)
  broker.answer(saslHandshakeApi, () => ({ errorCode: 0, mechanisms: ['PLAIN'] }))
  broker.answer(saslAuthenticateApi, () => passed)
  broker.answer(heartbeatApi, () => ({ errorCode: 0 }))
  return broker
}

async function connect(
  t: TestContext,
  broker: FakeBroker,
  given: Partial<ConnectionOptions> = {},
): Promise<Connection> {
  const connection = await Connection.connect({ host: broker.host, port: broker.port, sasl: plain, ...given })
  t.after(() => connection.close())
  return connection
}

const names = (broker: FakeBroker): string[] => broker.seen.map(({ api }) => api.name)

test('nothing is asked before the broker knows who asks', async (t) => {
  const broker = await saslBroker(t)
  const connection = await connect(t, broker)
  await connection.request(heartbeatApi, heartbeat)
  assert.deepEqual(names(broker), ['ApiVersions', 'SaslHandshake', 'SaslAuthenticate', 'Heartbeat'])
})

test('a wrong password is said with what the broker says, and is not worth a retry', async (t) => {
  const broker = await saslBroker(t)
  broker.answer(saslAuthenticateApi, () => failed)
  await assert.rejects(connect(t, broker), {
    name: 'AuthenticationError',
    error: 'SASL_AUTHENTICATION_FAILED',
    message: `SASL_AUTHENTICATION_FAILED: Invalid username or password (SaslAuthenticate to ${broker.bootstrapServers})`,
    retriable: false,
  })
})

test('a mechanism that the listener does not have comes with those that it has', async (t) => {
  const broker = await saslBroker(t)
  broker.answer(saslHandshakeApi, () => ({ errorCode: 33, mechanisms: ['SCRAM-SHA-512', 'OAUTHBEARER'] }))
  await assert.rejects(connect(t, broker), {
    error: 'UNSUPPORTED_SASL_MECHANISM',
    message: /the broker takes SCRAM-SHA-512, OAUTHBEARER, and not PLAIN/,
    advice: /one of the listener's: SCRAM-SHA-512, OAUTHBEARER/,
  })
})

test('a listener without SASL is named as such', async (t) => {
  const without = await FakeBroker.start(t)
  const refusing = await saslBroker(t)
  refusing.answer(saslHandshakeApi, () => ({ errorCode: 34, mechanisms: [] }))
  for (const broker of [without, refusing]) {
    await assert.rejects(connect(t, broker), { error: 'ILLEGAL_SASL_STATE', advice: /leave sasl out/ })
  }
})

test('a broker that takes a SCRAM user without proving that it knows the password is not trusted', async (t) => {
  const broker = await saslBroker(t)
  const sasl = { mechanism: 'SCRAM-SHA-256', username: 'u', password: 'p' } as const
  await assert.rejects(connect(t, broker, { sasl }), /not a SCRAM challenge/)
  broker.answer(saslAuthenticateApi, ({ authBytes }) => {
    const nonce = /r=(.*)$/.exec(Buffer.from(authBytes).toString())?.[1]
    const isFirst = Buffer.from(authBytes).toString().startsWith('n,,')
    return { ...passed, authBytes: Buffer.from(isFirst ? `r=${nonce}x,s=c2FsdA==,i=4096` : '') }
  })
  await assert.rejects(connect(t, broker, { sasl }), /signature is wrong/)
})

test('a conversation without end is cut off', async (t) => {
  const broker = await saslBroker(t)
  const sasl: SaslOptions = {
    mechanism: 'ENDLESS',
    exchange: () => ({ start: () => Buffer.from('a'), next: () => Buffer.from('b') }),
  }
  await assert.rejects(connect(t, broker, { sasl }), /no end after 10 messages/)
  assert.equal(broker.count(saslAuthenticateApi), 10)
})

test('a token that cannot be had now may be had later; one that never comes is given up', async (t) => {
  const broker = await saslBroker(t)
  const failing: SaslOptions = { mechanism: 'OAUTHBEARER', token: () => Promise.reject(new Error('503 of the issuer')) }
  await assert.rejects(connect(t, broker, { sasl: failing }), { retriable: true, message: /503 of the issuer/ })
  const asked = Promise.withResolvers<void>()
  const token = (): Promise<string> => {
    asked.resolve()
    return new Promise(() => {})
  }
  const clock = frozenClock()
  const connecting = connect(t, broker, { sasl: { mechanism: 'OAUTHBEARER', token }, clock })
  await asked.promise
  await Promise.all([clock.advance(30_000), assert.rejects(connecting, /no secret within 30000 ms/)])
})

test('a token that never comes holds up neither giving up the connection nor closing it', async (t) => {
  const broker = await saslBroker(t)
  broker.answer(saslAuthenticateApi, () => ({ ...passed, sessionLifetimeMs: 10_000 }))
  const asked = Promise.withResolvers<void>()
  const never = new Promise<string>(() => {})
  const giveUp = new AbortController()
  const [clock, timers] = watchedClock()
  const sasl: SaslOptions = { mechanism: 'OAUTHBEARER', token: () => (asked.resolve(), never) }
  const connecting = connect(t, broker, { sasl, clock, signal: giveUp.signal })
  await asked.promise
  giveUp.abort(new Error('enough'))
  await assert.rejects(connecting, /^Error: enough$/)
  assert.equal(timers.size, 0)

  const tokens = [Promise.resolve('t'), never]
  const later: SaslOptions = { mechanism: 'OAUTHBEARER', token: () => tokens.shift()! }
  const connection = await connect(t, broker, { sasl: later, clock })
  clock.nowMs = 10_000
  const request = connection.request(heartbeatApi, heartbeat)
  await until(() => tokens.length === 0)
  connection.close()
  await assert.rejects(request, { name: 'ConnectionClosedError' })
  await until(() => timers.size === 0)
})

/** A clock that stands still, and the timers that are set on it. */
function watchedClock() {
  const timers = new Set<object>()
  const clock = {
    nowMs: 0,
    wallMs: () => clock.nowMs,
    monotonicMs: () => clock.nowMs,
    setTimer() {
      const timer = { cancel: () => timers.delete(timer) }
      timers.add(timer)
      return timer
    },
    get sessions(): Clock {
      return clock
    },
  }
  return [clock, timers] as const
}

test('what the broker says of a token is in the error', async (t) => {
  const broker = await saslBroker(t)
  broker.answer(saslAuthenticateApi, ({ authBytes }) =>
    authBytes.length === 1 ? failed : { ...passed, authBytes: Buffer.from('{"status":"invalid_token"}') },
  )
  const sasl: SaslOptions = { mechanism: 'OAUTHBEARER', token: () => 'abc' }
  await assert.rejects(connect(t, broker, { sasl }), /Invalid username or password \({"status":"invalid_token"}\)/)
})

function frozenClock() {
  const host = { wallMs: () => 0, monotonicMs: () => 0, after: () => () => {} }
  return movableClock(host, (error) => assert.ifError(error))
}

test('before its session ends a connection authenticates anew, and no request comes in between', async (t) => {
  const broker = await saslBroker(t)
  broker.answer(saslAuthenticateApi, () => ({ ...passed, sessionLifetimeMs: 10_000 }))
  const held: (() => void)[] = []
  broker.act(
    heartbeatApi,
    (frame, socket) => void held.push(() => reply(socket, heartbeatApi, frame, { errorCode: 0 })),
  )
  const [clock, traffic] = [frozenClock(), new Traffic()]
  const connection = await connect(t, broker, { clock, traffic })
  const early = connection.request(heartbeatApi, heartbeat)
  await clock.advance(9_500)
  const later = [1, 2, 3].map(() => connection.request(heartbeatApi, heartbeat))
  await until(() => held.length === 1)
  // The broker serves one request at a time: what is on the way is answered before it reads the handshake.
  for (let i = 0; i < 20; i += 1) await turn()
  assert.equal(broker.count(saslHandshakeApi), 1)
  held.shift()?.()
  await until(() => held.length === 3)
  for (const answer of held) answer()
  assert.ok((await Promise.all([early, ...later])).every(({ errorCode }) => errorCode === 0))
  const [, ...asked] = names(broker)
  const session = ['SaslHandshake', 'SaslAuthenticate']
  assert.deepEqual(asked, [...session, 'Heartbeat', ...session, 'Heartbeat', 'Heartbeat', 'Heartbeat'])
  assert.deepEqual([traffic.authentications, traffic.reauthentications], [2, 1])
})

test('a session that cannot be renewed ends the connection, and all that wait are told why', async (t) => {
  const broker = await saslBroker(t)
  const answers = [{ ...passed, sessionLifetimeMs: 2_000 }, failed]
  broker.answer(saslAuthenticateApi, () => answers.shift())
  const clock = frozenClock()
  const connection = await connect(t, broker, { clock })
  await clock.advance(2_000)
  const waiting = [1, 2].map(() => connection.request(heartbeatApi, heartbeat))
  for (const request of waiting) await assert.rejects(request, AuthenticationError)
  assert.equal(connection.closed, true)
  assert.equal(broker.count(heartbeatApi), 0)
})

async function until(holds: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 30_000
  while (!holds()) {
    assert.ok(performance.now() < deadlineMs, 'not within 30 s')
    await turn()
  }
}
