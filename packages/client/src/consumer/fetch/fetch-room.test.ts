import assert from 'node:assert/strict'
import { test } from 'node:test'
import { movableClock } from '@millrace/kernel'
import { buildBatch } from '@millrace/protocol'
import { FetchMemory } from '../../cluster/fetch-memory.ts'
import type { ConsumerContext } from '../consumer-context.ts'
import { Chunk } from '../reading/chunk.ts'
import { PartitionState } from '../reading/partition-state.ts'
import { Partitions } from '../reading/partitions.ts'
import { FetchRoom } from './fetch-room.ts'

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

test('with plenty to read the next fetch waits a moment, else it does not', async () => {
  const { clock, fill, room, stop } = roomOf()
  const busy = fill(0, 5 * mib)
  busy.take()
  fill(1, 5 * mib)
  await room.waitForMore()
  busy.done()
  let waited = false
  const waiting = room.waitForMore().then(() => (waited = true))
  await Promise.resolve()
  assert.equal(waited, false)
  await clock.advance(2)
  await waiting
  const last = assert.rejects(room.waitForMore(), /closed/)
  stop.abort(new Error('closed'))
  await last
})
