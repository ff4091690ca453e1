// `millrace log` on directories that it makes: what it prints, and its exit codes.
import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { after, before, test } from 'node:test'
import { unsyncedFileSystem } from '@millrace/storage'
import { batchOf, LogWorld } from '@millrace/testkit/storage'
import { run } from '../program.ts'

const root = fs.mkdtempSync(join(tmpdir(), 'millrace-log-'))
const whole = join(root, 'whole')
const world = (): LogWorld => new LogWorld({ fileSystem: unsyncedFileSystem(), directories: [whole] })

before(async () => {
  const first = world()
  const log = first.open({ segmentBytes: 3_000 })
  for (let i = 0; i < 40; i += 1) assert.ok(first.append(log, batchOf([`value ${i}`, 'x'.repeat(50)])).ok)
  await first.manager.close()
})

after(() => fs.rmSync(root, { recursive: true, force: true }))

interface Ran {
  readonly code: number
  readonly out: string
  readonly talk: string
}

async function millrace(args: readonly string[], signal = new AbortController().signal): Promise<Ran> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  stdin.end()
  const [out, talk] = [stdout.toArray(), stderr.toArray()]
  const streams = { stdoutIsTerminal: false, stderrIsTerminal: false, stdinIsTerminal: false }
  const code = await run(args, { stdin, stdout, stderr, signal, env: {}, ...streams })
  stdout.end()
  stderr.end()
  const text = (chunks: unknown[]): string => Buffer.concat(chunks as Buffer[]).toString()
  return { code, out: text(await out), talk: text(await talk) }
}

let copies = 0

function damaged(damage: (folder: string) => void): string {
  const copy = join(root, `copy-${(copies += 1)}`)
  fs.cpSync(whole, copy, { recursive: true })
  damage(join(copy, 'orders-0'))
  return copy
}

const log0 = '00000000000000000000.log'

function flip(path: string, at: number): void {
  const bytes = fs.readFileSync(path)
  bytes[at]! ^= 0xff
  fs.writeFileSync(path, bytes)
}

test('a whole directory is said to be whole, with exit code 0 and nothing on standard output', async () => {
  const { code, out, talk } = await millrace(['log', 'check', whole])
  assert.deepEqual([code, out], [0, ''])
  assert.match(talk, /^1 partition, \d segments, 40 batches, 80 records, .* KB: all is whole\n$/)
})

test('damage has exit code 4, with file, byte and offset; what a start mends has 3', async () => {
  const broken = damaged((folder) => flip(join(folder, log0), 100))
  const { code, out, talk } = await millrace(['log', 'check', broken])
  assert.equal(code, 4)
  assert.match(
    out,
    /^LEVEL +FILE +BYTE +OFFSET\ndamage +orders-0\/00000000000000000000\.log +0 +0\n +expected CRC \d+, got \d+/,
  )
  assert.match(talk, /1 place of damage\n`millrace log repair .*` sets aside/)
  const mends = damaged((folder) => fs.rmSync(join(folder, 'leader-epoch-checkpoint')))
  assert.equal((await millrace(['log', 'check', mends])).code, 3)
})

test('findings are JSON where that is asked for', async () => {
  const broken = damaged((folder) => flip(join(folder, log0), 100))
  const { out } = await millrace(['log', 'check', broken, '-o', 'json'])
  const [finding] = JSON.parse(out) as { level: string; position: number }[]
  assert.deepEqual([finding?.level, finding?.position], ['damage', 0])
  assert.equal((await millrace(['log', 'check', whole, '-o', 'json'])).out, '[]\n')
})

test('what is no log directory fails, and so does what is not there', async () => {
  const empty = fs.mkdtempSync(join(root, 'empty-'))
  assert.match((await millrace(['log', 'check', empty])).talk, /neither a log directory nor a partition's folder/)
  const missing = await millrace(['log', 'check', join(root, 'none')])
  assert.deepEqual([missing.code, missing.talk.includes('there is no such folder')], [1, true])
})

test('with a broker on the directory it is read all the same, and nothing is written into it', async () => {
  const broker = world()
  try {
    const owner = fs.readFileSync(join(whole, '.lock-owner'), 'utf8')
    const { code, talk } = await millrace(['log', 'check', whole])
    assert.equal(code, 0, talk)
    assert.match(talk, /process \d+ holds it: only what it has finished writing is looked at/)
    assert.equal(fs.readFileSync(join(whole, '.lock-owner'), 'utf8'), owner)
  } finally {
    await broker.manager.close()
  }
})

test('an interrupted check says how far it came, and fails', async () => {
  const { code, talk } = await millrace(['log', 'check', whole], AbortSignal.abort())
  assert.deepEqual([code, /stopped after 0 bytes of/.test(talk)], [1, true])
})

test('a segment is dumped as a table of batches, or of records', async () => {
  const path = join(whole, 'orders-0', log0)
  const batches = await millrace(['log', 'dump', path])
  assert.match(batches.out, /^POSITION  SIZE  FIRST  LAST  RECORDS  EPOCH  TIME .*\n +0 +\d+ +0 +1 +2 +0  2023-11-14T/)
  const records = await millrace(['log', 'dump', path, '--records'])
  assert.match(records.out, /^OFFSET  TIME +KEY  VALUE +HEADERS\n +0  2023-11-14T22:13:20\.000Z  k +value 0 +-\n/)
})

test('a dump as JSON has the file in each object, and bytes as base64 where asked for', async () => {
  const path = join(whole, 'orders-0', log0)
  const { out, code } = await millrace(['log', 'dump', path, '--records', '--base64', '-o', 'ndjson'])
  const rows = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  assert.deepEqual([code, rows[0]?.['type'], rows[1]?.['type']], [0, 'batch', 'record'])
  assert.deepEqual([rows[1]?.['file'], rows[1]?.['key']], [path, { base64: 'aw==' }])
  const json = await millrace(['log', 'dump', path, '-o', 'json'])
  assert.ok((JSON.parse(json.out) as unknown[]).length > 5)
})

test('damage is shown in a dump, what follows it too, and the exit code is 1', async () => {
  const broken = damaged((folder) => flip(join(folder, log0), 100))
  const { code, out, talk } = await millrace(['log', 'dump', join(broken, 'orders-0', log0)])
  assert.equal(code, 1)
  assert.match(out, /^damage at byte 0, \d+ bytes: expected CRC \d+, got \d+.*\nPOSITION/)
  assert.match(talk, /1 place of damage/)
})

test('files that a log directory does not have are refused by their name, and the others are dumped', async () => {
  const paths = [join(root, 'notes.txt'), join(whole, 'meta.properties')]
  const { code, out, talk } = await millrace(['log', 'dump', ...paths])
  assert.equal(code, 1)
  assert.match(talk, /notes\.txt: no file of a log directory has such a name/)
  assert.match(out, /node\.id +1/)
})

test('a repair first says what it would do, then does it, and what it took away is kept', async () => {
  const broken = damaged((folder) => flip(join(folder, log0), 400))
  const dry = await millrace(['log', 'repair', broken, '--dry-run'])
  assert.equal(dry.code, 4)
  assert.match(
    dry.out,
    /^ACTION +FILE\nsalvage +orders-0\/00000000000000000000\.log\n +\d+ bytes taken out, \d+ kept; offsets \d+ to \d+ are lost/,
  )
  assert.match(dry.talk, /steps would be taken; nothing was changed/)
  assert.equal((await millrace(['log', 'check', broken])).code, 4)
  const done = await millrace(['log', 'repair', broken, '--yes'])
  assert.equal(done.code, 0, done.talk)
  assert.match(done.talk, /steps taken; what was taken away is in quarantine-\d{8}T\d{6}Z/)
  assert.equal((await millrace(['log', 'check', broken])).code, 0)
  const kept = fs.readdirSync(join(broken, 'orders-0')).find((name) => name.startsWith('quarantine-')) ?? 'none'
  const original = fs.statSync(join(whole, 'orders-0', log0)).size
  assert.equal(fs.statSync(join(broken, 'orders-0', kept, log0)).size, original)
  const again = await millrace(['log', 'repair', broken, '--yes'])
  assert.deepEqual([again.code, again.talk.includes('nothing to repair')], [0, true])
})

test('a repair asks, and without a terminal it wants --yes', async () => {
  const broken = damaged((folder) => flip(join(folder, log0), 400))
  const { code, talk } = await millrace(['log', 'repair', broken])
  assert.deepEqual([code, /Say --yes/.test(talk)], [2, true])
  assert.equal((await millrace(['log', 'check', broken])).code, 4)
})

test('a repair refuses while a broker holds the directory, and says which process that is', async () => {
  const broker = world()
  try {
    const { code, talk } = await millrace(['log', 'repair', whole, '--yes'])
    assert.deepEqual([code, /can't be locked: process \d+ holds it/.test(talk)], [1, true])
  } finally {
    await broker.manager.close()
  }
})

test('a repair as JSON says what was done', async () => {
  const broken = damaged((folder) => fs.truncateSync(join(folder, log0.replace('.log', '.index')), 3))
  const { out, code } = await millrace(['log', 'repair', broken, '--yes', '-o', 'json'])
  const [step] = JSON.parse(out) as { action: string; done: boolean }[]
  assert.deepEqual([code, step?.action, step?.done], [0, 'rebuild', true])
})
