import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { Connection } from '@millrace/connection'
import type { Codec } from '@millrace/protocol'
import { batches, batchField, buildBatch, createTopicsApi, fetchApi, produceApi } from '@millrace/protocol'
import { startBroker } from './broker.ts'

const versions = { max: 12 }
const topic = 'recompressed'

/** Half of it is noise: large in every codec. */
const valueOf = (bytes: number): Uint8Array => Buffer.concat([randomBytes(bytes / 2), new Uint8Array(bytes / 2)])

function batchOf(sequence: number, compression: Codec): Uint8Array {
  const value = valueOf(sequence % 3 === 0 ? 600_000 : 200)
  const records = [{ key: null, value, timestampMs: Date.now() }]
  return buildBatch({ records, compression, producerId: 9, producerEpoch: 0, baseSequence: sequence })
}

async function baseOffsetOf(connection: Connection, records: Uint8Array, acks: number): Promise<number | string> {
  const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }]
  const { responses } = await connection.request(produceApi, { acks, timeoutMs: 30_000, topicData }, { versions })
  const result = responses[0]?.partitionResponses[0]
  return result?.errorCode === 0 ? result.baseOffset : `error ${result?.errorCode}: ${result?.errorMessage}`
}

/** Of every batch: its base offset, the producer's sequence and its codec. */
async function written(connection: Connection, until: number): Promise<readonly (readonly number[])[]> {
  const found: (readonly number[])[] = []
  while (found.length < until) {
    const partitions = [{ partition: 0, fetchOffset: found.length, partitionMaxBytes: 1_000_000 }]
    const { responses } = await connection.request(
      fetchApi,
      { maxWaitMs: 100, minBytes: 1, topics: [{ topic, partitions }] },
      { versions },
    )
    const records = responses[0]?.partitions[0]?.records
    assert.ok(records instanceof Uint8Array && records.length > 0, `nothing at offset ${found.length}`)
    for (const at of batches(records)) {
      const codec = batchField.attributes(records, at) & 7
      found.push([batchField.baseOffset(records, at), batchField.baseSequence(records, at), codec])
    }
  }
  return found
}

test('pipelined batches, large and small, of an idempotent producer are written and answered in order', async () => {
  await using broker = await startBroker()
  const connection = await Connection.connect({ host: broker.host, port: broker.port })
  const configs = [{ name: 'compression.type', value: 'lz4' }]
  const created = { name: topic, numPartitions: 1, replicationFactor: 1, assignments: [], configs }
  await connection.request(createTopicsApi, { topics: [created] })
  const codecs = ['gzip', 'zstd', 'none', 'lz4'] as const
  const sequences = Array.from({ length: 24 }, (_, sequence) => sequence)
  const answers = sequences.map((sequence) =>
    baseOffsetOf(connection, batchOf(sequence, codecs[sequence % 4] ?? 'none'), sequence % 2 === 0 ? -1 : 1),
  )
  assert.deepEqual(await Promise.all(answers), sequences)
  const lz4 = 3
  const expected = sequences.map((sequence) => [sequence, sequence, lz4])
  assert.deepEqual(await written(connection, sequences.length), expected)
  connection.close()
})
