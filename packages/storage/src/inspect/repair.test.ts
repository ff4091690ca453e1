// Random damage, a repair, and what is left: every record whose batch was whole, in a log that opens.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Random } from '@millrace/kernel'
import { asLeaderEpoch, seededRandom } from '@millrace/kernel'
import { buildMarkerBatch } from '@millrace/protocol'
import { batchOf, LogWorld, readAll, worldStartMs } from '@millrace/testkit/storage'
import type { FileSystem } from '../io/file-system.ts'
import { memoryFileSystem } from '../io/memory.ts'
import { checkLogs, checkTarget } from './check.ts'
import type { Finding, SegmentSurvey } from './finding.ts'
import { planRepair } from './repair.ts'

const config = { segmentBytes: 4_000, indexIntervalBytes: 400 }
const folder = '/data/orders-0'

async function makeLog(files: FileSystem, stop: 'clean' | 'crash'): Promise<[number, string][]> {
  const world = new LogWorld({ fileSystem: files })
  const log = world.open(config)
  for (let i = 0; i < 60; i += 1) {
    const leaderEpoch = Math.floor(i / 20)
    if (i % 20 === 0) log.startEpoch(asLeaderEpoch(leaderEpoch))
    const producer = { producerId: 9, producerEpoch: 0 }
    const data = batchOf([`value ${i}`, 'x'.repeat(60)], { ...producer, transactional: true, baseSequence: 2 * i })
    const ended = { ...producer, committed: i % 2 === 0, coordinatorEpoch: 0, timestampMs: worldStartMs + i }
    assert.ok(world.append(log, data, 'client', leaderEpoch).ok)
    assert.ok(world.append(log, buildMarkerBatch(ended), 'coordinator', leaderEpoch).ok)
    if (i === 40) await log.flush()
  }
  await world.clock.advance('2m')
  const records = await readAll(log)
  if (stop === 'clean') await world.manager.close()
  return records
}

/** A copy that no process holds. */
function copyOf(files: FileSystem): FileSystem {
  const copy = memoryFileSystem()
  const copyFolder = (path: string): void => {
    copy.makeDirectory(path)
    for (const { name, isDirectory } of files.list(path) ?? []) {
      if (isDirectory) copyFolder(`${path}/${name}`)
      else copy.open(`${path}/${name}`, 'create').write([files.readFile(`${path}/${name}`) ?? new Uint8Array(0)], 0)
    }
  }
  copyFolder('/data')
  return copy
}

function check(files: FileSystem): { findings: Finding[]; surveys: SegmentSurvey[] } {
  const totals = { partitions: 0, segments: 0, batches: 0, records: 0, bytes: 0 }
  const found: { findings: Finding[]; surveys: SegmentSurvey[] } = { findings: [], surveys: [] }
  for (const step of checkLogs(files, checkTarget(files, '/data'), { live: false, readRecords: false, totals })) {
    if (step.kind === 'finding') found.findings.push(step.finding)
    if (step.kind === 'segment') found.surveys.push(step.survey)
  }
  return found
}

const plan = (files: FileSystem) => planRepair(files, checkTarget(files, '/data'), check(files), 'quarantine-1')

function damageSomething(files: FileSystem, random: Random): string {
  const names = (files.list(folder) ?? []).filter(({ isDirectory }) => !isDirectory).map(({ name }) => name)
  // Another topic's id in partition.metadata can't be told from the right one.
  const own = names.filter((name) => name !== 'partition.metadata').map((name) => `${folder}/${name}`)
  const paths = [...own, '/data/recovery-point-offset-checkpoint']
  const path = paths.toSorted()[random.below(paths.length)] ?? folder
  const size = files.stat(path)?.sizeBytes ?? 0
  const kind = random.below(5)
  if (kind === 4) files.remove(path)
  if (size === 0 || kind === 4) return `${path} removed`
  const file = files.open(path, 'existing')
  const at = random.below(size)
  if (kind === 0) file.truncate(at)
  if (kind === 1) file.write([new Uint8Array(200)], size)
  if (kind === 2) file.write([random.bytes(1 + random.below(50))], at)
  if (kind === 3) file.write([Uint8Array.of(random.below(256))], at)
  return `${path} damaged in way ${kind} at ${at} of ${size}`
}

/** Every record of a batch that is whole after the damage is there after the repair, and nothing else. */
async function repairSeed(seed: number, whole: FileSystem, written: readonly [number, string][]): Promise<void> {
  const random = seededRandom(seed)
  const files = copyOf(whole)
  const done = Array.from({ length: 1 + random.below(3) }, () => damageSomething(files, random))
  try {
    for (const step of plan(files)) step.run()
    const left = check(files)
    assert.deepEqual(
      left.findings.filter(({ level }) => level === 'damage'),
      [],
    )
    assert.deepEqual(
      plan(files).filter(({ action }) => action === 'cut' || action === 'salvage'),
      [],
    )
    const log = new LogWorld({ fileSystem: files }).open(config)
    assert.equal(log.offline, false)
    const expected = new Map(written)
    for (const [offset, value] of await readAll(log)) assert.equal(value, expected.get(offset))
  } catch (error) {
    throw new Error(`seed ${seed}: ${done.join('; ')}`, { cause: error })
  }
}

for (const stop of ['clean', 'crash'] as const) {
  test(`whatever is damaged after a ${stop} stop, a repair leaves a log that is whole and opens`, async () => {
    const whole = memoryFileSystem()
    const written = await makeLog(whole, stop)
    const count = Number(process.env['MILLRACE_SEEDS'] ?? 150)
    for (let seed = 1; seed <= count; seed += 1) await repairSeed(seed, whole, written)
  })
}

test('a damaged batch costs its own records only, and is kept in quarantine', async () => {
  const files = memoryFileSystem()
  const written = await makeLog(files, 'clean')
  const log0 = `${folder}/00000000000000000000.log`
  const original = files.readFile(log0)
  files.open(log0, 'existing').write([Uint8Array.of(1, 2, 3)], 300)
  const steps = plan(files)
  assert.deepEqual(files.readFile(log0)?.length, original?.length, 'a plan changes nothing')
  for (const step of steps) step.run()
  const read = await readAll(new LogWorld({ fileSystem: files }).open(config))
  const lost = written.filter(([offset]) => !read.some(([there]) => there === offset)).map(([offset]) => offset)
  assert.equal(lost.length, 2)
  assert.match(steps[0]?.what ?? '', new RegExp(`offsets ${lost[0]} to ${lost[1]} are lost`))
  assert.equal(files.readFile(`${folder}/quarantine-1/00000000000000000000.log`)?.length, original?.length)
})

test('a log that ends too soon goes on where it ends, and what was lost is said', async () => {
  const files = memoryFileSystem()
  await makeLog(files, 'clean')
  const logs = (files.list(folder) ?? []).map(({ name }) => name).filter((name) => name.endsWith('.log'))
  const last = `${folder}/${logs.toSorted().at(-1)}`
  files.open(last, 'existing').truncate(0)
  const steps = plan(files)
  const base = Number(logs.toSorted().at(-1)?.slice(0, 20))
  assert.match(steps.map(({ what }) => what).join('\n'), new RegExp(`becomes ${base}; offsets ${base} to 179 are lost`))
  for (const step of steps) step.run()
  assert.equal(new LogWorld({ fileSystem: files }).open(config).logEndOffset, base)
})
