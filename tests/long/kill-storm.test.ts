// Hundreds of kills of a broker while idempotent producers write: every record that was acknowledged is there, once and in
// order, and whatever was in doubt is settled by sending it again.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '@millrace/connection'
import {
  batches,
  buildBatch,
  errorName,
  fetchApi,
  initProducerIdApi,
  produceApi,
  readRecords,
} from '@millrace/protocol'
import { portOf, unexpectedErrors } from '../hostile/broker-under-test.ts'
import { createTopic } from '../hostile/bystander.ts'
import { Target } from '../interop/target/target.ts'

const kills = Number(process.env['KILLS'] ?? 300)
const topics = ['storm-0', 'storm-1', 'storm-2']
const versions = { max: 12 }
const recordsPerBatch = 3

const connect = (target: Target): Promise<Connection> => Connection.connect({ host: '127.0.0.1', port: portOf(target) })

/** Writes one batch after the other to a topic; one that got no answer is the first to be sent in the broker's next life. */
class Writer {
  readonly topic: string
  readonly #producerId: number
  /** By base offset: what was acknowledged there. */
  readonly acknowledged: { readonly offset: number; readonly sequence: number }[] = []
  #sequence = 0

  constructor(topic: string, producerId: number) {
    this.topic = topic
    this.#producerId = producerId
  }

  /** Until the connection breaks. */
  async write(connection: Connection): Promise<void> {
    try {
      for (;;) await this.#writeOne(connection)
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error
    }
  }

  async #writeOne(connection: Connection): Promise<void> {
    const sequence = this.#sequence
    const records = buildBatch({
      producerId: this.#producerId,
      producerEpoch: 0,
      baseSequence: sequence,
      compression: sequence % 2 === 0 ? 'none' : 'lz4',
      records: Array.from({ length: recordsPerBatch }, (_, i) => ({
        key: null,
        value: Buffer.from(`${this.topic} ${sequence + i}`),
        timestampMs: Date.now(),
      })),
    })
    const topicData = [{ name: this.topic, partitionData: [{ index: 0, records }] }]
    const { responses } = await connection.request(produceApi, { acks: -1, timeoutMs: 10_000, topicData }, { versions })
    const result = responses[0]?.partitionResponses[0]
    assert.equal(
      errorName(result?.errorCode ?? -1),
      'NONE',
      `${this.topic} at ${sequence}: ${result?.errorMessage ?? ''}`,
    )
    this.acknowledged.push({ offset: result?.baseOffset ?? -1, sequence })
    this.#sequence += recordsPerBatch
  }
}

async function newWriter(connection: Connection, topic: string): Promise<Writer> {
  await createTopic(connection, topic, { 'segment.bytes': String(1024 * 1024) })
  const body = { transactionalId: null, transactionTimeoutMs: 0 }
  const { errorCode, producerId } = await connection.request(initProducerIdApi, body)
  assert.equal(errorCode, 0)
  return new Writer(topic, producerId)
}

async function readAll(connection: Connection, topic: string): Promise<string[]> {
  const values: string[] = []
  for (;;) {
    const partitions = [{ partition: 0, fetchOffset: values.length, partitionMaxBytes: 4 * 1024 * 1024 }]
    const body = { maxWaitMs: 0, minBytes: 0, topics: [{ topic, partitions }] }
    const { responses } = await connection.request(fetchApi, body, { versions })
    const partition = responses[0]?.partitions[0]
    assert.equal(partition?.errorCode, 0)
    const bytes = partition?.records ?? Buffer.alloc(0)
    const before = values.length
    for (const position of batches(bytes)) {
      for (const { offset, value } of readRecords(bytes, {}, position)) {
        if (offset < before) continue
        assert.equal(offset, values.length, `${topic}: offsets without gaps`)
        values.push(Buffer.from(value ?? []).toString())
      }
    }
    if (values.length === before) return values
  }
}

async function verify(target: Target, writers: readonly Writer[]): Promise<number> {
  const connection = await connect(target)
  let count = 0
  for (const { topic, acknowledged } of writers) {
    const values = await readAll(connection, topic)
    for (const [position, value] of values.entries()) assert.equal(value, `${topic} ${position}`, 'once and in order')
    for (const { offset, sequence } of acknowledged)
      assert.equal(offset, sequence, `${topic}: where it was acknowledged`)
    const last = acknowledged.at(-1)
    if (last !== undefined)
      assert.ok(values.length >= last.offset + recordsPerBatch, `${topic}: all that was acknowledged`)
    count += values.length
  }
  connection.close()
  return count
}

test(`${kills} times kill -9 while producing: every acknowledged record is there, in order, once`, async (t) => {
  const target = await Target.start()
  const first = await connect(target)
  const writers = await Promise.all(topics.map((topic) => newWriter(first, topic)))
  first.close()
  for (let kill = 1; kill <= kills; kill += 1) {
    const connections = await Promise.all(writers.map(() => connect(target)))
    const writing = Promise.all(writers.map((writer, i) => writer.write(connections[i]!)))
    await sleep(Math.random() * 150)
    await target.kill()
    await writing
    await target.startAgain()
    if (kill % 25 === 0) await verify(target, writers)
  }
  t.diagnostic(`${await verify(target, writers)} records`)
  assert.deepEqual(unexpectedErrors(target), [])
})
