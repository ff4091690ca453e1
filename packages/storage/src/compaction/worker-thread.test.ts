import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { buildBatch } from '@millrace/protocol'
import { LogWorld, readAll, worldStartMs } from '@millrace/testkit/storage'
import { diskFileSystem } from '../io/disk.ts'
import type { Log } from '../log/log.ts'
import type { LogManagerSettings } from '../log/partition-log.ts'
import { Activity } from './activity.ts'
import { compactLog } from './compact-log.ts'
import { cleanableRange } from './cleanable.ts'
import type { JobOutcome } from './compaction-job.ts'
import { IoBudget } from './io-budget.ts'
import { workerThread } from './worker-thread.ts'

const root = mkdtempSync(join(tmpdir(), 'millrace-compaction-'))
after(() => rmSync(root, { recursive: true, force: true }))

const compacted = { cleanupPolicy: ['compact'], segmentBytes: 20_000, minCleanableDirtyRatio: 0.01 } as const
const encoder = new TextEncoder()

function worldIn(name: string, settings: Partial<LogManagerSettings> = {}): LogWorld {
  return new LogWorld({
    fileSystem: diskFileSystem(),
    directories: [join(root, name)],
    settings: { tailCacheBytes: 1, initialTaskDelayMs: 1e9, ...settings },
  })
}

/** Values 0 to `count`, each under one of 50 keys. */
function fill(world: LogWorld, log: Log, count: number): void {
  for (let i = 0; i < count; i += 1) {
    const records = [
      { key: encoder.encode(`key ${i % 50}`), value: encoder.encode(`value ${i}`), timestampMs: worldStartMs },
    ]
    assert.ok(world.append(log, buildBatch({ records })).ok)
  }
  log.setHighWatermark(log.logEndOffset)
}

/** Runs one job over the log in a thread of this code. */
async function compactIn(log: Log, entry?: URL): Promise<{ outcome: JobOutcome; deaths: string[] }> {
  const deaths: string[] = []
  const thread = workerThread(true, (reason) => deaths.push(reason), entry)
  const { clock } = log.state.context
  const pause = async (): Promise<void> => {}
  const range = await cleanableRange(log.state, undefined, clock.wallMs(), pause)
  const budget = new IoBudget(clock, new Activity(), Number.MAX_VALUE)
  const outcome = await compactLog(log.state, range, {
    thread,
    budget,
    pause,
    stop: new AbortController(),
    onDone: () => {},
  })
  await thread.close()
  return { outcome, deaths }
}

test('a log on disk is compacted in a worker thread, and is the same after a restart', async () => {
  const world = worldIn('whole', { cleanerThreads: 2 })
  const log = world.open(compacted) as Log
  fill(world, log, 2_000)
  await world.clock.advance('1m')
  const left = await readAll(log)
  assert.ok(left.length >= 50 && left.length < 500, `${left.length} records`)
  assert.deepEqual(
    left.slice(-50).map(([, value]) => value),
    Array.from({ length: 50 }, (_, i) => `value ${1_950 + i}`),
  )
  assert.deepEqual(
    readdirSync(join(root, 'whole', 'orders-0')).filter((name) => /\.(cleaned|swap)$/.test(name)),
    [],
  )
  await world.restart()
  assert.deepEqual(await readAll(world.open(compacted)), left)
  await world.manager.close()
})

test('with a budget the thread waits for the clock', async () => {
  const world = worldIn('slow', { cleanerIoMaxBytesPerSecond: 20_000, cleanerIoBufferBytes: 1 })
  const log = world.open(compacted) as Log
  fill(world, log, 5_000)
  const before = log.sizeBytes
  assert.ok(before > 350_000)
  await world.clock.advance('25s')
  assert.equal(log.sizeBytes, before)
  await world.clock.advance('1m')
  assert.ok(log.sizeBytes < before / 4)
  await world.manager.close()
})

const program = (code: string): URL => new URL(`data:text/javascript,${encodeURIComponent(code)}`)
const start = `import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => {`

for (const [what, code, reason] of [
  ['throws', `${start} throw new Error('a bug') })`, /a bug/],
  ['ends', `${start} process.exit(3) })`, /it ended/],
  ['runs out of memory', `${start} const all = []; for (;;) all.push(new Array(1e6).fill({})) })`, /memory/],
] as const) {
  test(`a thread that ${what} while it compacts costs nothing but its run`, async () => {
    const world = worldIn(`dies ${what}`, { cleanerEnable: false })
    const log = world.open(compacted) as Log
    fill(world, log, 1_000)
    const before = await readAll(log)
    const { outcome, deaths } = await compactIn(log, program(code))
    assert.deepEqual([outcome.kind, outcome.kind === 'failed' && outcome.of], ['failed', 'thread'])
    assert.match(deaths.join(), reason)
    assert.deepEqual(await readAll(log), before)
    fill(world, log, 10)
    assert.equal((await compactIn(log)).outcome.kind, 'done')
    assert.ok((await readAll(log)).length < 500)
    await world.manager.close()
  })
}

test('closing the manager ends a compaction under way at once, and the log is whole', async () => {
  const world = worldIn('closing', { cleanerIoMaxBytesPerSecond: 1 })
  const log = world.open(compacted) as Log
  fill(world, log, 2_000)
  await world.clock.advance('16s')
  await world.restart()
  assert.equal((await readAll(world.open(compacted))).length, 2_000)
  await world.manager.close()
})
