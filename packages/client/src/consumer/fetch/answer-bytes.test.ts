import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildBatch } from '@millrace/protocol'
import { FetchMemory } from '../../cluster/fetch-memory.ts'
import { Chunk } from '../reading/chunk.ts'
import { PartitionState } from '../reading/partition-state.ts'
import { Partitions } from '../reading/partitions.ts'
import { AnswerBytes } from './answer-bytes.ts'

const options = { checkCrcs: true, decompressedBytesMax: 1_000_000 }
const answerBytes = 1024 * 1024

const batchOf = (partition: number, offset: number): Uint8Array =>
  buildBatch({
    baseOffset: offset,
    records: [{ key: null, value: Buffer.alloc(30_000, `${partition}-${offset} `), timestampMs: 1_000 }],
  })

const valueOf = (partition: number, offset: number): string =>
  Buffer.alloc(30_000, `${partition}-${offset} `).toString()

/** An answer with eight batches of each of four partitions. */
function answered(spentBytesMax = 0) {
  const memory = new FetchMemory()
  const place = memory.take(answerBytes)
  const answer = new AnswerBytes(memory, place.buffer, spentBytesMax)
  const partitions = new Partitions()
  let at = 0
  const states = Array.from({ length: 4 }, (_, partition) => {
    const state = new PartitionState({ topic: 'orders', partition }, 0)
    const bytes = Buffer.concat(Array.from({ length: 8 }, (__, offset) => batchOf(partition, offset)))
    place.set(bytes, at)
    assert.ok(state.add(new Chunk(state, place.subarray(at, at + bytes.length), null, options, 'b:9092', answer)))
    at += bytes.length
    partitions.add(state)
    return state
  })
  answer.begin()
  const isFree = (): boolean => {
    const again = memory.take(answerBytes)
    memory.give(again.buffer)
    return again.buffer === place.buffer
  }
  return { memory, place, answer, partitions, states, isFree }
}

const readAll = (state: PartitionState): string[] => {
  const values: string[] = []
  for (let record = state.next(); record !== undefined; record = state.next()) values.push(String(record.value))
  return values
}

const expected = (partition: number, from = 0): string[] =>
  Array.from({ length: 8 - from }, (_, i) => valueOf(partition, from + i))

test('the memory of an answer is given back when less than half of it is still to be read, and what is left stays', () => {
  const { memory, place, states, isFree } = answered()
  const [first, second, third, fourth] = states as [PartitionState, PartitionState, PartitionState, PartitionState]
  const before = memory.spentBytes
  assert.deepEqual(readAll(first), expected(0))
  assert.ok(memory.spentBytes > before + 240_000)
  assert.equal(isFree(), false)
  assert.equal(String(third.next()?.value), valueOf(2, 0))
  second.dropBuffered()
  third.dropBuffered()
  assert.equal(isFree(), true)
  assert.equal(memory.spentBytes, 0)
  place.fill(0xee)
  assert.deepEqual(readAll(fourth), expected(3))
})

test('what is read stays where it is while little is held on to besides, and the memory is given back with the last', () => {
  const { memory, place, states, isFree } = answered(answerBytes)
  const [first, ...others] = states as [PartitionState, ...PartitionState[]]
  for (const state of others) state.dropBuffered()
  assert.equal(isFree(), false)
  place.fill(0xee)
  assert.throws(() => readAll(first))
  first.dropBuffered()
  assert.deepEqual([isFree(), memory.spentBytes], [true, 0])
})

test('a partition that is read when its answer is copied out goes on where it was', () => {
  const { place, states, isFree } = answered()
  const [first, ...others] = states as [PartitionState, ...PartitionState[]]
  const early = Array.from({ length: 3 }, () => first.next())
  for (const state of others) state.dropBuffered()
  assert.equal(isFree(), true)
  place.fill(0xee)
  assert.deepEqual(readAll(first), expected(0, 3))
  assert.deepEqual(
    early.map((record) => String(record?.value)),
    expected(0).slice(0, 3),
  )
})

test('what is buffered of partitions that are taken away is given back', () => {
  const { memory, partitions, states, isFree } = answered()
  for (const state of states) partitions.remove(state)
  assert.deepEqual([isFree(), memory.spentBytes], [true, 0])
})

test('a value that is kept holds on to 64 KiB at most, and stays as it was when its answer is used again', () => {
  const { place, states } = answered()
  const records = states.map((state) => state.next())
  for (const state of states) state.dropBuffered()
  place.fill(0xee)
  for (const [i, record] of records.entries()) {
    assert.equal(String(record?.value), valueOf(i, 0))
    assert.ok((record?.value?.buffer.byteLength ?? Infinity) <= 64 * 1024)
  }
})

test('an answer of which little is taken is used again at once', () => {
  const memory = new FetchMemory()
  const place = memory.take(answerBytes)
  const answer = new AnswerBytes(memory, place.buffer, 0)
  const bytes = batchOf(0, 0)
  place.set(bytes)
  const state = new PartitionState({ topic: 'orders', partition: 0 }, 0)
  state.add(new Chunk(state, place.subarray(0, bytes.length), null, options, 'b:9092', answer))
  answer.begin()
  assert.equal(memory.take(answerBytes).buffer, place.buffer)
  place.fill(0xee)
  assert.deepEqual(readAll(state), [valueOf(0, 0)])
})
