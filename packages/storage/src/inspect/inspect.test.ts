// What `log check` and `log dump` say of logs that are whole, and of damage at known places.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asLeaderEpoch } from '@millrace/kernel'
import { buildMarkerBatch } from '@millrace/protocol'
import { batchOf, LogWorld, worldStartMs } from '@millrace/testkit/storage'
import type { FileSystem } from '../io/file-system.ts'
import type { Finding } from './finding.ts'
import { checkLogs, checkTarget } from './check.ts'
import type { DumpRow } from './dump-row.ts'
import { dumpFile } from './dump.ts'

const config = { segmentBytes: 6_000, indexIntervalBytes: 500 }

/** Three segments with transactions of which every second one is aborted, in epochs 0 and 1. */
async function wholeLog(stop: 'clean' | 'crash' = 'clean'): Promise<FileSystem> {
  const world = new LogWorld()
  const log = world.open(config)
  for (let i = 0; i < 40; i += 1) {
    const leaderEpoch = i < 20 ? 0 : 1
    if (i % 20 === 0) log.startEpoch(asLeaderEpoch(leaderEpoch))
    const producer = { producerId: 9, producerEpoch: 0 }
    const ended = { ...producer, committed: i % 2 === 0, coordinatorEpoch: 0, timestampMs: worldStartMs + i }
    const data = batchOf([`value ${i}`, 'x'.repeat(100)], { ...producer, transactional: true, baseSequence: 2 * i })
    assert.ok(world.append(log, data, 'client', leaderEpoch).ok)
    assert.ok(world.append(log, buildMarkerBatch(ended), 'coordinator', leaderEpoch).ok)
    if (i === 30) await log.flush()
  }
  await world.clock.advance('2m')
  if (stop === 'clean') await world.manager.close()
  return world.fileSystem
}

function check(files: FileSystem, path = '/data', live = false): Finding[] {
  const totals = { partitions: 0, segments: 0, batches: 0, records: 0, bytes: 0 }
  const steps = checkLogs(files, checkTarget(files, path), { live, readRecords: true, totals })
  return [...steps].flatMap((step) => (step.kind === 'finding' ? step.finding : []))
}

const dumped = (files: FileSystem, path: string, records = false): DumpRow[] =>
  [...dumpFile(files, path, { records })].filter((row) => row !== undefined)

const said = (findings: readonly Finding[]): string[] =>
  findings.map(({ level, kind, path, offset }) => `${level} ${kind} ${path.replace('/data/', '')} ${offset}`)

/** A position below zero counts from the end. */
function flip(files: FileSystem, path: string, at: number): void {
  const file = files.open(path, 'existing')
  const position = at < 0 ? (files.stat(path)?.sizeBytes ?? 0) + at : at
  const byte = new Uint8Array(1)
  file.read(byte, position)
  file.write([Uint8Array.of(byte[0]! ^ 0xff)], position)
}

const log0 = '/data/orders-0/00000000000000000000.log'

test('a whole log has no findings, after a clean stop, after a crash and beside a broker', async () => {
  assert.deepEqual(check(await wholeLog()), [])
  assert.deepEqual(check(await wholeLog('crash')), [])
  assert.deepEqual(check(await wholeLog('crash'), '/data', true), [])
  assert.deepEqual(check(await wholeLog(), '/data/orders-0'), [])
})

test('a damaged record is said with file, byte, offset, what was expected and what is there', async () => {
  const files = await wholeLog()
  const [, batch] = dumped(files, log0).filter((row) => row['control'] === false)
  const position = Number(batch?.['position'])
  flip(files, log0, position + 80)
  const [finding, ...others] = check(files)
  assert.deepEqual(others, [])
  assert.deepEqual([finding?.level, finding?.kind, finding?.path], ['damage', 'batch', log0])
  assert.deepEqual([finding?.position, finding?.offset, finding?.segment], [position, batch?.['baseOffset'], 0])
  assert.match(finding?.expected ?? '', /^CRC \d+$/)
  assert.match(finding?.got ?? '', /^\d+ from the bytes/)
})

test('one wrong offset or leader epoch, which no CRC covers, does not condemn what follows', async () => {
  for (const field of [5, 6, 14, 15]) {
    const files = await wholeLog()
    const batch = dumped(files, log0)[4]
    flip(files, log0, Number(batch?.['position']) + field)
    const found = check(files).filter(({ kind }) => kind === 'batch')
    assert.deepEqual(
      found.map(({ position }) => position),
      [batch?.['position']],
    )
  }
})

test('what lies past the recovery point is mended by the next start, what lies before it is damage', async () => {
  const files = await wholeLog('crash')
  flip(files, lastOf(files, '.log'), -10)
  flip(files, log0, 300)
  const levels = check(files).flatMap(({ kind, level }) => (kind === 'batch' ? level : []))
  assert.deepEqual(levels, ['damage', 'mends'])
})

for (const [name, break_, expected] of [
  ['a missing index', (f: FileSystem) => f.remove(log0.replace('.log', '.index')), /^mends index .*0000\.index null$/],
  [
    'an index that points elsewhere',
    (f: FileSystem) => flip(f, log0.replace('.log', '.index'), 15),
    /^damage index .*\.index \d+$/,
  ],
  [
    'a time that is too late',
    (f: FileSystem) => flip(f, log0.replace('.log', '.timeindex'), -5),
    /^damage index .*\.timeindex \d+$/,
  ],
  [
    'a missing .txnindex',
    (f: FileSystem) => f.remove(log0.replace('.log', '.txnindex')),
    /^damage transactions .*0000\.txnindex 5$/,
  ],
  ['a damaged snapshot', (f: FileSystem) => flip(f, lastOf(f, '.snapshot'), 20), /^mends snapshot .*\.snapshot null$/],
  ['lost leader epochs', (f: FileSystem) => f.remove('/data/orders-0/leader-epoch-checkpoint'), /^mends epochs /],
  [
    'a damaged checkpoint',
    (f: FileSystem) => flip(f, '/data/recovery-point-offset-checkpoint', 0),
    /^mends checkpoint recovery-point/,
  ],
  ['a lost meta.properties', (f: FileSystem) => f.remove('/data/meta.properties'), /^mends metadata meta\.properties/],
  [
    'a lost partition.metadata',
    (f: FileSystem) => f.remove('/data/orders-0/partition.metadata'),
    /^mends metadata orders-0/,
  ],
  [
    'a file that a removal left',
    (f: FileSystem) => f.open('/data/orders-0/x.deleted', 'create').close(),
    /^note leftover/,
  ],
] as const) {
  test(`${name} is found, and nothing else`, async () => {
    const files = await wholeLog()
    break_(files)
    const found = said(check(files))
    assert.equal(found.length, 1, found.join())
    assert.match(found[0] ?? '', expected)
  })
}

const lastOf = (files: FileSystem, suffix: string): string => {
  const names = (files.list('/data/orders-0') ?? []).map(({ name }) => name).filter((name) => name.endsWith(suffix))
  return `/data/orders-0/${names.toSorted().at(-1)}`
}

test('a missing segment is damage: in the middle, and at the end of what was durable', async () => {
  const files = await wholeLog()
  files.remove(lastOf(files, '.log'))
  assert.match(said(check(files)).join('\n'), /^damage missing /m)
})

test('a dump goes on behind damage, and shows it where it is', async () => {
  const files = await wholeLog()
  const before = dumped(files, log0)
  const position = Number(before[3]?.['position'])
  flip(files, log0, position + 70)
  const after = dumped(files, log0)
  assert.deepEqual(
    after.map((row) => row.type),
    before.map((_, slot) => (slot === 3 ? 'damage' : 'batch')),
  )
  assert.deepEqual([after[3]?.['position'], after[3]?.['sizeBytes']], [position, before[3]?.['sizeBytes']])
})

test('a dump shows records, markers, and each kind of small file', async () => {
  const files = await wholeLog()
  const rows = dumped(files, log0, true)
  const records = rows.filter(({ type }) => type === 'record')
  assert.deepEqual(new TextDecoder().decode(records[0]?.['value'] as Uint8Array), 'value 0')
  assert.deepEqual(records[5]?.['decoded'], { marker: 'ABORT', coordinatorEpoch: 0 })
  const first = (path: string): DumpRow | undefined => dumped(files, path)[0]
  assert.deepEqual(first(log0.replace('.log', '.txnindex')), {
    type: 'entry',
    producerId: 9,
    firstOffset: 3,
    lastOffset: 5,
    lastStableOffset: 6,
  })
  assert.equal(first(log0.replace('.log', '.index'))?.type, 'entry')
  assert.equal(first(log0.replace('.log', '.timeindex'))?.['timestamp'], worldStartMs + 1)
  assert.equal(first(lastOf(files, '.snapshot'))?.['producerId'], 9)
  assert.deepEqual(first('/data/orders-0/leader-epoch-checkpoint'), { type: 'line', epoch: 0, startOffset: 0 })
  assert.deepEqual(first('/data/recovery-point-offset-checkpoint'), {
    type: 'line',
    topic: 'orders',
    partition: 0,
    offset: 120,
  })
  assert.deepEqual(first('/data/meta.properties'), { type: 'line', name: 'version', value: '1' })
})

test('a dump of zeroes and of random bytes ends, with little memory', async () => {
  const files = await wholeLog()
  const file = files.open(log0, 'existing')
  file.write([new Uint8Array(3_000_000)], 6_000)
  file.write([Uint8Array.from({ length: 1_000_000 }, (_, slot) => (slot * 7_919) % 251)], 1_000_000)
  assert.equal(dumped(files, log0).at(-1)?.type, 'damage')
})
