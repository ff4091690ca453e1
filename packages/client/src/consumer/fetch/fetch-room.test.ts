import assert from 'node:assert/strict'
import { test } from 'node:test'
import { movableClock } from '@millrace/kernel'
import { buildBatch } from '@millrace/protocol'
import { upTo } from '@millrace/testkit/consumer-world'
import { FetchMemory } from '../../cluster/fetch-memory.ts'
import type { ConsumerContext } from '../consumer-context.ts'
import { Chunk } from '../reading/chunk.ts'
import { PartitionState } from '../reading/partition-state.ts'
import { Partitions } from '../reading/partitions.ts'
import { FetchRoom } from './fetch-room.ts'
import type { Wanted } from './fetch-session.ts'

const mib = 1024 * 1024

function roomOf() {
  const clock = movableClock({ wallMs: () => 0, monotonicMs: () => 0, after: () => () => {} }, assert.ifError)
  const fetchMemory = new FetchMemory()
  const partitions = new Partitions()
  const stop = new AbortController()
  const settings = { fetchMaxBytes: 20 * mib, partitionFetchBytes: mib }
  const cluster = { fetchMemory, settings: { clock } }
  const room = new FetchRoom({ cluster, partitions, settings, stop: stop.signal } as unknown as ConsumerContext)
  const fill = (partition: number, sizeBytes: number): PartitionState => {
    const state = new PartitionState({ topic: 'orders', partition }, 0)
    const records = [{ key: null, value: Buffer.alloc(sizeBytes), timestampMs: 1_000 }]
    const options = { checkCrcs: true, decompressedBytesMax: mib }
    state.add(new Chunk(state, buildBatch({ baseOffset: 0, records }), null, options, 'b:9092'))
    partitions.add(state)
    return state
  }
  return { clock, fetchMemory, fill, room, stop }
}

test('memory that answers hold on to for nothing leaves less room', () => {
  const { fetchMemory, fill, room } = roomOf()
  fill(0, mib)
  const before = room.freeBytes()
  assert.ok(before < 19 * mib)
  fetchMemory.spentBytes = 2 * mib
  assert.equal(room.freeBytes(), before - 2 * mib)
})

const asked = (...states: readonly PartitionState[]): Wanted[] =>
  states.map((state) => {
    state.hurries = false
    return { state, topicId: '', leaderEpoch: 0 }
  })

test('with plenty to read a fetch waits until it can bring all partitions more, but not for long', async () => {
  const { clock, fill, room } = roomOf()
  const [full, short] = [fill(0, 5 * mib), fill(1, mib / 2)]
  assert.equal(room.putOffMs(asked(short), mib, 0), 10)
  await clock.advance(4)
  assert.equal(room.putOffMs(asked(short), mib, 0), 6)
  await clock.advance(7)
  assert.equal(room.putOffMs(asked(short), mib, 0), 0)
  assert.equal(room.putOffMs(asked(short), mib, 11), 10)
  full.paused = true
  assert.equal(room.putOffMs(asked(short), mib, 11), 0, 'little to read')
  full.paused = false
  full.take()
  assert.equal(room.putOffMs(asked(short), mib, 11), 0, 'little to read while a function is at work')
  full.done()
  full.dropBuffered()
  for (const partition of upTo(8)) fill(partition + 2, mib / 2)
  assert.equal(room.putOffMs(asked(short), mib, 11), 0, 'nobody has enough')
})

test('a fetch that brings half of what there is room for does not wait, nor one of what hurries', () => {
  const { fill, room } = roomOf()
  const [full, short] = [fill(0, 15 * mib), fill(1, mib / 2)]
  assert.equal(room.putOffMs(asked(full, short), 10 * mib, 0), 0)
  assert.equal(room.putOffMs(asked(full, short), 10 * mib - 1, 0), 10)
  room.brokers = 2
  assert.equal(room.putOffMs(asked(full, short), 5 * mib, 0), 0)
  const hurried = asked(short)
  short.hurries = true
  assert.equal(room.putOffMs(hurried, mib, 0), 0)
})

test('who waits for what is taken goes on when something was, in time, and when the consumer is closed', async () => {
  const { clock, room, stop } = roomOf()
  let gone = 0
  const wait = async (): Promise<void> => {
    await room.whenTaken(10)
    gone += 1
  }
  const waiting = [wait(), wait()]
  await clock.advance(9)
  assert.equal(gone, 0)
  room.taken()
  await Promise.all(waiting)
  const late = wait()
  await clock.advance(10)
  await late
  const last = wait()
  stop.abort(new Error('closed'))
  await last
  assert.equal(gone, 4)
})
