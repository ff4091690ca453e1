import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asLeaderEpoch, asOffset, seededRandom } from '@millrace/kernel'
import {
  batchOf,
  changesOfScenario,
  checkRecovered as checkScenario,
  FaultyFileSystem,
  LogWorld,
  PowerCutError,
  readAll,
  runUntilEnd,
} from '@millrace/testkit/storage'
import type { Ending } from '@millrace/testkit/storage'
import type { PartitionLog } from './partition-log.ts'

const config = { segmentBytes: 1_500, indexIntervalBytes: 200 }

interface Progress {
  /** Values by offset, as they were appended; those from `answered` on may or may not be there. */
  readonly values: string[]
  answered: number
  durable: number
}

/** Appends, rolls and flushes until the power goes. */
async function work(world: LogWorld, progress: Progress): Promise<void> {
  const log = world.open(config)
  log.startEpoch(asLeaderEpoch(0))
  for (let round = 0; round < 12; round += 1) {
    for (let turn = 0; turn < 3; turn += 1) appendTwo(world, log, progress)
    log.setHighWatermark(log.logEndOffset)
    if (round % 3 === 1) {
      const until = Number(log.logEndOffset)
      await log.flush()
      progress.durable = until
    }
    if (round % 4 === 2) await world.clock.advance('60s')
  }
}

function appendTwo(world: LogWorld, log: PartitionLog, progress: Progress): void {
  for (let i = 0; i < 2; i += 1) {
    const value = `value ${progress.values.length}`
    progress.values.push(value)
    const leaderEpoch = asLeaderEpoch(0)
    log.append({ records: batchOf([value]), origin: 'client', leaderEpoch }, (outcome) => {
      if (outcome.ok) progress.answered = outcome.lastOffset + 1
    })
  }
  world.endTurn()
}

async function runUntilCut(seed: number, cutAfter: number): Promise<{ files: FaultyFileSystem; progress: Progress }> {
  const files = new FaultyFileSystem(seededRandom(seed))
  const progress: Progress = { values: [], answered: 0, durable: 0 }
  files.cutPowerAfter(cutAfter)
  try {
    const world = new LogWorld({ fileSystem: files, seed })
    await work(world, progress)
  } catch (error) {
    if (!files.powerIsCut) throw error
  }
  return { files, progress }
}

async function checkRecovered(files: FaultyFileSystem, progress: Progress, what: string): Promise<void> {
  const world = new LogWorld({ fileSystem: files })
  const log = world.open(config)
  assert.equal(log.offline, false, what)
  const found = await readAll(log)
  assert.ok(found.length >= progress.durable, `${what}: ${found.length} records, ${progress.durable} were durable`)
  found.forEach(([offset, value], i) => assert.deepEqual([offset, value], [i, progress.values[i]], what))
  const next = world.append(log, batchOf(['after']))
  assert.deepEqual([next.ok, next.ok && Number(next.baseOffset)], [true, found.length], what)
  assert.deepEqual((await readAll(log)).at(-1), [found.length, 'after'], what)
  await world.manager.close()
}

test('whenever the power is cut, everything synced is there and nothing is out of order', async () => {
  const whole = await runUntilCut(1, 1_000_000)
  const changes = whole.files.changeCount
  assert.ok(changes > 150, `the scenario makes ${changes} changes`)
  let lost = 0
  for (let cutAfter = 1; cutAfter <= changes; cutAfter += 1) {
    const { files, progress } = await runUntilCut(cutAfter, cutAfter)
    const answered = progress.answered
    files.restorePower()
    await checkRecovered(files, progress, `power cut at change ${cutAfter}`)
    if (answered > progress.durable) lost += 1
  }
  assert.ok(lost > 50, 'the cuts hit while records were not yet durable')
})

test('whenever the process is killed, every answered record is there once, in order', async () => {
  for (let cutAfter = 5; cutAfter < 190; cutAfter += 4) {
    const { files, progress } = await runUntilCut(cutAfter, cutAfter)
    files.killProcess()
    await checkRecovered(files, { ...progress, durable: progress.answered }, `killed at change ${cutAfter}`)
  }
})

const endings: readonly Ending[] = ['some', 'kill', 'none', 'some', 'all']

test('wherever several partitions end, with rolls, truncation, compaction, retention and deletion, what was sure is there', async () => {
  const changes = await changesOfScenario()
  assert.ok(changes > 400, `the scenario makes ${changes} changes`)
  let atRisk = 0
  // Every change in turn, in each way, in `npm run test:long`.
  for (let change = 1; change <= changes; change += 4) {
    const run = await runUntilEnd(change, endings[(change >> 2) % endings.length] ?? 'some')
    await checkScenario(run)
    if (run.atRisk > 0) atRisk += 1
  }
  assert.ok(atRisk > changes / 12, `${atRisk} ends hit while records were not yet durable`)
})

test('a power cut error is told from others', () => {
  const files = new FaultyFileSystem(seededRandom(1))
  files.makeDirectory('/d')
  files.cutPowerAfter(1)
  assert.throws(() => files.open('/d/f', 'create'), PowerCutError)
  assert.equal(asOffset(1), 1)
})
