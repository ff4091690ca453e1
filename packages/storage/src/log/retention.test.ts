import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asLeaderEpoch, asOffset } from '@millrace/kernel'
import { buildBatch } from '@millrace/protocol'
import { batchOf, LogWorld, readAll, worldStartMs } from '@millrace/testkit/storage'
import type { PartitionLog } from './partition-log.ts'

const small = { segmentBytes: 400 }

function fill(world: LogWorld, log: PartitionLog, count = 20): void {
  for (let i = 0; i < count; i += 1) world.append(log, batchOf([`value ${i}`]))
  log.setHighWatermark(log.logEndOffset)
}

test('segments older than retention.ms go when the clock is moved, the last one too', async () => {
  const world = new LogWorld()
  const log = world.open({ ...small, retentionMs: 86_400_000 })
  fill(world, log)
  await world.clock.advance('23h')
  assert.equal(log.logStartOffset, 0)
  await world.clock.advance('2h')
  assert.deepEqual([Number(log.logStartOffset), Number(log.logEndOffset), log.sizeBytes], [20, 20, 0])
  fill(world, log, 1)
  assert.deepEqual(await readAll(log), [[20, 'value 0']])
})

test('their files get another name at once and go after file.delete.delay.ms', async () => {
  const world = new LogWorld({ settings: { initialTaskDelayMs: 0 } })
  const log = world.open({ ...small, retentionMs: 1_000, fileDeleteDelayMs: 3_600_000 })
  fill(world, log)
  const names = () => (world.fileSystem.list('/data/orders-0') ?? []).map(({ name }) => name)
  await world.clock.advance('6m')
  assert.ok(names().includes('00000000000000000000.log.deleted'))
  await world.clock.advance('2h')
  assert.deepEqual(
    names().filter((name) => name.endsWith('.deleted')),
    [],
  )
})

test('once closed nothing waits to remove them: the next start does', async () => {
  const world = new LogWorld({ settings: { initialTaskDelayMs: 0 } })
  const log = world.open({ ...small, retentionMs: 1_000, fileDeleteDelayMs: 3_600_000 })
  fill(world, log)
  const deleted = () =>
    (world.fileSystem.list('/data/orders-0') ?? []).filter(({ name }) => name.endsWith('.deleted')).length
  await world.clock.advance('6m')
  const count = deleted()
  assert.ok(count > 0)
  await world.manager.close()
  await world.clock.advance('2h')
  assert.equal(deleted(), count)
  world.startAgain()
  world.open(small)
  assert.equal(deleted(), 0)
})

test('by retention.bytes the oldest segments go, never below it', async () => {
  const world = new LogWorld()
  const log = world.open({ ...small, retentionBytes: 1_000, retentionMs: -1 })
  fill(world, log, 40)
  await world.clock.advance('10m')
  assert.ok(log.sizeBytes >= 1_000 && log.sizeBytes < 1_400, `${log.sizeBytes} bytes are left`)
  assert.deepEqual((await readAll(log)).at(-1), [39, 'value 39'])
})

test('nothing at or above the high watermark goes', async () => {
  const world = new LogWorld()
  const log = world.open({ ...small, retentionMs: 1_000 })
  for (let i = 0; i < 20; i += 1) world.append(log, batchOf([`value ${i}`]))
  await world.clock.advance('1h')
  assert.equal(log.logStartOffset, 0)
})

test('with cleanup.policy=compact nothing goes by age', async () => {
  const world = new LogWorld()
  const log = world.open({ ...small, retentionMs: 1_000, cleanupPolicy: ['compact'] })
  fill(world, log)
  await world.clock.advance('1h')
  assert.equal(log.logStartOffset, 0)
})

test('DeleteRecords is exact, survives a restart, and gives the space back', async () => {
  const world = new LogWorld()
  const log = world.open(small)
  fill(world, log)
  const before = log.sizeBytes
  await log.advanceLogStart(asOffset(11))
  assert.equal((await readAll(log))[0]?.[0], 11)
  await assert.rejects(log.advanceLogStart(asOffset(21)), { error: 'OFFSET_OUT_OF_RANGE' })
  await world.clock.advance('10m')
  assert.ok(log.sizeBytes < before)
  await world.restart()
  const again = world.open(small)
  assert.deepEqual(
    (await readAll(again)).map(([offset]) => offset),
    [11, 12, 13, 14, 15, 16, 17, 18, 19],
  )
})

test('a segment is closed after segment.ms by the time of its records', async () => {
  const world = new LogWorld()
  const log = world.open({ segmentMs: 60_000 })
  const at = (timestampMs: number) => buildBatch({ records: [{ key: null, value: null, timestampMs }] })
  const logs = () => (world.fileSystem.list('/data/orders-0') ?? []).filter(({ name }) => name.endsWith('.log')).length
  for (const ms of [0, 60_000]) world.append(log, at(worldStartMs - 600_000 + ms))
  assert.equal(logs(), 1)
  world.append(log, at(worldStartMs - 600_000 + 60_001))
  assert.equal(logs(), 2)
})

test('a record is found by time: the first at or after it, below the given end', async () => {
  const world = new LogWorld()
  const log = world.open({ segmentBytes: 700, indexIntervalBytes: 1 })
  const times = [10, 40, 20, 30, 70, 60, 50, 90, 80, 100]
  for (const ms of times) {
    const records = [ms, ms + 5].map((at) => ({ key: null, value: null, timestampMs: worldStartMs - 1_000 + at }))
    world.append(log, buildBatch({ records }))
  }
  const find = async (ms: number, until = 20) =>
    (await log.findByTimestamp(worldStartMs - 1_000 + ms, asOffset(until)))?.offset ?? null
  assert.deepEqual([await find(0), await find(10), await find(11), await find(16)], [0, 0, 1, 2])
  assert.deepEqual([await find(45), await find(46), await find(105), await find(106)], [3, 8, 19, null])
  assert.equal(await find(46, 8), null)
  assert.equal((await log.findMaxTimestamp(log.logEndOffset))?.offset, 19)
  await world.restart()
  const again = world.open({ segmentBytes: 700, indexIntervalBytes: 1 })
  assert.equal((await again.findByTimestamp(worldStartMs - 1_000 + 46, asOffset(20)))?.offset, 8)
})

test('leader epochs are answered by Kafka rules and survive a restart and a truncation', async () => {
  const world = new LogWorld()
  const log = world.open()
  for (const epoch of [2, 2, 5]) world.append(log, batchOf(['x']), 'client', epoch)
  const end = (of: PartitionLog, epoch: number) => Object.values(of.endOfEpoch(asLeaderEpoch(epoch))).map(Number)
  const answers = (of: PartitionLog) => [0, 2, 3, 5, 6, -1].map((epoch) => end(of, epoch))
  const expected = [
    [0, 0],
    [2, 2],
    [2, 2],
    [5, 3],
    [-1, -1],
    [-1, -1],
  ]
  assert.deepEqual(answers(log), expected)
  await world.restart()
  const again = world.open()
  assert.deepEqual(answers(again), expected)
  await again.truncateTo(asOffset(2))
  assert.deepEqual([Number(again.latestEpoch), Number(again.logEndOffset)], [2, 2])
  again.startEpoch(asLeaderEpoch(7))
  assert.deepEqual(end(again, 7), [7, 2])
})

test('a follower takes batches with the offsets that they have, gaps included, and no later epoch than its own', async () => {
  const world = new LogWorld()
  const log = world.open()
  const copy = (baseOffset: number, leaderEpoch: number) => batchOf([`at ${baseOffset}`], { baseOffset, leaderEpoch })
  const both = Buffer.concat([copy(5, 1), copy(9, 2)])
  assert.ok(world.append(log, both, 'replication', 1).ok)
  assert.equal(log.logEndOffset, 6)
  assert.ok(world.append(log, copy(9, 2), 'replication', 2).ok)
  assert.deepEqual(await readAll(log), [
    [5, 'at 5'],
    [9, 'at 9'],
  ])
  const old = world.append(log, copy(8, 2), 'replication', 2)
  assert.equal(old.ok ? 'ok' : old.error, 'OFFSET_OUT_OF_RANGE')
})

/** How long after its first record a segment takes the last one that it takes, by the records' time. */
function rollsAfterMs(seed: number, segmentJitterMs: number): number {
  const world = new LogWorld({ seed })
  const log = world.open({ segmentMs: 100_000, segmentJitterMs })
  const logs = () => (world.fileSystem.list('/data/orders-0') ?? []).filter(({ name }) => name.endsWith('.log')).length
  for (let ms = 0; ; ms += 500) {
    const timestampMs = worldStartMs - 600_000 + ms
    world.append(log, buildBatch({ records: [{ key: null, value: null, timestampMs }] }))
    if (logs() > 1) return ms
  }
}

test('with segment.jitter.ms segments are closed earlier by chance, by less than that', () => {
  assert.equal(rollsAfterMs(1, 0), 100_500)
  const found = Array.from({ length: 20 }, (_, seed) => rollsAfterMs(seed, 50_000))
  assert.ok(Math.min(...found) > 50_000 && Math.max(...found) <= 100_500, found.join())
  assert.ok(new Set(found).size > 10, found.join())
})

test('retention.ms that is changed while the log is open holds at the next check', async () => {
  const world = new LogWorld()
  const log = world.open({ ...small, retentionMs: -1 })
  fill(world, log)
  await world.clock.advance('30d')
  assert.equal(log.logStartOffset, 0)
  log.reconfigure({ ...log.config, retentionMs: 3_600_000 })
  await world.manager.runRetention()
  assert.equal(log.logStartOffset, 20)
})

test('retention.bytes=0 keeps nothing that is below the high watermark, retention.ms=0 nothing older than now', async () => {
  const world = new LogWorld()
  const bySize = world.open({ ...small, retentionBytes: 0, retentionMs: -1 })
  fill(world, bySize)
  await world.manager.runRetention()
  assert.deepEqual([Number(bySize.logStartOffset), bySize.sizeBytes], [20, 0])
  const byAge = world.open({ ...small, retentionMs: 0 }, 'orders', 1)
  fill(world, byAge)
  await world.clock.advance(1)
  await world.manager.runRetention()
  assert.deepEqual([Number(byAge.logStartOffset), byAge.sizeBytes], [20, 0])
})
