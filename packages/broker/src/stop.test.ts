import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { Connection } from '@millrace/connection'
import type { Logger } from '@millrace/kernel'
import { silentLogger } from '@millrace/kernel'
import { buildBatch, createTopicsApi, fetchApi, listOffsetsApi, produceApi } from '@millrace/protocol'
import { until } from '@millrace/testkit/until'
import { runBroker } from './broker.ts'

const versions = { max: 12 }

async function run(t: TestContext, directory: string, log: Logger = silentLogger) {
  const settings = [
    ['listeners', 'PLAINTEXT://127.0.0.1:0'],
    ['http.listeners', 'http://127.0.0.1:0'],
    ['log.dirs', directory],
  ] as const
  const broker = await runBroker({ settings, log })
  t.after(() => broker.close())
  const [listener] = broker.listeners
  const connect = () => Connection.connect({ host: '127.0.0.1', port: listener?.port ?? 0 })
  return { broker, connect }
}

function produce(connection: Connection, value: string) {
  const records = buildBatch({
    records: [{ key: null, value: new TextEncoder().encode(value), timestampMs: Date.now() }],
  })
  const topicData = [{ name: 'orders', partitionData: [{ index: 0, records }] }]
  return connection.request(produceApi, { acks: -1, timeoutMs: 5_000, topicData }, { versions })
}

/** Writes one record after the other until its connection ends or the broker is gone, and counts what was acknowledged. */
async function produceUntilStopped(connection: Connection, counts: { acknowledged: number }): Promise<void> {
  for (;;) {
    const answer = await produce(connection, `value ${counts.acknowledged}`).catch(() => null)
    if (answer?.responses[0]?.partitionResponses[0]?.errorCode !== 0) return
    counts.acknowledged += 1
  }
}

async function isFetchParked(httpPort: number | undefined): Promise<boolean> {
  const metrics = await fetch(`http://127.0.0.1:${httpPort}/metrics`)
  return /^millrace_parked_fetches(?:\{.*\})? 1$/m.test(await metrics.text())
}

test('a stop under load answers what waits, keeps what was acknowledged, and leaves nothing to be checked', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-stop-'))
  const warnings: string[] = []
  const log = { ...silentLogger, warn: (text: string) => warnings.push(text), child: () => log }
  const { broker, connect } = await run(t, directory, log)
  const [producer, consumer] = [await connect(), await connect()]
  const topic = (name: string) => ({ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] })
  await producer.request(createTopicsApi, { topics: [topic('orders'), topic('quiet')] })
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000 }]
  const wish = { maxWaitMs: 30_000, minBytes: 1, topics: [{ topic: 'quiet', partitions }] }
  const waiting = consumer.request(fetchApi, wish, { versions })
  const counts = { acknowledged: 0 }
  const producing = produceUntilStopped(producer, counts)
  const [httpPort] = broker.httpPorts
  await until('one waits and one writes', async () => counts.acknowledged > 0 && (await isFetchParked(httpPort)))

  const closing = broker.close()
  const health = await fetch(`http://127.0.0.1:${httpPort}/health/ready`)
  assert.equal(health.status, 503)
  await waiting
  await producing
  await closing
  const { acknowledged } = counts
  assert.ok(existsSync(join(directory, '.kafka_cleanshutdown')))

  const again = await run(t, directory, log)
  const timestamps = [{ partitionIndex: 0, timestamp: -1 }]
  const body = { replicaId: -1, topics: [{ name: 'orders', partitions: timestamps }] }
  const end = (await (await again.connect()).request(listOffsetsApi, body)).topics[0]?.partitions[0]?.offset ?? -1
  assert.ok(acknowledged > 0 && end >= acknowledged, `${acknowledged} acknowledged, ${end} there`)
  assert.deepEqual(warnings, [])
  await again.broker.close()
  rmSync(directory, { recursive: true, force: true })
})
