// Clients that say nothing, read nothing, go away or take their time: what they cost has a bound, and others are served.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '@millrace/connection'
import { apiVersionsApi, encodeRequest, fetchApi, produceApi } from '@millrace/protocol'
import { Target } from '../interop/target/target.ts'
import { goodBatch } from './bad-batches.ts'
import { portOf, residentBytes, unexpectedErrors, watchLog } from './broker-under-test.ts'
import { Bystander, createTopic } from './bystander.ts'
import { RawClient, tryProduce } from './raw-client.ts'

const MiB = 1024 * 1024
const stallMs = 5_000
const settings = {
  'socket.listen.backlog.size': '5000',
  'queued.max.request.bytes': String(32 * MiB),
  'socket.request.max.bytes': String(8 * MiB),
  'queued.max.response.bytes': String(16 * MiB),
  'request.stall.timeout.ms': String(stallMs),
  'response.stall.timeout.ms': String(stallMs),
}
const target = await Target.start({ settings })
const port = portOf(target)
const bystander = await Bystander.start(port, 10_000)
after(() => bystander[Symbol.asyncDispose]())

const connectAll = (count: number): Promise<RawClient[]> =>
  Promise.all(Array.from({ length: count }, () => RawClient.connect(port)))

const destroyAll = (clients: readonly RawClient[]): void => {
  for (const client of clients) client[Symbol.dispose]()
}

/** The memory that it takes for `work`, which must stay below the bound while it runs and after it. */
async function costsLess(bytesMax: number, work: () => Promise<void>): Promise<void> {
  const before = residentBytes(target)
  let highest = before
  const timer = setInterval(() => {
    highest = Math.max(highest, residentBytes(target))
  }, 20)
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
  const grown = Math.max(highest, residentBytes(target)) - before
  assert.ok(grown < bytesMax, `grown by ${Math.round(grown / MiB)} MiB, expected less than ${bytesMax / MiB}`)
}

test('5,000 connections that say nothing cost little, and a client that talks is served', async () => {
  const clients: RawClient[] = []
  await costsLess(100 * MiB, async () => {
    for (let i = 0; i < 10; i += 1) clients.push(...(await connectAll(500)))
    await bystander.assertServed()
    assert.equal(await tryProduce(port, { topic: 'bystander', records: goodBatch() }), 'NONE')
  })
  for (const client of clients.slice(-3)) assert.ok((await client.request(apiVersionsApi, 0, {})) !== null)
  assert.ok(clients.every((client) => !client.socket.destroyed))
  destroyAll(clients)
  await bystander.assertServed()
})

const fetchAll = (correlationId: number): Uint8Array[] => {
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 8 * MiB }]
  const body = { maxWaitMs: 0, minBytes: 1, maxBytes: 8 * MiB, topics: [{ topic: 'large', partitions }] }
  return encodeRequest(fetchApi, 12, { correlationId, clientId: 'deaf' }, body)
}

test('fifty clients that ask for everything and read nothing are not read from, then cut, and others are served', async () => {
  const admin = await Connection.connect({ host: '127.0.0.1', port })
  await createTopic(admin, 'large')
  admin.close()
  for (let i = 0; i < 16; i += 1) {
    assert.equal(
      await tryProduce(port, { topic: 'large', records: goodBatch({ count: 1, valueBytes: MiB - 1_000 }) }),
      'NONE',
    )
  }
  const logged = watchLog(target)
  const clients = await connectAll(50)
  await costsLess(150 * MiB, async () => {
    for (const client of clients) {
      client.socket.pause()
      for (let id = 0; id < 200; id += 1) client.send(...fetchAll(id))
    }
    await bystander.assertServed()
    await logged(/its client read nothing of \d+ bytes of responses/)
    await bystander.assertServed()
  })
  destroyAll(clients)
  await bystander.assertServed()
})

/** The first half of a Produce of five megabytes. */
function halfRequest(): Uint8Array {
  const records = goodBatch({ count: 1, valueBytes: 5 * MiB })
  const topicData = [{ name: 'bystander', partitionData: [{ index: 0, records }] }]
  const body = { acks: -1, timeoutMs: 1_000, topicData }
  return Buffer.concat(encodeRequest(produceApi, 9, { correlationId: 1, clientId: 'half' }, body)).subarray(0, 2 * MiB)
}

test('clients that go away in the middle of a frame leave nothing behind', async () => {
  const half = halfRequest()
  await costsLess(150 * MiB, async () => {
    for (let round = 0; round < 20; round += 1) {
      const clients = await connectAll(10)
      await Promise.all(
        clients.map((client) => new Promise<void>((resolve) => void client.socket.write(half, () => resolve()))),
      )
      destroyAll(clients)
    }
    await bystander.assertServed()
  })
})

test('clients that announce more than all the memory for requests hold up each other, not those who send small ones', async () => {
  const logged = watchLog(target)
  const clients = await connectAll(12)
  for (const client of clients) client.send(halfRequest().subarray(0, 20))
  const tripsBefore = bystander.trips
  await Promise.all(clients.map((client) => client.closed))
  await logged('it sent part of a request and nothing for')
  await bystander.assertServed()
  assert.ok(bystander.longestMs < stallMs, `another client waited ${bystander.longestMs} ms`)
  assert.ok(bystander.trips - tripsBefore > 20)
})

test('clients that drip while they hold all the memory for requests are cut', async () => {
  const logged = watchLog(target)
  const half = halfRequest()
  const clients = await connectAll(5)
  await costsLess(150 * MiB, async () => {
    for (const client of clients) client.send(half.subarray(0, 100))
    const dripping = setInterval(() => {
      for (const client of clients) if (!client.socket.destroyed) client.send(half.subarray(100, 101))
    }, 50)
    try {
      // On a machine that stops for a second they are silent for too long before they are slow for too long.
      await logged(/to send a request whose memory others wait for|it sent part of a request and nothing for/)
      await bystander.assertServed()
    } finally {
      clearInterval(dripping)
      destroyAll(clients)
    }
  })
})

test('a request that comes a byte at a time is answered', async () => {
  using client = await RawClient.connect(port)
  const topicData = [{ name: 'bystander', partitionData: [{ index: 0, records: goodBatch() }] }]
  const body = { acks: -1, timeoutMs: 1_000, topicData }
  const bytes = Buffer.concat(encodeRequest(produceApi, 9, { correlationId: 1, clientId: 'slow' }, body))
  for (const byte of bytes) {
    client.send(Uint8Array.of(byte))
    await sleep(1)
  }
  assert.ok((await client.response()) !== null)
  await bystander.assertServed()
})

test('two thousand connections that come and go at once are let go', async () => {
  await costsLess(100 * MiB, async () => {
    for (let i = 0; i < 20; i += 1) destroyAll(await connectAll(100))
    await bystander.assertServed()
  })
})

test('a thousand fetches that would wait for ever end with their connections', async () => {
  const topics = [{ topic: 'large', partitions: [{ partition: 0, fetchOffset: 16, partitionMaxBytes: MiB }] }]
  const body = { maxWaitMs: 2 ** 31 - 1, minBytes: 2 ** 31 - 1, topics }
  const forEver = Buffer.concat(encodeRequest(fetchApi, 12, { correlationId: 1, clientId: 'patient' }, body))
  await costsLess(100 * MiB, async () => {
    const clients = await connectAll(1_000)
    for (const client of clients) client.send(forEver)
    await bystander.assertServed()
    destroyAll(clients)
    await bystander.assertServed()
  })
})

test('nothing of all this was an error of the broker', () => {
  assert.deepEqual(unexpectedErrors(target), [])
})
