import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildBatch } from '@millrace/protocol'
import { FetchMemory } from '../../cluster/fetch-memory.ts'
import type { ConsumerContext } from '../consumer-context.ts'
import { Chunk } from '../reading/chunk.ts'
import { PartitionState } from '../reading/partition-state.ts'
import { Partitions } from '../reading/partitions.ts'
import { FetchRoom } from './fetch-room.ts'

const mib = 1024 * 1024

function roomOf() {
  const fetchMemory = new FetchMemory()
  const partitions = new Partitions()
  const settings = { fetchMaxBytes: 10 * mib, partitionFetchBytes: mib }
  const cluster = { fetchMemory }
  const room = new FetchRoom({ cluster, partitions, settings } as unknown as ConsumerContext)
  const fill = (partition: number, sizeBytes: number): void => {
    const state = new PartitionState({ topic: 'orders', partition }, 0)
    const records = [{ key: null, value: Buffer.alloc(sizeBytes), timestampMs: 1_000 }]
    const options = { checkCrcs: true, decompressedBytesMax: mib }
    state.add(new Chunk(state, buildBatch({ baseOffset: 0, records }), null, options, 'b:9092'))
    partitions.add(state)
  }
  return { fetchMemory, fill, room }
}

test('memory that answers hold on to for nothing leaves less room', () => {
  const { fetchMemory, fill, room } = roomOf()
  fill(0, mib)
  const before = room.freeBytes()
  assert.ok(before < 9 * mib)
  fetchMemory.spentBytes = 2 * mib
  assert.equal(room.freeBytes(), before - 2 * mib)
})
