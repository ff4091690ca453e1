// What a client of a fetch session is told of partitions in which nothing was written.
import type { FetchResponse } from '@millrace/protocol'
import { buildBatch, createTopicsApi, deleteRecordsApi, deleteTopicsApi, errorName, fetchApi } from '@millrace/protocol'
import { produceApi } from '@millrace/protocol'
import { Connection } from '@millrace/connection'
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { Broker } from './broker.ts'
import { startBroker } from './broker.ts'

const versions = { max: 12 }

/** A consumer at the end of a topic of three partitions, whose session has told it all. */
class Settled {
  readonly connection: Connection
  readonly #sessionId: number
  #epoch = 1

  constructor(connection: Connection, sessionId: number) {
    this.connection = connection
    this.#sessionId = sessionId
  }

  async fetch(): Promise<FetchResponse> {
    const session = { sessionId: this.#sessionId, sessionEpoch: this.#epoch }
    this.#epoch += 1
    return this.connection.request(fetchApi, { maxWaitMs: 0, minBytes: 1, topics: [], ...session }, { versions })
  }

  async news(): Promise<(string | number)[][]> {
    const { errorCode, responses } = await this.fetch()
    assert.equal(errorName(errorCode), 'NONE')
    return responses.flatMap(({ partitions }) =>
      partitions.map((one) => [one.partitionIndex, errorName(one.errorCode), one.logStartOffset]),
    )
  }
}

async function settledConsumer(broker: Broker, t: TestContext, config: Record<string, string> = {}): Promise<Settled> {
  const connection = await Connection.connect({ host: broker.host, port: broker.port })
  t.after(() => connection.close())
  const configs = Object.entries(config).map(([name, value]) => ({ name, value }))
  const topics = [{ name: 'orders', numPartitions: 3, replicationFactor: 1, assignments: [], configs }]
  await connection.request(createTopicsApi, { topics })
  const record = { key: null, value: new Uint8Array(10), timestampMs: broker.clock.wallMs() }
  const partitionData = [0, 1, 2].map((index) => ({ index, records: buildBatch({ records: [record, record] }) }))
  const topicData = [{ name: 'orders', partitionData }]
  await connection.request(produceApi, { acks: -1, timeoutMs: 5_000, topicData }, { versions })
  const partitions = [0, 1, 2].map((partition) => ({ partition, fetchOffset: 2, partitionMaxBytes: 1_000 }))
  const asked = [{ topic: 'orders', partitions }]
  const opening = { maxWaitMs: 0, minBytes: 1, sessionId: 0, sessionEpoch: 0, topics: asked }
  const { sessionId } = await connection.request(fetchApi, opening, { versions })
  const settled = new Settled(connection, sessionId)
  for (let i = 0; i < 2; i += 1) assert.deepEqual(await settled.news(), [])
  return settled
}

test('a session tells that records were deleted', async (t) => {
  await using broker = await startBroker()
  const consumer = await settledConsumer(broker, t)
  const topics = [{ name: 'orders', partitions: [{ partitionIndex: 1, offset: 1 }] }]
  await consumer.connection.request(deleteRecordsApi, { topics, timeoutMs: 1_000 })
  assert.deepEqual(await consumer.news(), [[1, 'NONE', 1]])
  assert.deepEqual(await consumer.news(), [])
})

test('a session tells what retention took', async (t) => {
  await using broker = await startBroker()
  const consumer = await settledConsumer(broker, t, { 'retention.ms': '60000' })
  await broker.clock.advance('1h', { keepSessions: true })
  const news = await consumer.news()
  assert.deepEqual(
    new Map(news.map(([partition, ...rest]) => [partition, rest])),
    new Map([0, 1, 2].map((partition) => [partition, ['NONE', 2]])),
  )
})

test('a session tells that a topic is gone, as often as it is asked', async (t) => {
  await using broker = await startBroker()
  const consumer = await settledConsumer(broker, t)
  await consumer.connection.request(
    deleteTopicsApi,
    { topicNames: ['orders'], timeoutMs: 1_000 },
    { versions: { max: 5 } },
  )
  for (let i = 0; i < 2; i += 1) {
    assert.deepEqual(
      (await consumer.news()).map(([, error]) => error),
      Array(3).fill('UNKNOWN_TOPIC_OR_PARTITION'),
    )
  }
})
