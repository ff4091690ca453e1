// Bytes that are no request, sent to a whole broker: their connection is closed, the log says why, nobody else notices.
// MILLRACE_INTEROP_TARGET=apache-kafka shows that Apache Kafka closes it too.
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { apiVersionsApi, createTopicsApi, decodeResponse, errorName, metadataApi } from '@millrace/protocol'
import { HeldUp } from '@millrace/testkit/held-up'
import { isApacheKafka, Target } from '../interop/target/target.ts'
import { portOf, residentBytes, unexpectedErrors, watchLog } from './broker-under-test.ts'
import { Bystander } from './bystander.ts'
import { int32, rawFrame, RawClient } from './raw-client.ts'

const MiB = 1024 * 1024
const target = await Target.start()
const port = portOf(target)
const bystander = await Bystander.start(port)
after(() => bystander[Symbol.asyncDispose]())

interface Case {
  readonly name: string
  readonly bytes: Uint8Array
  readonly log: string
  /** Whether Apache Kafka closes the connection as well; where not, it waits or reads no further. */
  readonly kafkaCloses?: boolean
}

const noClientId = Buffer.from([0xff, 0xff])
/** Correlation id and client id as header v1 has them. */
const header = Buffer.concat([int32(1), noClientId])
const acksAndTimeout = Buffer.from([0, 1, 0, 0, 0x10, 0])
const tagFields = (count: number, varint: readonly number[]): Buffer =>
  Buffer.concat([int32(1), noClientId, Buffer.from(varint), Buffer.alloc(2 * count)])

const cases: readonly Case[] = [
  { name: 'a negative length', bytes: int32(-1), log: 'length of a frame: got -1' },
  {
    name: 'a length over socket.request.max.bytes',
    bytes: int32(100 * MiB + 1),
    log: 'length of a frame: got 104857601',
  },
  { name: 'a length of two billion', bytes: int32(2 ** 31 - 1), log: 'length of a frame: got 2147483647' },
  { name: 'an empty frame', bytes: int32(0), log: 'api key -1' },
  { name: 'random bytes', bytes: Buffer.from('c3a1f00d5b1e77c3a1f00d5b1e77', 'hex'), log: 'length of a frame' },
  { name: 'a TLS hello', bytes: Buffer.from('16030102000100', 'hex'), log: 'the start of a TLS connection' },
  { name: 'an HTTP request', bytes: Buffer.from('GET /metrics HTTP/1.1\r\n\r\n'), log: 'which looks like HTTP' },
  { name: 'an API key that nobody knows', bytes: rawFrame(999, 0, header), log: 'api key 999' },
  { name: 'a negative API key', bytes: rawFrame(-3, 0, header), log: 'api key -3' },
  { name: 'a key of the controllers', bytes: rawFrame(52, 0, header), log: 'api key 52' },
  { name: 'a version that nobody knows', bytes: rawFrame(3, 99, header), log: 'Metadata request with version 99' },
  { name: 'a negative version', bytes: rawFrame(3, -1, header), log: 'Metadata request with version -1' },
  ...[0, 1, 2].map((version) => ({
    name: `Produce ${version}, which is advertised and not served`,
    bytes: rawFrame(0, version, Buffer.concat([header, acksAndTimeout, int32(0)])),
    log: `Produce request with version ${version}`,
  })),
  { name: 'a header that ends early', bytes: rawFrame(3, 1, Buffer.from([0, 0])), log: 'a connection is closed' },
  { name: 'a body that ends early', bytes: rawFrame(19, 4, header), log: "CreateTopics v4 that can't be read" },
  {
    name: 'a body with bytes left over',
    bytes: rawFrame(60, 0, Buffer.concat([header, Buffer.from([0, 0, 0]), Buffer.alloc(50)])),
    log: "DescribeCluster v0 that can't be read",
    kafkaCloses: false,
  },
  {
    name: 'an array that says two billion',
    bytes: rawFrame(19, 4, Buffer.concat([header, int32(2e9)])),
    log: "CreateTopics v4 that can't be read",
  },
  {
    name: 'a compact array that says four billion',
    bytes: rawFrame(3, 12, Buffer.concat([header, Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 0x0f])])),
    log: "Metadata v12 that can't be read",
  },
  {
    name: 'a string of negative length where there must be one',
    bytes: rawFrame(10, 0, Buffer.concat([header, noClientId])),
    log: "FindCoordinator v0 that can't be read",
  },
  {
    name: 'records that say two billion bytes',
    bytes: rawFrame(
      0,
      3,
      Buffer.concat([
        header,
        noClientId,
        acksAndTimeout,
        int32(1),
        Buffer.from([0, 1, 0x74]),
        int32(1),
        int32(0),
        int32(2e9),
      ]),
    ),
    log: "Produce v3 that can't be read",
  },
  // 20,000,000 as an unsigned varint. Apache Kafka up to 4.3.1 reads them all.
  {
    name: 'CVE-2026-111115: twenty million tagged fields',
    bytes: rawFrame(18, 3, tagFields(20_000_000, [0x80, 0xda, 0xc4, 0x09])),
    log: 'a connection is closed',
    kafkaCloses: false,
  },
]

const slowMs = 5_000

suite('the connection is closed by', () => {
  for (const { name, bytes, log, kafkaCloses = true } of cases) {
    test(name, { timeout: 60_000, skip: isApacheKafka && !kafkaCloses }, async () => {
      const before = isApacheKafka ? 0 : residentBytes(target)
      const logged = watchLog(target)
      using heldUp = new HeldUp()
      const startedMs = performance.now()
      using client = await RawClient.connect(port)
      client.send(bytes)
      assert.equal(await client.response(), null)
      assert.ok(performance.now() - startedMs - heldUp.ms < slowMs)
      await logged(log)
      if (!isApacheKafka) assert.ok(residentBytes(target) - before < 200 * MiB)
      await bystander.assertServed()
    })
  }
})

test('a version of ApiVersions that nobody knows is answered in version 0 with the versions there are', async () => {
  using client = await RawClient.connect(port)
  client.send(
    rawFrame(18, 77, Buffer.concat([int32(5), noClientId, Buffer.from('\0 whatever a client of the future sends')])),
  )
  const response = await client.response()
  assert.ok(response !== null)
  const { correlationId, body } = decodeResponse(apiVersionsApi, 0, response)
  assert.deepEqual([correlationId, errorName(body.errorCode)], [5, 'UNSUPPORTED_VERSION'])
  assert.deepEqual(
    body.apiKeys.map(({ apiKey }) => apiKey),
    [18],
  )
  await bystander.assertServed()
})

const illegalNames = [
  '',
  '.',
  '..',
  'a b',
  'a/b',
  '../../etc/passwd',
  'a\0b',
  'ünicode',
  'x'.repeat(250),
  'a'.repeat(30_000),
]

suite('a name that no topic may have is INVALID_TOPIC_EXCEPTION', () => {
  for (const name of illegalNames) {
    const shown = JSON.stringify(name.length > 20 ? `${name.slice(0, 20)}...` : name)
    test(`for CreateTopics and Metadata: ${shown} of ${name.length} characters`, async () => {
      const logged = watchLog(target)
      using client = await RawClient.connect(port)
      const topic = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
      const created = await client.request(createTopicsApi, 5, { timeoutMs: 5_000, topics: [topic] })
      assert.equal(errorName(created?.topics[0]?.errorCode ?? -1), 'INVALID_TOPIC_EXCEPTION')
      await logged('CreateTopics refused: INVALID_TOPIC_EXCEPTION')
      const found = await client.request(metadataApi, 9, { topics: [{ name }], allowAutoTopicCreation: true })
      assert.equal(errorName(found?.topics[0]?.errorCode ?? -1), 'INVALID_TOPIC_EXCEPTION')
      await logged('Metadata refused: INVALID_TOPIC_EXCEPTION')
      await bystander.assertServed()
    })
  }
})

test('nothing of all this was an error of the broker', { skip: isApacheKafka }, () => {
  assert.deepEqual(unexpectedErrors(target), [])
})
