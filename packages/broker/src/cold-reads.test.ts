import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Connection } from '@millrace/connection'
import { buildBatch, createTopicsApi, fetchApi, produceApi } from '@millrace/protocol'
import { startBroker } from './broker.ts'

const byName = { versions: { max: 12 } }
const mib = 1024 * 1024
const batchesWritten = 96
const pieceBytesMax = 4 * mib
const deadlineMs = 30_000

async function produce(connection: Connection, timestampMs: number): Promise<void> {
  const records = buildBatch({ records: [{ key: null, value: new Uint8Array(64 * 1024), timestampMs }] })
  const topicData = [{ name: 'orders', partitionData: [{ index: 0, records }] }]
  await connection.request(produceApi, { acks: -1, timeoutMs: 30_000, topicData }, byName)
}

/** The bytes that one fetch of at most 8 MiB brings. */
async function fetched(connection: Connection, fetchOffset: number): Promise<number> {
  const topics = [{ topic: 'orders', partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 8 * mib }] }]
  const request = { maxWaitMs: 0, minBytes: 1, maxBytes: 8 * mib, topics, forgottenTopicsData: [] }
  const { responses } = await connection.request(fetchApi, request, byName)
  return responses[0]?.partitions[0]?.records?.length ?? 0
}

test('what lies in files is read in pieces while somebody produces, and as a whole when nobody does', async (t) => {
  await using broker = await startBroker({ settings: { 'log.tail.cache.bytes': mib } })
  const connection = await Connection.connect({ host: broker.host, port: broker.port })
  t.after(() => connection.close())
  const orders = { name: 'orders', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
  await connection.request(createTopicsApi, { topics: [orders] })
  for (let i = 0; i < batchesWritten; i += 1) await produce(connection, broker.clock.wallMs())
  await broker.clock.advance('2s', { keepSessions: true })
  const alone = await fetched(connection, 0)
  assert.ok(alone > pieceBytesMax, `${alone} bytes alone`)
  // A machine that takes a second from the one to the other has nobody who produces any more.
  const giveUpMs = performance.now() + deadlineMs
  let beside = Infinity
  while (beside > pieceBytesMax && performance.now() < giveUpMs) {
    await produce(connection, broker.clock.wallMs())
    beside = await fetched(connection, 0)
  }
  assert.ok(beside > 0 && beside <= pieceBytesMax, `${beside} bytes beside a producer`)
})
