import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteBudget } from '@millrace/kernel'
import { fetchRequest } from '@millrace/protocol'
import type { ReadOutcome, ReadRange } from '@millrace/storage'
import type { FetchOptions, FetchWorld } from './fetch-read.ts'
import { FetchRead } from './fetch-read.ts'
import { FetchInterest } from './fetch-interest.ts'

interface PendingRead {
  readonly partition: number
  readonly range: ReadRange
  readonly find: (sizeBytes: number) => void
  readonly break: (error: Error) => void
}

/** Partitions whose records all lie in files: each read waits until the test says what it finds. */
function coldPartitions(coldBytes = Infinity) {
  const reads: PendingRead[] = []
  const released: number[] = []
  const logOf = (partition: number) => ({
    logStartOffset: 0,
    highWatermark: 1_000,
    lastStableOffset: 1_000,
    logEndOffset: 1_000,
    isCold: () => true,
    read: (range: ReadRange) =>
      new Promise<ReadOutcome>((resolve, reject) => {
        const release = () => void released.push(partition)
        const find = (sizeBytes: number) =>
          resolve({ ok: true, chunks: sizeBytes === 0 ? [] : [new Uint8Array(sizeBytes)], sizeBytes, release })
        reads.push({ partition, range, find, break: reject })
      }),
  })
  const leader = (_image: unknown, _topic: string, index: number) => ({
    index,
    readableBytes: 0,
    log: logOf(index),
    replicas: [3],
    addDataWaiter: () => {},
  })
  const responseBytes = new ByteBudget(1_000_000)
  const coldPace = { take: () => coldBytes }
  const world = { partitions: { leader }, image: () => ({}), responseBytes, coldPace } as unknown as FetchWorld
  return { world, reads, released, responseBytes }
}

const options: FetchOptions = {
  minBytes: 1,
  maxBytes: 1_000,
  maxWaitMs: 0,
  readCommitted: false,
  replicaId: -1,
  usesTopicIds: false,
}

/** Of the partitions 0, 1, ... with these limits. */
function asking(...maxBytes: readonly number[]): FetchInterest {
  const partitions = maxBytes.map((partitionMaxBytes, partition) => ({ partition, fetchOffset: 5, partitionMaxBytes }))
  const body = { maxWaitMs: 0, minBytes: 1, topics: [{ topic: 'cold', partitions }] }
  return new FetchInterest(fetchRequest.decode(fetchRequest.encode(body, 12), 12), false, () => undefined)
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
const ranges = (reads: readonly PendingRead[]) =>
  reads.map(({ partition, range: { maxBytes, minOneBatch } }) => ({ partition, maxBytes, minOneBatch }))

test('files are read beside one another once something is found', async () => {
  const { world, reads } = coldPartitions()
  const read = new FetchRead(world, options, asking(300, 300, 300))
  const done = read.run()
  assert.deepEqual(ranges(reads), [{ partition: 0, maxBytes: 300, minOneBatch: true }])
  reads[0]?.find(250)
  await turn()
  assert.deepEqual(ranges(reads.slice(1)), [
    { partition: 1, maxBytes: 300, minOneBatch: false },
    { partition: 2, maxBytes: 300, minOneBatch: false },
  ])
  reads[2]?.find(100)
  reads[1]?.find(200)
  await done
  assert.deepEqual(
    read.results.map(({ partitionIndex, sizeBytes }) => [partitionIndex, sizeBytes]),
    [
      [0, 250],
      [1, 200],
      [2, 100],
    ],
  )
})

test('one batch is given in any case, by the first partition that has one', async () => {
  const { world, reads } = coldPartitions()
  const read = new FetchRead(world, options, asking(300, 300))
  const done = read.run()
  reads[0]?.find(0)
  await turn()
  assert.deepEqual(ranges(reads.slice(1)), [{ partition: 1, maxBytes: 300, minOneBatch: true }])
  reads[1]?.find(2_000)
  await done
  assert.equal(read.sizeBytes, 2_000)
})

test('a read that may not find room waits for those before it and gets what they leave', async () => {
  const { world, reads, responseBytes } = coldPartitions()
  const read = new FetchRead(world, options, asking(500, 500, 500, 500))
  const done = read.run()
  reads[0]?.find(500)
  await turn()
  assert.deepEqual(ranges(reads.slice(1)), [{ partition: 1, maxBytes: 500, minOneBatch: false }])
  reads[1]?.find(100)
  await turn()
  assert.deepEqual(ranges(reads.slice(2)), [{ partition: 2, maxBytes: 400, minOneBatch: false }])
  reads[2]?.find(400)
  await done
  assert.deepEqual(ranges(reads.slice(3)), [])
  assert.equal(responseBytes.freeBytes, 1_000_000 - 1_000)
  read.release()
  assert.equal(responseBytes.freeBytes, 1_000_000)
})

test('a read that breaks is told when the others have come back, and all memory is given back', async () => {
  const { world, reads, released, responseBytes } = coldPartitions()
  const read = new FetchRead(world, options, asking(300, 300, 300))
  const done = read.run()
  reads[0]?.find(1)
  await turn()
  reads[1]?.break(new Error('a bug'))
  await turn()
  reads[2]?.find(1)
  await assert.rejects(Promise.resolve(done), /a bug/)
  read.release()
  assert.deepEqual(released, [0, 2])
  assert.equal(responseBytes.freeBytes, 1_000_000)
})

test('all files of a fetch together give no more than the pace allows, the rest of the partitions nothing', async () => {
  const { world, reads, responseBytes } = coldPartitions(350)
  const read = new FetchRead(world, options, asking(300, 300, 300))
  const done = read.run()
  reads[0]?.find(250)
  await turn()
  assert.deepEqual(ranges(reads.slice(1)), [{ partition: 1, maxBytes: 50, minOneBatch: false }])
  reads[1]?.find(50)
  await done
  assert.deepEqual(
    read.results.map(({ sizeBytes }) => sizeBytes),
    [250, 50, 0],
  )
  assert.equal(responseBytes.heldBytes, 300)
})

test('the pace leaves a client what it waits for, and followers all', async () => {
  for (const [given, bytes] of [
    [{ minBytes: 200 }, 200],
    [{ replicaId: 3 }, 300],
  ] as const) {
    const { world, reads } = coldPartitions(10)
    const done = new FetchRead(world, { ...options, ...given }, asking(300)).run()
    assert.deepEqual(ranges(reads), [{ partition: 0, maxBytes: bytes, minOneBatch: true }])
    reads[0]?.find(10)
    await done
  }
})
