import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { Connection } from '@millrace/connection'
import { buildBatch, createTopicsApi, initProducerIdApi, produceApi } from '@millrace/protocol'
import type { Broker } from '../broker.ts'
import { startBroker } from '../broker.ts'

const value = new TextEncoder().encode('a')

async function connect(broker: Broker, t: TestContext): Promise<Connection> {
  const connection = await Connection.connect({ host: broker.host, port: broker.port })
  t.after(() => connection.close())
  return connection
}

async function newProducer(connection: Connection): Promise<number> {
  const request = { transactionalId: null, transactionTimeoutMs: 0, producerId: -1, producerEpoch: -1 }
  return (await connection.request(initProducerIdApi, request)).producerId
}

async function produceAs(producerId: number, connection: Connection): Promise<number | undefined> {
  const sender = { producerId, producerEpoch: 0, baseSequence: 0 }
  const records = buildBatch({ ...sender, records: [{ key: null, value, timestampMs: Date.now() }] })
  const topicData = [{ name: 'orders', partitionData: [{ index: 0, records }] }]
  const request = { acks: -1, timeoutMs: 5_000, topicData }
  const response = await connection.request(produceApi, request, { versions: { max: 12 } })
  return response.responses[0]?.partitionResponses[0]?.errorCode
}

test('a producer gets no id that the adopted logs remember', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-adoption-'))
  t.after(() => rmSync(directory, { recursive: true }))
  let before: number
  {
    await using broker = await startBroker({ storage: { directory } })
    const connection = await connect(broker, t)
    const orders = { name: 'orders', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
    await connection.request(createTopicsApi, { topics: [orders] })
    before = await newProducer(connection)
    assert.equal(await produceAs(before, connection), 0)
  }
  rmSync(join(directory, 'millrace-metadata'), { recursive: true })
  rmSync(join(directory, 'millrace-broker.json'))
  await using broker = await startBroker({ storage: { directory } })
  const connection = await connect(broker, t)
  const producerId = await newProducer(connection)
  assert.ok(producerId > before, `got ${producerId}, expected more than ${before}`)
  assert.equal(await produceAs(producerId, connection), 0)
})
