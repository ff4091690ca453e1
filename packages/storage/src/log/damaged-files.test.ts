// Every kind of file of a log directory, damaged in every way that a disk knows: what is said, and what is kept.
import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { Logger } from '@millrace/kernel'
import { asLeaderEpoch, asOffset, errorMessage, seededRandom } from '@millrace/kernel'
import { buildMarkerBatch } from '@millrace/protocol'
import { batchOf, LogWorld, readAll, worldStartMs } from '@millrace/testkit/storage'
import { unsyncedFileSystem } from '../io/disk.ts'
import type { PartitionLog } from './partition-log.ts'

const config = { segmentBytes: 3_000, indexIntervalBytes: 200 }
const root = fs.mkdtempSync(join(tmpdir(), 'millrace-damaged-'))
const sources = { 'a clean stop': join(root, 'clean'), 'a crash': join(root, 'crashed') } as const
type Stop = keyof typeof sources

/** What the log held. */
let written: [number, string][] = []

before(async () => {
  const world = new LogWorld({ fileSystem: unsyncedFileSystem(), directories: [sources['a clean stop']] })
  const [log, other] = [world.open(config), world.open(config, 'others')]
  log.startEpoch(asLeaderEpoch(0))
  other.startEpoch(asLeaderEpoch(0))
  for (let round = 0; round < 20; round += 1) fillRound(world, log, other, round)
  await log.flush()
  log.setHighWatermark(log.logEndOffset)
  // Here is what was durable when the crash came.
  await world.clock.advance('2m')
  for (let round = 20; round < 30; round += 1) fillRound(world, log, other, round)
  written = await readAll(log)
  await log.advanceLogStart(asOffset(4))
  await world.clock.advance('2m')
  // Only compaction writes it.
  fs.writeFileSync(join(sources['a clean stop'], 'cleaner-offset-checkpoint'), '0\n2\norders 0 35\nothers 0 0\n')
  fs.cpSync(sources['a clean stop'], sources['a crash'], { recursive: true })
  await world.manager.close()
})

function fillRound(world: LogWorld, log: PartitionLog, other: PartitionLog, round: number): void {
  const leaderEpoch = round < 10 ? 0 : 1
  if (round === 10) log.startEpoch(asLeaderEpoch(1))
  const producer = { producerId: 7, producerEpoch: 0 }
  const values = [`value ${round}`, 'x'.repeat(100)]
  const records = batchOf(values, { ...producer, baseSequence: 2 * round })
  const pending = batchOf([`pending ${round}`], {
    producerId: 9,
    producerEpoch: 0,
    transactional: true,
    baseSequence: round,
  })
  const ended = {
    producerId: 9,
    producerEpoch: 0,
    committed: round % 2 === 0,
    coordinatorEpoch: 0,
    timestampMs: worldStartMs,
  }
  assert.ok(world.append(log, records, 'client', leaderEpoch).ok)
  assert.ok(world.append(log, pending, 'client', leaderEpoch).ok)
  assert.ok(world.append(log, buildMarkerBatch(ended), 'coordinator', leaderEpoch).ok)
  assert.ok(world.append(other, batchOf([`other ${round}`])).ok)
}

after(() => fs.rmSync(root, { recursive: true, force: true }))

type Damage = (path: string) => void

const flip =
  (at: (size: number) => number): Damage =>
  (path) => {
    const bytes = fs.readFileSync(path)
    bytes[at(bytes.length)]! ^= 0xff
    fs.writeFileSync(path, bytes)
  }

const damages = {
  'with a wrong first byte': flip(() => 0),
  'with a wrong byte in its middle': flip((size) => size >>> 1),
  'with a wrong last byte': flip((size) => size - 1),
  'cut in half': (path) => fs.truncateSync(path, fs.statSync(path).size >>> 1),
  'grown by zeroes': (path) => fs.appendFileSync(path, new Uint8Array(500)),
  'of random bytes': (path) => fs.writeFileSync(path, seededRandom(3).bytes(fs.statSync(path).size + 7)),
  'that is empty': (path) => fs.truncateSync(path, 0),
  'that is missing': (path) => fs.rmSync(path),
  'that is a folder': (path) => {
    fs.rmSync(path)
    fs.mkdirSync(path)
  },
} as const satisfies Record<string, Damage>
type DamageName = keyof typeof damages
const damageNames = Object.keys(damages) as DamageName[]

/** What became of the log, and what was said of it. */
interface Found {
  readonly outcome: 'whole' | 'shorter' | 'unreadable' | 'offline' | 'refused'
  readonly said: string
}

let copies = 0

/** Opens a damaged copy as the next start of a broker does. */
async function openDamaged(stop: Stop, find: FindFile, damage: Damage): Promise<Found> {
  const directory = join(root, `copy-${(copies += 1)}`)
  fs.cpSync(sources[stop], directory, { recursive: true })
  damage(find(directory))
  const bytesBefore = logBytes(directory)
  try {
    const found = await readDirectory(directory)
    const isCut = found.said.includes('torn and is cut')
    const bytesAfter = logBytes(directory)
    const shrunk = Object.keys(bytesBefore).filter((name) => (bytesAfter[name] ?? 0) < (bytesBefore[name] ?? 0))
    if (!isCut) assert.deepEqual(shrunk, [], 'no byte of a log goes without a word')
    return found
  } finally {
    fs.rmSync(directory, { recursive: true, force: true })
  }
}

function logBytes(directory: string): Record<string, number> {
  const folder = join(directory, 'orders-0')
  const logs = fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.log') && !fs.statSync(join(folder, name)).isDirectory())
  return Object.fromEntries(logs.map((name) => [name, fs.statSync(join(folder, name)).size]))
}

async function readDirectory(directory: string): Promise<Found> {
  const lines: string[] = []
  const line = (message: string, fields?: object): void => void lines.push(`${message} ${JSON.stringify(fields)}`)
  const quiet = (): void => {}
  const logger: Logger = {
    error: line,
    warn: line,
    info: quiet,
    debug: quiet,
    debugEnabled: false,
    child: () => logger,
  }
  try {
    const world = new LogWorld({ fileSystem: unsyncedFileSystem(), directories: [directory], logger })
    try {
      return { outcome: await readWorld(world), said: lines.join('\n') }
    } finally {
      await world.manager.close()
    }
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error
    return { outcome: 'refused', said: [...lines, errorMessage(error)].join('\n') }
  }
}

async function readWorld(world: LogWorld): Promise<Found['outcome']> {
  assert.equal((await readAll(world.open(config, 'others'))).length, 30, 'the other partition serves')
  const log = world.open(config)
  if (log.offline) return 'offline'
  log.abortedTransactions(asOffset(0), log.logEndOffset)
  await log.findByTimestamp(0, log.logEndOffset)
  const records = await readAll(log).catch((error: Error) => {
    assert.match(`${error.name}: ${error.message}`, /^CorruptRecordsError: |^Error: CORRUPT_MESSAGE: /)
    return undefined
  })
  if (records === undefined) return 'unreadable'
  const expected = new Map(written)
  for (const [offset, value] of records) assert.equal(value, expected.get(offset), `offset ${offset}`)
  if (records.length < written.filter(([offset]) => offset >= log.logStartOffset).length) return 'shorter'
  const next = world.append(log, batchOf(['goes on']), 'client', log.latestEpoch)
  assert.ok(next.ok && (await readAll(log, next.baseOffset)).length === 1, 'the log goes on')
  return 'whole'
}

type FindFile = (directory: string) => string

const nth =
  (suffix: string, slot: number): FindFile =>
  (directory) => {
    const names = fs.readdirSync(join(directory, 'orders-0')).toSorted()
    return join(directory, 'orders-0', names.filter((name) => name.endsWith(suffix)).at(slot) ?? 'none')
  }
const named =
  (name: string): FindFile =>
  (directory) =>
    join(directory, name)

interface Expectation {
  readonly find: FindFile
  /** Where the log isn't whole afterwards. */
  readonly outcomes: Partial<Record<DamageName, Found['outcome']>>
  readonly says: RegExp
  /** What can't be seen without reading the log, and changes nothing of what a read of all records gives. */
  readonly unseen: readonly DamageName[]
}

const [first, middle, last] = [
  'with a wrong first byte',
  'with a wrong byte in its middle',
  'with a wrong last byte',
] as const
const folder = { 'that is a folder': 'offline' } as const
// A stop that was clean promises that nothing need be scanned: what is wrong in a record is for who reads it.
const sealedLog: Expectation = {
  find: nth('.log', 1),
  outcomes: {
    ...folder,
    [first]: 'shorter',
    [middle]: 'unreadable',
    [last]: 'unreadable',
    'cut in half': 'unreadable',
    'of random bytes': 'unreadable',
    'that is empty': 'offline',
    'that is missing': 'offline',
  },
  says: /00035\.log (is (missing|empty|a folder)|has no batch)|built from the log/,
  unseen: [first, middle, last, 'grown by zeroes', 'of random bytes'],
}
const bySuffix = (suffix: string, slot: number, says: RegExp, unseen: readonly DamageName[]): Expectation => ({
  find: nth(suffix, slot),
  outcomes: folder,
  says,
  unseen,
})
const rebuilt = /built from the log|is a folder/
const leftOut = /is damaged and left out|is a folder/
const checkpoint = (name: string, unseen: readonly DamageName[]): Expectation => ({
  find: named(name),
  outcomes: {},
  says: /a checkpoint file is damaged and left out/,
  unseen,
})
const every: readonly DamageName[] = damageNames.filter((name) => name !== 'that is a folder')

const always: Record<string, Expectation> = {
  'a sealed .log': sealedLog,
  'a sealed .index': bySuffix('.index', 1, rebuilt, [last, 'cut in half']),
  // A time that is wrong and still rises can't be told from a right one.
  'a sealed .timeindex': bySuffix('.timeindex', 1, rebuilt, [first, middle, last]),
  // A segment without aborted transactions has no such file; `millrace log check` finds what is missing.
  'a sealed .txnindex': bySuffix('.txnindex', 1, rebuilt, [last, 'cut in half', 'that is empty', 'that is missing']),
  'the leader-epoch-checkpoint': {
    find: named('orders-0/leader-epoch-checkpoint'),
    outcomes: folder,
    says: /leader epochs of a log are (damaged|missing) and found in its batches|is a folder/,
    unseen: [],
  },
  'the partition.metadata': {
    find: named('orders-0/partition.metadata'),
    outcomes: { 'that is a folder': 'refused' },
    says: /partition\.metadata(: EISDIR| is missing or damaged, and is written anew)/,
    unseen: [first],
  },
  // Kafka makes these files empty, and a directory that is new has none.
  'the recovery-point-offset-checkpoint': checkpoint('recovery-point-offset-checkpoint', [
    'that is empty',
    'that is missing',
  ]),
  'the log-start-offset-checkpoint': checkpoint('log-start-offset-checkpoint', ['that is empty', 'that is missing']),
  'the replication-offset-checkpoint': checkpoint('replication-offset-checkpoint', [
    'that is empty',
    'that is missing',
  ]),
  'the cleaner-offset-checkpoint': checkpoint('cleaner-offset-checkpoint', ['that is empty', 'that is missing']),
  'the meta.properties': {
    find: named('meta.properties'),
    outcomes: { 'that is a folder': 'refused' },
    says: /meta\.properties(: EISDIR| of a log directory lacks what it had, and is written anew)/,
    unseen: ['grown by zeroes'],
  },
}

const afterCleanStop: Record<string, Expectation> = {
  'the last .log': {
    find: nth('.log', -1),
    outcomes: {
      ...sealedLog.outcomes,
      'cut in half': 'offline',
      'of random bytes': 'offline',
    },
    says: /\.log (is damaged at byte \d+, offset \d+|ends at byte \d+, offset \d+|is a folder)|torn and is cut/,
    unseen: [first, middle, last],
  },
  'the last .index': bySuffix('.index', -1, rebuilt, ['cut in half']),
  'the last .timeindex': bySuffix('.timeindex', -1, rebuilt, [first, middle, last]),
  'the newest .snapshot': bySuffix('.snapshot', -1, leftOut, ['that is missing']),
  'an old .snapshot': bySuffix('.snapshot', 1, leftOut, every),
  'the newest .batches': bySuffix('.batches', -1, leftOut, ['that is missing']),
  // What stands in it is the broker's epoch; without it the ends of the logs are checked, as after a crash.
  'the .kafka_cleanshutdown': {
    find: named('.kafka_cleanshutdown'),
    outcomes: { 'that is a folder': 'refused' },
    says: /\.kafka_cleanshutdown/,
    unseen: every,
  },
}

const notIndexes: readonly DamageName[] = ['that is missing', 'grown by zeroes', 'of random bytes']
const stillIndexes = every.filter((name) => !notIndexes.includes(name))

// What lies past the recovery point is built anew from the batches, whatever its indexes and snapshots say.
const afterCrash: Record<string, Expectation> = {
  'the last .log': {
    find: nth('.log', -1),
    outcomes: { ...folder, ...Object.fromEntries(every.map((name) => [name, 'shorter'])), 'grown by zeroes': 'whole' },
    says: /torn and is cut|index file without a log is removed|is a folder/,
    unseen: ['that is empty'],
  },
  'the last .index': bySuffix('.index', -1, rebuilt, stillIndexes),
  'the last .timeindex': bySuffix('.timeindex', -1, rebuilt, stillIndexes),
  'the newest .snapshot': bySuffix('.snapshot', -1, leftOut, every),
  'the .snapshot before the recovery point': bySuffix('.snapshot', 1, leftOut, ['that is missing']),
  'the newest .batches': bySuffix('.batches', -1, leftOut, every),
}

for (const [stop, own] of [
  ['a clean stop', afterCleanStop],
  ['a crash', afterCrash],
] as const) {
  suite(`after ${stop}`, () => {
    for (const [kind, expectation] of Object.entries({ ...always, ...own })) {
      for (const name of damageNames) expectDamage(stop, kind, name, expectation)
    }
  })
}

function expectDamage(stop: Stop, kind: string, name: DamageName, expectation: Expectation): void {
  const { find, outcomes, says, unseen } = expectation
  const outcome = outcomes[name] ?? 'whole'
  const isSaid = !unseen.includes(name)
  test(`with ${kind} ${name} the log is ${outcome}, and ${isSaid ? 'that is said' : 'it is not seen'}`, async () => {
    const found = await openDamaged(stop, find, damages[name])
    assert.equal(found.outcome, outcome, found.said)
    if (isSaid) assert.match(found.said, says)
    else assert.doesNotMatch(found.said, says)
  })
}

for (const [file, line, said] of [
  [
    'recovery-point-offset-checkpoint',
    'orders 0 99999',
    /ends at byte \d+, offset 120, although everything before offset 99999 was durable/,
  ],
  ['log-start-offset-checkpoint', 'orders 0 99999', /lies past the end of the log, and is left out/],
  ['replication-offset-checkpoint', 'orders 0 -4', /"-4\\" is not a whole number/],
  ['orders-0/leader-epoch-checkpoint', '3 7', /does not rise/],
] as const) {
  test(`after a clean stop a ${file} with the line '${line}' costs no record`, async () => {
    const damage = (path: string): void => {
      const lines = fs.readFileSync(path, 'utf8').trimEnd().split('\n')
      fs.writeFileSync(path, `${[...lines.slice(0, 2), line, ...lines.slice(3)].join('\n')}\n`)
    }
    const found = await openDamaged('a clean stop', named(file), damage)
    assert.match(found.said, said)
    assert.ok(found.outcome === 'whole' || found.outcome === 'offline')
  })
}
