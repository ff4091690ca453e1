// Our clients by TLS and SASL against Apache Kafka, which is the one to say what is right.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { Admin, type ClientOptions, Consumer, Producer, type SaslOptions } from '@millrace/client'
import { Connection, Traffic } from '@millrace/connection'
import { silentLogger } from '@millrace/kernel'
import { metadataApi } from '@millrace/protocol'
import { clientClock } from '@millrace/testkit/client-clock'
import { apacheKafka } from './peers/apache-kafka.ts'
import { find } from './peers/peer.ts'
import { type SecureKafka, startSecureKafka } from './target/secure-kafka.ts'

const { peer, skip } = await find(apacheKafka)
const reauthMs = 1_500

// A token as Kafka's unsecured validator takes it: no signature, and only for tests.
const unsecuredToken = (name: string): string => {
  const nowS = Math.floor(Date.now() / 1_000)
  const claims = { sub: name, iat: nowS, exp: nowS + 3_600 }
  const parts = [{ alg: 'none' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  return `${parts.join('.')}.`
}

const withPassword = (mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512', name = 'admin'): SaslOptions => ({
  mechanism,
  username: name,
  password: () => Promise.resolve(`${name}-secret`),
})

const mechanisms: readonly SaslOptions[] = [
  withPassword('PLAIN'),
  withPassword('SCRAM-SHA-256'),
  withPassword('SCRAM-SHA-512'),
  { mechanism: 'OAUTHBEARER', token: () => ({ value: unsecuredToken('admin'), extensions: { traceId: '7' } }) },
]

suite('Apache Kafka with TLS and SASL', { skip }, () => {
  let kafka: SecureKafka
  before(async () => {
    if (peer !== undefined) kafka = await startSecureKafka(peer, reauthMs)
  })
  after(() => kafka.stop())

  const ways = (): ClientOptions[] => [
    { bootstrapServers: kafka.bootstrap.SSL, tls: { ca: kafka.ca } },
    ...mechanisms.map((sasl) => ({ bootstrapServers: kafka.bootstrap.SASL_PLAINTEXT, sasl })),
    ...mechanisms.map((sasl) => ({ bootstrapServers: kafka.bootstrap.SASL_SSL, tls: { ca: kafka.ca }, sasl })),
    {
      bootstrapServers: kafka.bootstrap.SASL_SSL.replace('127.0.0.1', 'localhost'),
      securityProtocol: 'SASL_SSL',
      tls: { ca: kafka.ca },
      sasl: withPassword('SCRAM-SHA-512'),
    },
  ]

  test('records are written and read in every way to connect', async () => {
    for (const [i, way] of ways().entries()) {
      const topic = `way-${i}`
      await using producer = new Producer(way)
      await using admin = new Admin(way)
      await admin.createTopics([{ name: topic, partitions: 1 }])
      await producer.send({ topic, value: 'v' })
      await using consumer = new Consumer({ ...way, groupId: topic, topics: topic, autoOffsetReset: 'earliest' })
      for await (const record of consumer) {
        assert.equal(String(record.value), 'v')
        break
      }
    }
  })

  test('connections outlive their sessions with requests on the way', async () => {
    const outlive = async (sasl: SaslOptions): Promise<void> => {
      const traffic = new Traffic()
      const [host = '', port] = kafka.bootstrap.SASL_PLAINTEXT.split(':')
      const connection = await Connection.connect({ host, port: Number(port), sasl, traffic })
      const deadlineMs = performance.now() + 30_000
      while (traffic.reauthentications < 2) {
        assert.ok(performance.now() < deadlineMs, 'no second session within 30 s')
        const asked = Array.from({ length: 20 }, () => connection.request(metadataApi, { topics: [] }))
        assert.ok((await Promise.all(asked)).every(({ brokers }) => brokers.length === 1))
      }
      connection.close()
    }
    await Promise.all(mechanisms.map(outlive))
  })

  const refusals: readonly (readonly [string, () => ClientOptions, object])[] = [
    [
      'a wrong password',
      () => ({ bootstrapServers: kafka.bootstrap.SASL_PLAINTEXT, sasl: { ...withPassword('PLAIN'), username: 'bob' } }),
      { name: 'AuthenticationError', error: 'SASL_AUTHENTICATION_FAILED', retriable: false },
    ],
    [
      'a wrong SCRAM password',
      () => ({
        bootstrapServers: kafka.bootstrap.SASL_PLAINTEXT,
        sasl: { mechanism: 'SCRAM-SHA-256', username: 'alice', password: 'guess' },
      }),
      { name: 'AuthenticationError', error: 'SASL_AUTHENTICATION_FAILED', retriable: false },
    ],
    [
      'a token that is no longer good',
      () => ({
        bootstrapServers: kafka.bootstrap.SASL_PLAINTEXT,
        sasl: { mechanism: 'OAUTHBEARER', token: () => 'abc' },
      }),
      { name: 'AuthenticationError', message: /invalid_token/ },
    ],
    [
      'a mechanism that is not there',
      () => ({
        bootstrapServers: kafka.bootstrap.SASL_PLAINTEXT,
        sasl: { mechanism: 'GSSAPI', exchange: () => ({ start: () => Buffer.of(), next: () => null }) },
      }),
      { error: 'UNSUPPORTED_SASL_MECHANISM', advice: /SCRAM-SHA-512/ },
    ],
    [
      'SASL where there is none',
      () => ({ bootstrapServers: kafka.bootstrap.PLAINTEXT, sasl: withPassword('PLAIN') }),
      { error: 'ILLEGAL_SASL_STATE', advice: /leave sasl out/ },
    ],
    [
      'a certificate that nobody knows',
      () => ({ bootstrapServers: kafka.bootstrap.SSL, securityProtocol: 'SSL' }),
      { name: 'AuthenticationError', message: /TLS: self-signed certificate/, advice: /tls: { ca }/, retriable: false },
    ],
    [
      'TLS where there is none',
      () => ({ bootstrapServers: kafka.bootstrap.PLAINTEXT, tls: true }),
      { address: /127/, message: /Client network socket disconnected|wrong version number|ECONNRESET|packet length/ },
    ],
    [
      'no SASL where it is wanted',
      () => ({ bootstrapServers: kafka.bootstrap.SASL_PLAINTEXT }),
      { error: 'NETWORK_EXCEPTION', advice: /TLS or SASL/ },
    ],
    [
      'no TLS where it is wanted',
      () => ({ bootstrapServers: kafka.bootstrap.SSL }),
      { message: /refusal of a TLS server|closed the connection/ },
    ],
  ]

  for (const [what, options, expected] of refusals) {
    test(`${what} is an error that says what to do`, async (t) => {
      const clock = clientClock(t)
      // Of what may pass the first failure is enough: then the time is up.
      const debug = (message: string): void =>
        void (message === 'what failed is tried again' && setImmediate(() => void clock.advance(60_000)))
      await using admin = new Admin({ ...options(), logger: { ...silentLogger, debug } })
      await assert.rejects(admin.listTopics(), expected)
    })
  }

  test('what a user may not do is an AuthorizationError, at once', async () => {
    await using admin = new Admin({ bootstrapServers: kafka.bootstrap.PLAINTEXT })
    await admin.createTopics([{ name: 'secret', partitions: 1 }])
    const sasl = withPassword('SCRAM-SHA-256', 'alice')
    await using producer = new Producer({ bootstrapServers: kafka.bootstrap.SASL_PLAINTEXT, sasl })
    const refused = { name: 'AuthorizationError', error: 'TOPIC_AUTHORIZATION_FAILED', api: 'Metadata' }
    await assert.rejects(producer.send({ topic: 'secret', value: 'v' }), refused)
  })
})
