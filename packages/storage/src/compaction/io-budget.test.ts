import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogWorld, worldStartMs } from '@millrace/testkit/storage'
import { buildBatch } from '@millrace/protocol'
import { movableClock } from '@millrace/kernel'
import { Activity } from './activity.ts'
import { IoBudget } from './io-budget.ts'

const stillHost = { wallMs: () => worldStartMs, monotonicMs: () => 0, after: () => () => {} }
const fail = (error: unknown): never => {
  throw error
}

function budgetOf(bytesPerSecond: number) {
  const clock = movableClock(stillHost, fail)
  const activity = new Activity()
  const budget = new IoBudget(clock, activity, bytesPerSecond)
  const stop = new AbortController()
  let moved = 0
  const moveAll = async (chunks: number): Promise<void> => {
    activity.begin()
    for (let i = 0; i < chunks && !stop.signal.aborted; i += 1) {
      await budget.spend(1_000, stop.signal)
      moved += 1_000
    }
    activity.end()
  }
  return { clock, budget, stop, moveAll, moved: () => moved }
}

test('two who share a budget of 10,000 bytes a second move that much in a second of the clock', async () => {
  const { clock, moveAll, moved } = budgetOf(10_000)
  const all = Promise.all([moveAll(500), moveAll(500)])
  for (let second = 1; second <= 20; second += 1) {
    await clock.advance('1s')
    const most = second * 10_000
    assert.ok(moved() <= most && moved() >= most - 2_000, `${moved()} bytes in ${second} s`)
  }
  await clock.advance('100s')
  await all
  assert.equal(moved(), 1_000_000)
})

test('a new rate counts from now on, also for those who wait by the old one', async () => {
  const { clock, budget, moveAll, moved } = budgetOf(1)
  const all = moveAll(10)
  await clock.advance('10s')
  assert.equal(moved(), 0)
  budget.setRate(1_000_000)
  await all
  assert.equal(moved(), 10_000)
})

test('who must stop does not wait', async () => {
  const { stop, moveAll } = budgetOf(1)
  const all = moveAll(10)
  stop.abort()
  await all
})

test('without a limit nobody waits', () => {
  const { budget, stop } = budgetOf(Number.MAX_VALUE)
  assert.equal(budget.limited, false)
  assert.equal(budget.spend(1e15, stop.signal), undefined)
})

test('a compaction reads and writes no faster than log.cleaner.io.max.bytes.per.second, and faster when that is raised', async () => {
  const settings = {
    tailCacheBytes: 1,
    cleanerIoMaxBytesPerSecond: 1_000,
    cleanerBackoffMs: 1_000,
    cleanerIoBufferBytes: 1,
  }
  const world = new LogWorld({ settings })
  const log = world.open({ cleanupPolicy: ['compact'], segmentBytes: 10_000, minCleanableDirtyRatio: 0.01 })
  const value = new Uint8Array(400)
  for (let i = 0; i < 250; i += 1) {
    const key = new TextEncoder().encode(`key ${i % 10}`)
    assert.ok(world.append(log, buildBatch({ records: [{ key, value, timestampMs: worldStartMs }] })).ok)
  }
  log.setHighWatermark(log.logEndOffset)
  const before = log.sizeBytes
  assert.ok(before > 100_000)
  // 120,000 bytes are read twice, once for their keys and once to be cleaned.
  await world.clock.advance('100s')
  assert.equal(log.sizeBytes, before)
  await world.clock.advance('300s')
  assert.ok(log.sizeBytes < before / 4, `${log.sizeBytes} of ${before} bytes are left`)
})
