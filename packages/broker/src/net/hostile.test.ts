import assert from 'node:assert/strict'
import { test } from 'node:test'

import { encodeRequest, fetchApi, heartbeatApi, metadataApi } from '@millrace/protocol'
import { leastCpuMs } from '@millrace/testkit/growth'
import * as fc from 'fast-check'

import { defineHandler } from '../dispatch/handler.ts'
import type { Client } from './connection.test.ts'
import { heartbeat, heartbeatRequest, Rig } from './connection.test.ts'

const MiB = 1024 * 1024

const metadata = defineHandler(metadataApi, {
  access: () => [],
  handle: () => ({ brokers: [], topics: [] }),
  failure: () => ({ brokers: [], topics: [] }),
})

/** Answers a fetch with 8 MiB, whatever was asked. */
const fetching = defineHandler(fetchApi, {
  access: () => [],
  handle: () => ({
    responses: [
      {
        topic: 'orders',
        partitions: [
          {
            partitionIndex: 0,
            errorCode: 0,
            highWatermark: 1,
            abortedTransactions: null,
            records: new Uint8Array(8 * MiB),
          },
        ],
      },
    ],
  }),
  failure: () => ({ responses: [] }),
})

const fetchRequest = (correlationId: number): Uint8Array[] =>
  encodeRequest(fetchApi, 11, { correlationId, clientId: null }, { maxWaitMs: 0, minBytes: 1, topics: [] })

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** A frame of an API key and version with any bytes after them. */
const frame = (key: number, version: number, rest: Uint8Array): Buffer => {
  const head = Buffer.alloc(8)
  head.writeInt32BE(4 + rest.length, 0)
  head.writeInt16BE(key, 4)
  head.writeInt16BE(version, 6)
  return Buffer.concat([head, rest])
}

const isServed = async (client: Client): Promise<boolean> => {
  client.send(...heartbeatRequest(77))
  return (await client.answer(heartbeatApi, 4)).correlationId === 77
}

/** Sends bytes on a connection of its own: that one is closed, the log says why, and another client is served. */
async function closes(
  bytes: Uint8Array,
  why: string | RegExp,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  await using rig = await Rig.open([heartbeat, metadata], settings)
  const [hostile, other] = [await rig.connect(), await rig.connect()]
  hostile.send(bytes)
  assert.equal(await hostile.response(), null)
  assert.ok(rig.logged(why), `the log doesn't say ${String(why)}: ${rig.lines.join(' / ')}`)
  assert.ok(await isServed(other))
  assert.equal(rig.budget.heldBytes, 0)
}

test('a frame with a negative length closes its connection', () => closes(int32(-1), 'length of a frame: got -1'))

test('CVE-2022-34917: a frame that claims more than socket.request.max.bytes closes its connection, nothing allocated', () =>
  closes(int32(100 * MiB + 1), 'length of a frame: got 104857601'))

test('a frame too short for an API key closes its connection', () =>
  closes(Buffer.from([0, 0, 0, 2, 0, 12]), 'api key -1'))

test('a frame that ends within its header closes its connection', () =>
  closes(frame(12, 4, Buffer.from([0, 0])), 'a connection is closed'))

test('an API key that nobody knows closes its connection before its body is read', () =>
  closes(frame(999, 0, Buffer.alloc(8)).subarray(0, 8), 'request with api key 999'))

test('CVE-2026-111073: telemetry is not served, so a push of it closes its connection', () =>
  closes(frame(72, 0, Buffer.alloc(8)).subarray(0, 8), 'request with api key 72'))

test('a version that is not served closes its connection before its body is read', () =>
  closes(frame(12, 99, Buffer.alloc(8)).subarray(0, 8), 'Heartbeat request with version 99'))

test('an ApiVersions of an unknown version that claims 100 MB closes its connection', () =>
  closes(
    Buffer.concat([int32(100 * MiB), frame(18, 99, Buffer.alloc(0)).subarray(4)]),
    'ApiVersions request with version 99',
  ))

test('a body that is cut short closes its connection', () => {
  const whole = Buffer.concat(heartbeatRequest(1))
  const cut = whole.subarray(0, -3)
  cut.writeInt32BE(cut.length - 4, 0)
  return closes(cut, "Heartbeat v4 that can't be read")
})

test('a body with bytes left over closes its connection', () => {
  const long = Buffer.concat([...heartbeatRequest(1), Buffer.alloc(5)])
  long.writeInt32BE(long.length - 4, 0)
  return closes(long, "Heartbeat v4 that can't be read")
})

const longMetadata = (more: number): Uint8Array =>
  frame(3, 1, Buffer.concat([int32(77), Buffer.from([0xff, 0xff]), int32(0), Buffer.alloc(more)]))

test('a Metadata request with three bytes left over is answered, for librdkafka 2.16 sends them', async () => {
  await using rig = await Rig.open([heartbeat, metadata])
  const client = await rig.connect()
  client.send(longMetadata(3))
  assert.equal((await client.answer(metadataApi, 1)).correlationId, 77)
})

test('a Metadata request with four bytes left over closes its connection', () =>
  closes(longMetadata(4), "Metadata v1 that can't be read"))

test('a TLS client on the plain port is told apart in the log', () =>
  closes(Buffer.from('16030102000100', 'hex'), 'which looks like the start of a TLS connection'))

test('an HTTP client on the Kafka port is told apart in the log', () =>
  closes(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'), 'which looks like HTTP'))

test('CVE-2026-111115: twenty million tagged fields in a header close their connection at once', async () => {
  const fields = Buffer.alloc(2 * 20_000_000)
  const tagged = (tagCount: readonly number[]): Promise<void> => {
    const bytes = frame(12, 4, Buffer.concat([int32(1), Buffer.from([0xff, 0xff]), Buffer.from(tagCount), fields]))
    return closes(bytes, 'a connection is closed')
  }
  // Beside as many bytes of which but a hundred say that they are fields.
  const fewMs = await leastCpuMs(() => tagged([100]))
  const manyMs = await leastCpuMs(() => tagged([0x80, 0xda, 0xc4, 0x09]))
  assert.ok(manyMs < 3 * fewMs, `${manyMs} ms of CPU time, beside ${fewMs}`)
})

test('CVE-2026-111108: an array that claims two billion elements closes its connection, nothing allocated', async () => {
  const before = process.memoryUsage().rss
  const header = Buffer.concat([int32(1), Buffer.from([0xff, 0xff])])
  await closes(frame(3, 1, Buffer.concat([header, int32(2_000_000_000)])), "Metadata v1 that can't be read")
  assert.ok(process.memoryUsage().rss - before < 64 * MiB)
})

test('random bytes never do more than close their connection', async () => {
  await using rig = await Rig.open([heartbeat, metadata])
  const other = await rig.connect()
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
      const hostile = await rig.connect()
      hostile.send(bytes)
      hostile.socket.end()
      await hostile.closed
      assert.ok(await isServed(other))
    }),
    { numRuns: 200 },
  )
  assert.equal(rig.budget.heldBytes, 0)
})

test('frames that are whole but for their body never do more than close their connection', async () => {
  await using rig = await Rig.open([heartbeat, metadata])
  const other = await rig.connect()
  const anyFrame = fc.tuple(fc.constantFrom(3, 12, 18), fc.nat(13), fc.uint8Array({ maxLength: 200 }))
  await fc.assert(
    fc.asyncProperty(anyFrame, async ([key, version, rest]) => {
      const hostile = await rig.connect()
      hostile.send(frame(key, version, rest))
      hostile.socket.end()
      await hostile.closed
      assert.ok(await isServed(other))
    }),
    { numRuns: 200 },
  )
  assert.equal(rig.budget.heldBytes, 0)
})

test('a client that goes away in the middle of a frame leaves nothing behind', async () => {
  await using rig = await Rig.open([heartbeat])
  const client = await rig.connect()
  client.send(Buffer.concat(heartbeatRequest(1)).subarray(0, 20))
  await until(() => rig.budget.heldBytes > 0)
  client.socket.destroy()
  await until(() => rig.server.connectionCount === 0)
  assert.equal(rig.budget.heldBytes, 0)
})

test('a client that sends half a request and nothing more is cut after request.stall.timeout.ms', async () => {
  await using rig = await Rig.open([heartbeat])
  const [slow, other] = [await rig.connect(), await rig.connect()]
  slow.send(Buffer.concat(heartbeatRequest(1)).subarray(0, 20))
  await until(() => rig.budget.heldBytes > 0)
  await rig.clock.advance('46s')
  await slow.closed
  assert.ok(rig.logged('it sent part of a request and nothing for'))
  assert.equal(rig.budget.heldBytes, 0)
  assert.ok(await isServed(other))
})

test('a client that drips a request while others wait for its memory is cut', async () => {
  const settings = { 'queued.max.request.bytes': '1000', 'socket.request.max.bytes': '1000' }
  await using rig = await Rig.open([heartbeat], settings)
  const [dripping, other] = [await rig.connect(), await rig.connect()]
  const large = Buffer.concat(heartbeatRequest(1, 'm'.repeat(450)))
  dripping.send(large.subarray(0, 20))
  await until(() => rig.budget.heldBytes > 0)
  const small = Buffer.concat(heartbeatRequest(5, 'm'.repeat(100)))
  other.send(small.subarray(0, 50))
  await until(() => rig.budget.waiting === 1)
  for (let i = 0; i < 12; i += 1) {
    await rig.clock.advance('4s')
    dripping.send(large.subarray(20 + i, 21 + i))
    await turns()
  }
  await dripping.closed
  assert.ok(rig.logged('to send a request whose memory others wait for'))
  other.send(small.subarray(50))
  assert.equal((await other.answer(heartbeatApi, 4)).correlationId, 5)
})

test('requests wait for memory and are answered when there is some', async () => {
  const settings = { 'queued.max.request.bytes': '2000', 'socket.request.max.bytes': '2000' }
  await using rig = await Rig.open([heartbeat], settings)
  const [first, second] = [await rig.connect(), await rig.connect()]
  const large = Buffer.concat(heartbeatRequest(1, 'm'.repeat(900)))
  first.send(large.subarray(0, 500))
  await until(() => rig.budget.heldBytes > 0)
  second.send(large.subarray(0, 500))
  await until(() => rig.budget.waiting === 1)
  first.send(large.subarray(500))
  second.send(large.subarray(500))
  assert.equal((await first.answer(heartbeatApi, 4)).correlationId, 1)
  assert.equal((await second.answer(heartbeatApi, 4)).correlationId, 1)
})

test('clients that announce large requests hold all the memory, and a request that is here whole is served', async () => {
  const settings = { 'queued.max.request.bytes': '2000', 'socket.request.max.bytes': '2000' }
  await using rig = await Rig.open([heartbeat], settings)
  const [first, second, other] = [await rig.connect(), await rig.connect(), await rig.connect()]
  const large = Buffer.concat(heartbeatRequest(1, 'm'.repeat(900)))
  for (const announcing of [first, second]) announcing.send(large.subarray(0, 20))
  await until(() => rig.budget.waiting === 1)
  assert.ok(await isServed(other))
  await rig.clock.advance('11s')
  await first.closed
  assert.ok(rig.logged('it sent part of a request and nothing for'))
})

test('a client that never reads its responses is not read from, then cut, and another one is served', async () => {
  await using rig = await Rig.open([heartbeat, fetching])
  const [deaf, other] = [await rig.connect(), await rig.connect()]
  deaf.socket.pause()
  for (let id = 0; id < 100; id += 1) deaf.send(...fetchRequest(id))
  await until(() => rig.server.unsentBytes > 0)
  await turns(100)
  // One response at a time is on its way: of the hundred that were asked for, no second one has begun.
  assert.ok(rig.server.unsentBytes <= 9 * MiB, `${rig.server.unsentBytes} bytes wait`)
  assert.ok(await isServed(other))
  await rig.clock.advance('5m')
  await until(() => rig.server.connectionCount === 1)
  assert.ok(rig.logged('its client read nothing of'))
  assert.equal(rig.server.unsentBytes, 0)
})

test('a large response reaches a client that reads it slowly', async () => {
  await using rig = await Rig.open([fetching])
  const client = await rig.connect()
  client.send(...fetchRequest(3), ...fetchRequest(4))
  const first = await client.answer(fetchApi, 11)
  assert.equal(first.body.responses[0]?.partitions[0]?.records?.length, 8 * MiB)
  assert.equal((await client.answer(fetchApi, 11)).correlationId, 4)
})

test('5,000 connections that say nothing cost little, and a client that talks is served', async () => {
  await using rig = await Rig.open([heartbeat], { 'socket.listen.backlog.size': '5000' })
  const before = process.memoryUsage().rss
  for (let i = 0; i < 10; i += 1) await Promise.all(Array.from({ length: 500 }, () => rig.connect()))
  await until(() => rig.server.connectionCount === 5000)
  const grownBytes = process.memoryUsage().rss - before
  // Both ends of each connection are in this process.
  assert.ok(grownBytes < 200 * MiB, `grown by ${grownBytes} bytes`)
  assert.ok(await isServed(await rig.connect()))
})

const turns = async (count = 20): Promise<void> => {
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => void setImmediate(resolve))
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => void setImmediate(resolve))
}
