import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BatchFields } from '@millrace/protocol'
import { buildBatch, buildMarkerBatch } from '@millrace/protocol'
import type { AbortedTransaction } from './aborted-transactions.ts'
import { Chunk } from './chunk.ts'

const options = { checkCrcs: true, decompressedBytesMax: 1_000_000 }
const of = { topic: 'orders', partition: 3 }

const batch = (baseOffset: number, values: readonly string[], fields: BatchFields = {}): Uint8Array =>
  buildBatch({
    ...fields,
    baseOffset,
    records: values.map((value) => ({ key: null, value: Buffer.from(value), timestampMs: 1_000 })),
  })

const inTransaction = (baseOffset: number, producerId: number, ...values: string[]): Uint8Array =>
  batch(baseOffset, values, { producerId, producerEpoch: 0, baseSequence: 0, transactional: true })

const marker = (baseOffset: number, producerId: number, committed: boolean): Uint8Array =>
  buildMarkerBatch({ committed, producerId, producerEpoch: 0, coordinatorEpoch: 1, timestampMs: 1_000, baseOffset })

function valuesOf(bytes: Uint8Array, from = 0, aborted: readonly AbortedTransaction[] | null = null): string[] {
  const chunk = new Chunk(of, bytes, aborted, options, 'b:9092')
  const values: string[] = []
  for (let record = chunk.next(from); record !== undefined; record = chunk.next(from)) values.push(String(record.value))
  return values
}

test('records below the offset that was asked for do not come out', () => {
  const bytes = Buffer.concat([batch(0, ['a', 'b']), batch(2, ['c', 'd', 'e'])])
  assert.deepEqual(valuesOf(bytes, 3), ['d', 'e'])
  assert.equal(new Chunk(of, bytes, null, options, 'b:9092').end?.offset, 5)
})

test('a batch that was cut off at the end is left for the next fetch', () => {
  const second = batch(2, ['c'])
  const bytes = Buffer.concat([batch(0, ['a', 'b']), second.subarray(0, second.length - 1)])
  assert.deepEqual(valuesOf(bytes), ['a', 'b'])
  assert.equal(new Chunk(of, bytes, null, options, 'b:9092').end?.offset, 2)
  assert.equal(new Chunk(of, bytes.subarray(0, 50), null, options, 'b:9092').end?.offset, undefined)
})

test('markers of transactions never come out', () => {
  const bytes = Buffer.concat([inTransaction(0, 7, 'a'), marker(1, 7, true), batch(2, ['b'])])
  assert.deepEqual(valuesOf(bytes), ['a', 'b'])
})

test('aborted transactions do not come out, those around them do', () => {
  const bytes = Buffer.concat([
    inTransaction(0, 7, 'aborted'),
    inTransaction(1, 8, 'kept'),
    batch(2, ['plain']),
    inTransaction(3, 7, 'aborted too'),
    marker(4, 7, false),
    marker(5, 8, true),
    inTransaction(6, 7, 'committed later'),
    marker(7, 7, true),
  ])
  assert.deepEqual(valuesOf(bytes, 0, [{ producerId: 7, firstOffset: 0 }]), ['kept', 'plain', 'committed later'])
})

test('two aborted transactions of one producer in one fetch are both hidden, in whatever order they are listed', () => {
  const bytes = Buffer.concat([
    inTransaction(0, 7, 'one'),
    marker(1, 7, false),
    inTransaction(2, 7, 'two'),
    marker(3, 7, true),
    inTransaction(4, 7, 'three'),
    marker(5, 7, false),
  ])
  const aborted = [
    { producerId: 7, firstOffset: 4 },
    { producerId: 7, firstOffset: 0 },
  ]
  assert.deepEqual(valuesOf(bytes, 0, aborted), ['two'])
})

test('a transaction that is aborted beyond this fetch is hidden in it', () => {
  assert.deepEqual(valuesOf(inTransaction(5, 7, 'x', 'y'), 0, [{ producerId: 7, firstOffset: 2 }]), [])
})

test('a wrong CRC is an error with topic and partition', () => {
  const bytes = batch(0, ['a'])
  bytes[bytes.length - 2]! ^= 1
  assert.throws(() => valuesOf(bytes), /has CRC .*orders-3/)
})

test('a value that is kept does not keep the whole answer in memory', () => {
  const small = batch(0, ['a'])
  const answer = Buffer.concat([small, Buffer.alloc(1_000_000)])
  const record = new Chunk(of, answer.subarray(0, small.length), null, options, 'b:9092').next(0)
  // Node's own pool for small buffers is a little more than 64 KiB.
  assert.ok((record?.value?.buffer.byteLength ?? Infinity) < 70_000)
})
