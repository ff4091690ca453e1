import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Connection } from '@millrace/connection'
import { buildBatch, createTopicsApi, listOffsetsApi, produceApi } from '@millrace/protocol'
import { startBroker } from './broker.ts'

async function earliest(connection: Connection): Promise<number | undefined> {
  const topics = [{ name: 'orders', partitions: [{ partitionIndex: 0, timestamp: -2 }] }]
  const response = await connection.request(listOffsetsApi, { replicaId: -1, topics })
  return response.topics[0]?.partitions[0]?.offset
}

test('records of a topic with default settings are gone when the clock was moved by 7 days', async (t) => {
  await using broker = await startBroker()
  const connection = await Connection.connect({ host: broker.host, port: broker.port })
  t.after(() => connection.close())
  const orders = { name: 'orders', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
  await connection.request(createTopicsApi, { topics: [orders] })
  const record = { key: null, value: null, timestampMs: broker.clock.wallMs() - 1 }
  const topicData = [{ name: 'orders', partitionData: [{ index: 0, records: buildBatch({ records: [record] }) }] }]
  await connection.request(produceApi, { acks: -1, timeoutMs: 5_000, topicData }, { versions: { max: 12 } })
  await broker.clock.advance('7d', { keepSessions: true })
  assert.equal(await earliest(connection), 1)
})
