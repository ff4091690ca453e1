import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asLeaderEpoch, asOffset, seededRandom } from '@millrace/kernel'
import { batchOf, FaultyFileSystem, LogWorld, readAll } from '@millrace/testkit/storage'
import type { PartitionLog } from '../log/partition-log.ts'

const directories = ['/a', '/b']
const config = { segmentBytes: 1_500, indexIntervalBytes: 200, fileDeleteDelayMs: 0 }

interface Progress {
  /** Values by offset, as they were appended. */
  readonly values: string[]
  answered: number
  durable: number
  /** Records before it were deleted, and a checkpoint says so. */
  start: number
  /** Where the log was last. */
  directory: string
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

function append(world: LogWorld, log: PartitionLog, progress: Progress): void {
  const value = `value ${progress.values.length}`
  progress.values.push(value)
  const outcome = world.append(log, batchOf([value]))
  if (!outcome.ok) throw new Error(outcome.message)
  progress.answered = outcome.lastOffset + 1
  log.setHighWatermark(log.logEndOffset)
}

async function flush(log: PartitionLog, progress: Progress): Promise<void> {
  const until = Number(log.logEndOffset)
  await log.flush()
  progress.durable = until
}

/** Appends and flushes, moves there and back while more is appended, until the power goes. */
async function work(world: LogWorld, files: FaultyFileSystem, progress: Progress): Promise<void> {
  const log = world.open(config)
  log.startEpoch(asLeaderEpoch(0))
  for (let i = 0; i < 30; i += 1) append(world, log, progress)
  await flush(log, progress)
  await log.advanceLogStart(asOffset(7))
  await world.clock.advance('1m')
  if (!files.powerIsCut) progress.start = 7
  for (const path of ['/b', '/a']) {
    if (world.manager.alterDirectory('orders', 0, path) !== 'NONE') throw new Error(`no move to ${path}`)
    for (let i = 0; i < 200 && log.directory !== path; i += 1) {
      if (i < 10) append(world, log, progress)
      if (i === 4) await flush(log, progress)
      if (files.powerIsCut) throw new Error('the power is cut')
      await turn()
    }
    assert.equal(log.directory, path)
    progress.directory = path
    append(world, log, progress)
    await flush(log, progress)
    await world.clock.advance('1s')
  }
}

async function runUntilCut(cutAfter: number): Promise<{ files: FaultyFileSystem; progress: Progress }> {
  const files = new FaultyFileSystem(seededRandom(cutAfter))
  const progress: Progress = { values: [], answered: 0, durable: 0, start: 0, directory: '/a' }
  files.cutPowerAfter(cutAfter)
  try {
    await work(new LogWorld({ fileSystem: files, directories, seed: cutAfter }), files, progress)
  } catch (error) {
    if (!files.powerIsCut) throw error
  }
  // What the dead process still had in mind has failed by now.
  await turn()
  return { files, progress }
}

async function checkRecovered(files: FaultyFileSystem, progress: Progress, what: string): Promise<boolean> {
  const world = new LogWorld({ fileSystem: files, directories })
  const log = world.open(config)
  assert.equal(log.offline, false, what)
  assert.ok(log.logStartOffset >= progress.start, `${what}: deleted records are there again`)
  const found = await readAll(log, Number(log.logStartOffset))
  const start = Number(log.logStartOffset)
  assert.ok(
    start + found.length >= progress.durable,
    `${what}: ${found.length} records, ${progress.durable} were durable`,
  )
  found.forEach(([offset, value], i) =>
    assert.deepEqual([offset, value], [start + i, progress.values[start + i]], what),
  )
  const resumed = [...world.manager.copies()].length > 0
  const next = world.append(log, batchOf(['after']))
  assert.deepEqual([next.ok, next.ok && Number(next.baseOffset)], [true, start + found.length], what)
  for (let i = 0; i < 300 && [...world.manager.copies()].length > 0; i += 1) await turn()
  assert.deepEqual(await readAll(log), [...found, [start + found.length, 'after']], what)
  await world.clock.advance('1m')
  const left = directories.flatMap((path) => (files.list(path) ?? []).filter(({ isDirectory }) => isDirectory))
  assert.deepEqual(
    left.map(({ name }) => name),
    ['orders-0'],
    `${what}: nothing else is left`,
  )
  await world.manager.close()
  return resumed
}

test('whenever the power is cut in a move, everything synced is there once, in order, and the move ends', async () => {
  const whole = await runUntilCut(1_000_000)
  const changes = whole.files.changeCount
  assert.equal(whole.progress.directory, '/a')
  let resumed = 0
  for (let cutAfter = 1; cutAfter <= changes; cutAfter += 1) {
    const { files, progress } = await runUntilCut(cutAfter)
    files.restorePower()
    if (await checkRecovered(files, progress, `power cut at change ${cutAfter} of ${changes}`)) resumed += 1
  }
  assert.ok(resumed > 20, `${resumed} of ${changes} cuts left a move half done`)
})

test('whenever the process is killed in a move, every answered record is there once, in order', async () => {
  const whole = await runUntilCut(1_000_000)
  for (let cutAfter = 1; cutAfter <= whole.files.changeCount; cutAfter += 2) {
    const { files, progress } = await runUntilCut(cutAfter)
    files.killProcess()
    await checkRecovered(files, { ...progress, durable: progress.answered }, `killed at change ${cutAfter}`)
  }
})
