import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import {
  type AnyApi,
  buildBatch,
  describeClusterApi,
  fetchApi,
  findCoordinatorApi,
  initProducerIdApi,
  joinGroupApi,
  listOffsetsApi,
  metadataApi,
  produceApi,
} from '@millrace/protocol'
import type { MovableClock } from '@millrace/kernel'
import { clientClock } from '@millrace/testkit/client-clock'
import { until } from '@millrace/testkit/until'
import { type Act, FakeBroker, lies } from '@millrace/testkit/fake-broker'
import { Admin } from './admin/admin.ts'
import { Consumer } from './consumer/consumer.ts'
import { Producer } from './producer/producer.ts'

const topicId = 'AAAAAAAAAAAAAAAAAAAAAQ'

/** A broker that is right about everything that a client asks first. */
async function honest(t: TestContext): Promise<FakeBroker> {
  const broker = await FakeBroker.start(t)
  const at = { nodeId: 1, host: broker.host, port: broker.port }
  const partition = { errorCode: 0, partitionIndex: 0, leaderId: 1, leaderEpoch: 1, replicaNodes: [1], isrNodes: [1] }
  broker.answer(metadataApi, ({ topics }) => ({
    brokers: [at],
    clusterId: 'c',
    controllerId: 1,
    topics: (topics ?? []).map(({ name }) => ({ errorCode: 0, name, topicId, partitions: [partition] })),
  }))
  broker.answer(initProducerIdApi, () => ({ errorCode: 0, producerId: 7, producerEpoch: 0 }))
  broker.answer(findCoordinatorApi, ({ coordinatorKeys }) => ({
    coordinators: coordinatorKeys.map((key) => ({ key, ...at, errorCode: 0, errorMessage: null })),
  }))
  broker.answer(listOffsetsApi, ({ topics }) => ({
    topics: topics.map(({ name }) => ({
      name,
      partitions: [{ partitionIndex: 0, errorCode: 0, timestamp: -1, offset: 0 }],
    })),
  }))
  for (const api of [produceApi, fetchApi, joinGroupApi, describeClusterApi]) broker.act(api, () => {})
  return broker
}

interface Errand {
  readonly api: AnyApi
  /** What fails where the broker lies to it. */
  readonly run: (bootstrapServers: string) => Promise<unknown>
}

const inAdmin = (work: (admin: Admin) => Promise<unknown>) => async (bootstrapServers: string) => {
  await using admin = new Admin({ bootstrapServers })
  return await work(admin)
}

async function produce(bootstrapServers: string): Promise<unknown> {
  await using producer = new Producer({ bootstrapServers, lingerMs: 0 })
  return await producer.send({ topic: 'orders', value: 'v' })
}

const errands: Readonly<Record<string, Errand>> = {
  'Admin, asking for the cluster': { api: describeClusterApi, run: inAdmin((admin) => admin.describeCluster()) },
  'Admin, asking for topics': { api: metadataApi, run: inAdmin((admin) => admin.listTopics()) },
  'Admin, asking for offsets': {
    api: listOffsetsApi,
    run: inAdmin((admin) => admin.listOffsets([{ topic: 'orders', partition: 0, at: 'latest' }])),
  },
  'Producer, asking for metadata': { api: metadataApi, run: produce },
  'Producer, asking who it is': { api: initProducerIdApi, run: produce },
  'Producer, sending': { api: produceApi, run: produce },
}

// What all the lies of a test together may hold on to; pages that were promised and never came cost nothing.
const heldBytesMax = 150 * 1024 * 1024

// Each of the lies has been told once, and has cost a request its time, before the time of the whole is up.
async function timePasses(clock: MovableClock): Promise<void> {
  for (let passedMs = 0; passedMs <= 120_000; passedMs += 10_000) {
    await clock.advance(10_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

suite('what a broker lies to costs an error with its address and the request', () => {
  for (const [who, { api, run }] of Object.entries(errands)) {
    test(`${who} (${api.name})`, async (t) => {
      const clock = clientClock(t)
      const told = new Set<string>()
      const tell = async ([lie, act]: readonly [string, Act]): Promise<void> => {
        const broker = await honest(t)
        broker.act(api, (request, socket) => {
          told.add(lie)
          act(request, socket)
        })
        const said = new RegExp(`${api.name} to ${broker.bootstrapServers}`)
        await assert.rejects(run(broker.bootstrapServers), { message: said }, lie)
      }
      const heldBefore = process.memoryUsage().rss
      const telling = Promise.all(Object.entries(lies).map(tell))
      await until('all lies are told', () => told.size === Object.keys(lies).length)
      await timePasses(clock)
      await telling
      assert.ok(process.memoryUsage().rss - heldBefore < heldBytesMax)
    })
  }
})

// Joining may take as long as a rebalance, so that silence there is no lie.
const slow = new Set(['silence', 'an answer that never ends'])
const patient = { requestTimeoutMs: 500, retryBackoffMaxMs: 100, reconnectBackoffMaxMs: 100 }

for (const api of [metadataApi, listOffsetsApi, fetchApi, findCoordinatorApi, joinGroupApi]) {
  test(`Consumer: a broker that lies to ${api.name} is asked again, and what it said is told with its address`, async (t) => {
    const broker = await honest(t)
    const acts = Object.entries(lies).filter(([lie]) => api !== joinGroupApi || !slow.has(lie))
    const heldBefore = process.memoryUsage().rss
    let told = ''
    let lied = 0
    const everyLie = Promise.withResolvers<void>()
    broker.act(api, (request, socket) => {
      const [, act] = acts[lied++ % acts.length]!
      act(request, socket)
      if (lied === acts.length + 1) everyLie.resolve()
    })
    const tell = (_message: string, fields = {}): void => void (told += JSON.stringify(fields))
    const group = api === findCoordinatorApi || api === joinGroupApi ? { groupId: 'g' } : {}
    const consumer = new Consumer({
      ...patient,
      ...group,
      bootstrapServers: broker.bootstrapServers,
      topics: 'orders',
      autoOffsetReset: 'earliest',
      fetchMaxWaitMs: 50,
      logger: { error: tell, warn: tell, info: tell, debug: tell },
    })
    const reading = read(consumer)
    await Promise.race([everyLie.promise, reading])
    await consumer.close()
    await reading
    assert.match(told, new RegExp(`${api.name} to ${broker.bootstrapServers}`))
    assert.ok(process.memoryUsage().rss - heldBefore < heldBytesMax)
  })
}

test('an answer to a fetch that is longer than what was asked for, and a batch, is refused with a warning', async (t) => {
  const broker = await honest(t)
  const length = 20 * 1024 * 1024
  broker.act(fetchApi, ({ correlationId }, socket) => {
    const head = Buffer.alloc(8)
    head.writeInt32BE(length)
    head.writeInt32BE(correlationId, 4)
    socket.write(head)
  })
  const warned = Promise.withResolvers<unknown>()
  const nothing = (): void => undefined
  await using consumer = new Consumer({
    ...patient,
    bootstrapServers: broker.bootstrapServers,
    topics: 'orders',
    autoOffsetReset: 'earliest',
    fetchMaxBytes: 1_000_000,
    maxDecompressedBytes: 2_000_000,
    logger: { error: nothing, info: nothing, debug: nothing, warn: (_message, fields) => warned.resolve(fields) },
  })
  const reading = read(consumer)
  const bound = 2_000_000 + 16 * 1024 * 1024 + 1_024
  const said = `got ${length}, expected 0 to ${bound} (Fetch to ${broker.bootstrapServers})`
  assert.ok(JSON.stringify(await warned.promise).includes(said))
  await consumer.close()
  await reading
})

/** Reads until the consumer is closed: there is nothing to read. */
async function read(consumer: Consumer): Promise<void> {
  for await (const record of consumer) assert.fail(`got ${String(record.value)}`)
}

const bytesOfNothing = 140 * 1024 * 1024

function damaged(): Uint8Array {
  const bytes = buildBatch({ records: [{ key: null, value: Buffer.from('value'), timestampMs: 1 }] })
  bytes[bytes.length - 2]! ^= 1
  return bytes
}

const badRecords: Readonly<Record<string, () => Uint8Array>> = {
  'a wrong CRC': damaged,
  'a batch longer than the answer': () => damaged().subarray(0, 70),
  'bytes that are no batch': () => Buffer.alloc(200, 0x55),
  'a bomb': () =>
    buildBatch({ compression: 'zstd', records: [{ key: null, value: Buffer.alloc(bytesOfNothing), timestampMs: 1 }] }),
}

for (const [what, make] of Object.entries(badRecords)) {
  test(`Consumer: ${what} ends the loop with an error that has the broker and Fetch`, async (t) => {
    const broker = await honest(t)
    const records = make()
    broker.answer(fetchApi, ({ topics }) => ({
      responses: topics.map(({ topic, topicId: id }) => ({
        topic,
        topicId: id,
        partitions: [
          {
            partitionIndex: 0,
            errorCode: 0,
            highWatermark: 5,
            lastStableOffset: 5,
            abortedTransactions: null,
            records,
          },
        ],
      })),
    }))
    await using consumer = new Consumer({
      bootstrapServers: broker.bootstrapServers,
      topics: 'orders',
      autoOffsetReset: 'earliest',
    })
    const said = new RegExp(`CORRUPT_MESSAGE: .*Fetch to ${broker.bootstrapServers}`)
    await assert.rejects(read(consumer), { message: said })
  })
}
