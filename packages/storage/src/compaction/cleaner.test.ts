import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GaugeSample, LogFields, MetricOptions, Metrics } from '@millrace/kernel'
import { noMetrics, seededRandom, silentLogger } from '@millrace/kernel'
import { buildBatch } from '@millrace/protocol'
import { FaultyFileSystem, LogWorld, readAll, worldStartMs } from '@millrace/testkit/storage'
import type { LogManagerSettings, PartitionLog } from '../log/partition-log.ts'
import type { Log } from '../log/log.ts'
import type { JobOutcome } from './compaction-job.ts'
import type { CompactionThread } from './compaction-thread.ts'
import { Cleaner } from './cleaner.ts'
import { loopThread } from './loop-thread.ts'

const compacted = { cleanupPolicy: ['compact'], segmentBytes: 1_000, minCleanableDirtyRatio: 0.01 } as const
const settings: Partial<LogManagerSettings> = { tailCacheBytes: 1, initialTaskDelayMs: 1e9 }

/** Sixty values of seven keys. */
function fill(world: LogWorld, log: PartitionLog): void {
  for (let i = 0; i < 60; i += 1) {
    const key = new TextEncoder().encode(`key ${i % 7}`)
    assert.ok(world.append(log, buildBatch({ records: [{ key, value: key, timestampMs: worldStartMs }] })).ok)
  }
  log.setHighWatermark(log.logEndOffset)
}

const recordsIn = async (log: PartitionLog): Promise<number> => (await readAll(log)).length

function observed(): { metrics: Metrics; read: (name: string) => readonly GaugeSample[] } {
  const gauges = new Map<string, () => number | readonly GaugeSample[]>()
  const gauge = (options: MetricOptions, read: () => number | readonly GaugeSample[]): void =>
    void gauges.set(options.name, read)
  const read = (name: string): readonly GaugeSample[] => {
    const found = gauges.get(`kafka_log_${name}`)?.() ?? []
    return typeof found === 'number' ? [{ value: found }] : found
  }
  return { metrics: { ...noMetrics, gauge }, read }
}

/** A byte in the middle of the first segment's records is another. */
function damageFirstSegment(files: FaultyFileSystem, folder: string): void {
  const file = files.open(`${folder}/00000000000000000000.log`, 'existing')
  file.write([Uint8Array.of(0xff)], 70)
}

test('a log that is damaged is left out, said so in the log and in metrics, and the others are compacted', async () => {
  const said: [string, LogFields | undefined][] = []
  const logger = { ...silentLogger, error: (message: string, fields?: LogFields) => void said.push([message, fields]) }
  const { metrics, read } = observed()
  const files = new FaultyFileSystem(seededRandom(1))
  const world = new LogWorld({ fileSystem: files, settings, logger, metrics })
  const bad = world.open(compacted, 'bad')
  const good = world.open(compacted, 'good')
  for (const log of [bad, good]) fill(world, log)
  damageFirstSegment(files, '/data/bad-0')
  await world.clock.advance('1h')
  assert.ok((await recordsIn(good)) < 30)
  assert.deepEqual(
    said.map(([message, fields]) => [message, fields?.['partition']]),
    [['a compaction failed: the log is not compacted before the next start', 'bad-0']],
  )
  assert.match(String(said[0]?.[1]?.['error']), /0000\.log is damaged at byte 0: .*CRC/)
  assert.deepEqual(read('logcleanermanager_uncleanable_partitions_count'), [{ value: 1, labels: ['/data'] }])
  assert.deepEqual(read('logcleanermanager_uncleanable_bytes'), [{ value: bad.sizeBytes, labels: ['/data'] }])
  await world.manager.delete('bad', 0)
  fill(world, good)
  await world.clock.advance('1h')
  assert.deepEqual(read('logcleanermanager_uncleanable_partitions_count'), [{ value: 0, labels: ['/data'] }])
})

test('metrics say how dirty the dirtiest log is, and what the last compaction did', async () => {
  const { metrics, read } = observed()
  const world = new LogWorld({ settings, metrics })
  const log = world.open({ ...compacted, minCleanableDirtyRatio: 1 })
  fill(world, log)
  await world.clock.advance('20s')
  assert.deepEqual(read('logcleanermanager_max_dirty_percent'), [{ value: 100 }])
  assert.deepEqual(read('logcleanermanager_time_since_last_run_ms'), [{ value: 5_000 }])
  log.reconfigure({ ...log.config, minCleanableDirtyRatio: 0.5 })
  await world.clock.advance('20s')
  const recopied = read('logcleaner_cleaner_recopy_percent')[0]?.value ?? 0
  const used = read('logcleaner_max_buffer_utilization_percent')[0]?.value ?? 0
  assert.ok(recopied > 10 && recopied < 60, `${recopied} %`)
  assert.ok(used > 5 && used < 30, `${used} %`)
})

test('a disk without room costs a compaction, which is made when there is room again', async () => {
  const files = new FaultyFileSystem(seededRandom(1))
  const world = new LogWorld({ fileSystem: files, settings })
  const log = world.open(compacted)
  fill(world, log)
  await log.flush()
  files.setCapacity(0)
  await world.clock.advance('1m')
  assert.deepEqual([log.offline, await recordsIn(log)], [false, 60])
  assert.deepEqual(
    files.list('/data/orders-0')?.filter(({ name }) => name.endsWith('.cleaned')),
    [],
  )
  files.setCapacity(Infinity)
  await world.clock.advance('1m')
  assert.ok((await recordsIn(log)) < 30)
})

test('a sync that fails takes the directory offline, as every failed sync does', async () => {
  const files = new FaultyFileSystem(seededRandom(1))
  const world = new LogWorld({ fileSystem: files, settings })
  const log = world.open(compacted)
  fill(world, log)
  await log.flush()
  const failing = world.clock.advance('1m')
  for (let turn = 0; turn < 1_000 && !hasCleaned(files); turn += 1) await Promise.resolve()
  assert.ok(hasCleaned(files))
  files.failNext({ on: 'sync', error: 'EIO: i/o error' })
  await failing
  assert.equal(log.offline, true)
})

const hasCleaned = (files: FaultyFileSystem): boolean =>
  (files.list('/data/orders-0') ?? []).some(({ name }) => name.endsWith('.cleaned'))

/** A cleaner of our own over a world's logs, whose manager has none at work. */
function cleanerOver(logs: readonly Log[], newThread: () => CompactionThread): Cleaner {
  const cleaned = new Map<Log, number>()
  const { context } = logs[0]!.state
  const enabled = { ...context, settings: { ...context.settings, cleanerEnable: true } }
  return new Cleaner(enabled, {
    logs: () => logs,
    cleanedUntil: (log) => cleaned.get(log),
    setCleanedUntil: async (log, offset) => void cleaned.set(log, offset),
    newThread,
    pause: async () => {},
  })
}

const dead: JobOutcome = { kind: 'failed', of: 'thread', message: 'out of memory' }

for (const [deaths, what] of [
  [1, 'is compacted by the next'],
  [2, 'is left alone when it happens again'],
] as const) {
  test(`a log whose thread died while it was compacted ${what}`, async () => {
    const world = new LogWorld({ settings: { ...settings, cleanerEnable: false } })
    const log = world.open(compacted) as Log
    fill(world, log)
    const whole = loopThread(world.fileSystem, async () => {})
    let runs = 0
    const thread: CompactionThread = {
      ...whole,
      run: async (job, calls) => ((runs += 1) <= deaths ? dead : whole.run(job, calls)),
    }
    const cleaner = cleanerOver([log], () => thread)
    cleaner.wake(log)
    await world.clock.advance('5m')
    assert.deepEqual(
      [runs, (await recordsIn(log)) < 30, cleaner.record.isUncleanable(log)],
      [2, deaths === 1, deaths === 2],
    )
    await cleaner.stop()
  })
}

test('with two threads two logs are compacted at the same time, and none by both', async () => {
  const world = new LogWorld({ settings: { ...settings, cleanerEnable: false, cleanerThreads: 2 } })
  const logs = ['a', 'b', 'c'].map((topic) => world.open(compacted, topic) as Log)
  for (const log of logs) fill(world, log)
  const whole = loopThread(world.fileSystem, async () => {})
  const folders: string[] = []
  const gates: (() => void)[] = []
  const gated = (): CompactionThread => ({
    ...whole,
    run: async (job, calls) => {
      folders.push(job.folder)
      await new Promise<void>((resolve) => gates.push(resolve))
      return whole.run(job, calls)
    },
  })
  const cleaner = cleanerOver(logs, gated)
  logs.forEach((log) => cleaner.wake(log))
  const done = world.clock.advance('1m')
  for (let turn = 0; turn < 1_000; turn += 1) await Promise.resolve()
  assert.deepEqual(folders.toSorted(), ['/data/a-0', '/data/b-0'])
  for (let turn = 0; turn < 10_000 && folders.length < 3; turn += 1) {
    gates.shift()?.()
    await Promise.resolve()
  }
  gates.forEach((go) => go())
  await done
  assert.deepEqual([folders.length, new Set(folders).size], [3, 3])
  for (const log of logs) assert.ok((await recordsIn(log)) < 30)
  await cleaner.stop()
})

test('with log.cleaner.enable off nothing is compacted', async () => {
  const world = new LogWorld({ settings: { ...settings, cleanerEnable: false } })
  const log = world.open(compacted)
  fill(world, log)
  await world.clock.advance('1h')
  assert.equal(await recordsIn(log), 60)
})
