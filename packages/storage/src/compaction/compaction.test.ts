import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Random } from '@millrace/kernel'
import { asLeaderEpoch, asOffset, seededRandom } from '@millrace/kernel'
import type { RecordToWrite } from '@millrace/protocol'
import { buildBatch, buildMarkerBatch, decodeBatches } from '@millrace/protocol'
import { concat, FaultyFileSystem, LogWorld, readAt, worldStartMs } from '@millrace/testkit/storage'
import type { PartitionLog } from '../log/partition-log.ts'

const compacted = {
  cleanupPolicy: ['compact'],
  segmentBytes: 1_000,
  minCleanableDirtyRatio: 0.01,
  indexIntervalBytes: 100,
} as const
const tailOff = { tailCacheBytes: 1, initialTaskDelayMs: 1_000_000_000 }

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (value: Uint8Array | null): string | null => (value === null ? null : new TextDecoder().decode(value))

function keyed(pairs: readonly (readonly [string, string | null])[], fields = {}): Uint8Array {
  const records: RecordToWrite[] = pairs.map(([key, value]) => ({
    key: bytes(key),
    value: value === null ? null : bytes(value),
    timestampMs: worldStartMs,
  }))
  return buildBatch({ ...fields, records })
}

function put(world: LogWorld, log: PartitionLog, key: string, value: string | null): number {
  const outcome = world.append(log, keyed([[key, value]]))
  assert.ok(outcome.ok)
  log.setHighWatermark(log.logEndOffset)
  return outcome.baseOffset
}

type Found = readonly [offset: number, key: string | null, value: string | null]

async function contents(log: PartitionLog): Promise<Found[]> {
  const found: Found[] = []
  for (let at = Number(log.logStartOffset); at < log.logEndOffset;) {
    const read = concat(await readAt(log, at, 100_000))
    if (read.length === 0) break
    for (const batch of decodeBatches(read)) {
      at = batch.lastOffset + 1
      if (batch.isControlBatch) found.push(...batch.records.map(({ offset }) => [offset, 'marker', null] as const))
      else found.push(...batch.records.map(({ offset, key, value }) => [offset, text(key), text(value)] as const))
    }
  }
  return found
}

const fill = (world: LogWorld, log: PartitionLog, count: number): void => {
  for (let i = 0; i < count; i += 1) put(world, log, `filler ${i}`, 'x'.repeat(50))
}

test('of each key the last value stays, at its offset and in order', async () => {
  const world = new LogWorld({ settings: tailOff })
  const log = world.open(compacted)
  for (let i = 0; i < 60; i += 1) put(world, log, `key ${i % 7}`, `value ${i}`)
  const before = await contents(log)
  await world.clock.advance('1m')
  const after = await contents(log)
  assert.ok(after.length < before.length, `${after.length} of ${before.length} are left`)
  assert.deepEqual(
    after,
    before.filter((one) => after.some(([offset]) => offset === one[0])),
  )
  const last = new Map(before.map((one) => [one[1], one]))
  for (const one of last.values())
    assert.ok(
      after.some(([offset]) => offset === one[0]),
      `${one[1]} is there`,
    )
  assert.equal(log.logEndOffset, 60)
})

test('a tombstone takes the values before it away, and goes itself after delete.retention.ms', async () => {
  const world = new LogWorld({ settings: tailOff })
  const log = world.open({ ...compacted, deleteRetentionMs: 3_600_000 })
  put(world, log, 'gone', 'value')
  const tombstone = put(world, log, 'gone', null)
  fill(world, log, 30)
  await world.clock.advance('1m')
  const gone = async () => (await contents(log)).filter(([, key]) => key === 'gone')
  assert.deepEqual(await gone(), [[tombstone, 'gone', null]])
  await world.clock.advance('2h')
  fill(world, log, 30)
  await world.clock.advance('1m')
  assert.deepEqual(await gone(), [])
})

test('records younger than min.compaction.lag.ms are left alone', async () => {
  const world = new LogWorld({ settings: tailOff })
  const log = world.open({ ...compacted, minCompactionLagMs: 3_600_000 })
  for (let i = 0; i < 60; i += 1) put(world, log, 'key', `value ${i}`)
  await world.clock.advance('10m')
  assert.equal((await contents(log)).length, 60)
  await world.clock.advance('1h')
  assert.ok((await contents(log)).length < 30)
})

test('records of aborted transactions go, their marker stays for as long as one of them does', async () => {
  const world = new LogWorld({ settings: tailOff })
  const log = world.open(compacted)
  const producer = { producerId: 5, producerEpoch: 0 }
  world.append(log, keyed([['a', 'aborted']], { ...producer, transactional: true, baseSequence: 0 }))
  const marker = { ...producer, committed: false, coordinatorEpoch: 0, timestampMs: worldStartMs }
  world.append(log, buildMarkerBatch(marker), 'coordinator')
  world.append(log, keyed([['b', 'committed']], { ...producer, transactional: true, baseSequence: 1 }))
  world.append(log, buildMarkerBatch({ ...marker, committed: true }), 'coordinator')
  fill(world, log, 30)
  await world.clock.advance('1m')
  const found = await contents(log)
  assert.deepEqual(found.slice(0, 3), [
    [1, 'marker', null],
    [2, 'b', 'committed'],
    [3, 'marker', null],
  ])
  // Until a later run finds that nothing of it is left, a reader who is told of it finds only its marker.
  assert.deepEqual(log.abortedTransactions(asOffset(0), log.logEndOffset), [{ producerId: 5, firstOffset: 0 }])
})

test('a .txnindex that is damaged is built anew, and the log compacted', async () => {
  for (const isInMemory of [true, false]) {
    const files = new FaultyFileSystem(seededRandom(1))
    const world = new LogWorld({ settings: tailOff, fileSystem: files })
    let log = world.open({ ...compacted, cleanupPolicy: ['delete'] })
    const producer = { producerId: 5, producerEpoch: 0 }
    world.append(log, keyed([['a', 'aborted']], { ...producer, transactional: true, baseSequence: 0 }))
    const marker = { ...producer, committed: false, coordinatorEpoch: 0, timestampMs: worldStartMs }
    world.append(log, buildMarkerBatch(marker), 'coordinator')
    fill(world, log, 20)
    fill(world, log, 20)
    if (!isInMemory) await world.restart()
    const index = files.open('/data/orders-0/00000000000000000000.txnindex', 'existing')
    index.write([new Uint8Array(20)], 14)
    log = isInMemory ? log : world.open({ ...compacted, cleanupPolicy: ['delete'] })
    log.reconfigure({ ...log.config, cleanupPolicy: ['compact'] })
    await world.clock.advance('1m')
    const found = await contents(log)
    assert.deepEqual(found[0], [1, 'marker', null], 'what was aborted is gone')
    assert.ok(found.length < 35, `${found.length} records: it was compacted`)
  }
})

test('a transaction that was aborted behind one that is open stays told as aborted', async () => {
  const world = new LogWorld({ settings: tailOff })
  const log = world.open(compacted)
  const open = { producerId: 4, producerEpoch: 0, transactional: true, baseSequence: 0 }
  const aborted = { producerId: 5, producerEpoch: 0 }
  fill(world, log, 30)
  for (let i = 0; i < 20; i += 1) put(world, log, 'old', `${i}`)
  const openFrom = Number(log.logEndOffset)
  world.append(log, keyed([['k', 'open']], open))
  world.append(log, keyed([['k', 'aborted']], { ...aborted, transactional: true, baseSequence: 0 }))
  const marker = { ...aborted, committed: false, coordinatorEpoch: 0, timestampMs: worldStartMs }
  world.append(log, buildMarkerBatch(marker), 'coordinator')
  fill(world, log, 30)
  await world.clock.advance('1m')
  const found = await contents(log)
  assert.ok(found.filter(([, key]) => key === 'old').length < 20, 'it was compacted')
  const isThere = found.some(([, , value]) => value === 'aborted')
  const told = log.abortedTransactions(asOffset(0), log.logEndOffset)
  assert.ok(
    !isThere || told.some(({ firstOffset }) => firstOffset === openFrom + 1),
    'no reader takes it for committed',
  )
})

test('the last sequence of a producer survives, though all its records are gone', async () => {
  const world = new LogWorld({ settings: tailOff })
  const log = world.open(compacted)
  const producer = { producerId: 6, producerEpoch: 0 }
  world.append(log, keyed([['k', 'old']], { ...producer, baseSequence: 41 }))
  put(world, log, 'k', 'new')
  fill(world, log, 30)
  await world.clock.advance('1m')
  assert.deepEqual((await contents(log))[0], [1, 'k', 'new'])
  await world.restart()
  const again = world.open(compacted)
  const next = world.append(again, keyed([['k', 'newer']], { ...producer, baseSequence: 43 }))
  assert.equal(next.ok ? 'ok' : next.error, 'OUT_OF_ORDER_SEQUENCE_NUMBER')
  assert.ok(world.append(again, keyed([['k', 'newer']], { ...producer, baseSequence: 42 })).ok)
})

test('a compaction with little memory takes several runs and comes to the same', async () => {
  const world = new LogWorld({ settings: { ...tailOff, cleanerDedupeBufferBytes: 12_000 } })
  const log = world.open({ ...compacted, segmentBytes: 20_000 })
  for (let i = 0; i < 3_000; i += 10) {
    const pairs = Array.from({ length: 10 }, (_, k) => [`key ${(i + k) % 1_000}`, `value ${i + k}`] as const)
    assert.ok(world.append(log, keyed(pairs)).ok)
  }
  log.setHighWatermark(log.logEndOffset)
  await world.clock.advance('5m')
  const found = await contents(log)
  const last = new Map(found.map(([, key, value]) => [key, value]))
  for (let i = 0; i < 1_000; i += 1) assert.equal(last.get(`key ${i}`), `value ${2_000 + i}`)
  assert.ok(found.length < 2_000, `${found.length} records are left`)
})

interface History {
  readonly puts: { readonly key: string; readonly value: string | null }[]
  /** How many of them a flush has made durable. */
  durable: number
}

async function writeAndCompact(world: LogWorld, random: Random, history: History): Promise<void> {
  const log = world.open(compacted)
  log.startEpoch(asLeaderEpoch(0))
  for (let round = 0; round < 4; round += 1) {
    for (let i = 0; i < 15; i += 1) {
      const key = `key ${random.below(8)}`
      const value = random.below(10) === 0 ? null : `value ${round} ${i} ${'y'.repeat(random.below(60))}`
      put(world, log, key, value)
      history.puts.push({ key, value })
    }
    await log.flush()
    history.durable = history.puts.length
    await world.clock.advance('1m')
  }
}

async function runUntilCut(cutAfter: number): Promise<{ files: FaultyFileSystem; history: History }> {
  const files = new FaultyFileSystem(seededRandom(cutAfter))
  files.cutPowerAfter(cutAfter)
  const history: History = { puts: [], durable: 0 }
  const world = new LogWorld({ fileSystem: files, settings: tailOff })
  await writeAndCompact(world, seededRandom(4), history).catch((error: unknown) => {
    if (!files.powerIsCut) throw error
  })
  return { files, history }
}

/** Each key has the last of its values that was durable, or a later one. */
async function checkValues(files: FaultyFileSystem, { puts, durable }: History, what: string): Promise<void> {
  const log = new LogWorld({ fileSystem: files }).open(compacted)
  assert.equal(log.offline, false, what)
  const found = await contents(log)
  const offsets = found.map(([offset]) => offset)
  assert.deepEqual(
    offsets,
    offsets.toSorted((a, b) => a - b),
    what,
  )
  const last = new Map(found.map(([, key, value]) => [key, value]))
  for (const key of new Set(puts.map((one) => one.key))) {
    const sure = puts.findLastIndex((one, index) => one.key === key && index < durable)
    const values = puts.filter((one, index) => one.key === key && index >= sure).map(({ value }) => value)
    const value = last.get(key) ?? null
    assert.ok(values.includes(value) || (sure < 0 && value === null), `${key} is ${value}, ${what}`)
  }
}

const isSwapping = (files: FaultyFileSystem): boolean =>
  (files.list('/data/orders-0') ?? []).some(({ name }) => name.endsWith('.swap'))

const changesOf = async (): Promise<number> => (await runUntilCut(1_000_000)).files.changeCount

/** Directories whose syncs wait until they are let go: what happens while a swap is between its steps. */
class HeldFileSystem extends FaultyFileSystem {
  held: (() => void)[] | undefined

  override async syncDirectoryLater(path: string): Promise<void> {
    const { held } = this
    if (held !== undefined && isSwapping(this)) await new Promise<void>((resolve) => held.push(resolve))
    this.syncDirectory(path)
  }
}

async function heldInSwap(): Promise<{
  files: HeldFileSystem
  world: LogWorld
  log: PartitionLog
  done: Promise<void>
}> {
  const files = new HeldFileSystem(seededRandom(1))
  const world = new LogWorld({ fileSystem: files, settings: tailOff })
  const log = world.open(compacted)
  for (let i = 0; i < 60; i += 1) put(world, log, `key ${i % 7}`, `value ${i}`)
  await log.flush()
  files.held = []
  const done = world.clock.advance('1m')
  for (let turn = 0; turn < 1_000 && files.held.length === 0; turn += 1) await new Promise((next) => setImmediate(next))
  assert.ok(files.held.length > 0 && isSwapping(files))
  return { files, world, log, done }
}

test('a log that is cut while it is compacted keeps nothing of what was cut, also where it is killed then', async () => {
  for (const kill of [true, false]) {
    const { files, world, log, done } = await heldInSwap()
    await log.truncateTo(asOffset(3))
    assert.deepEqual(await contents(log), [
      [0, 'key 0', 'value 0'],
      [1, 'key 1', 'value 1'],
      [2, 'key 2', 'value 2'],
    ])
    if (kill) {
      files.killProcess()
      world.startAgain()
    } else {
      files.held?.forEach((go) => go())
      await done
      assert.deepEqual(
        files.list('/data/orders-0')?.filter(({ name }) => /\.(swap|cleaned)$/.test(name)),
        [],
      )
      await world.restart()
    }
    const again = world.open(compacted)
    assert.deepEqual([again.logEndOffset, (await contents(again)).length], [3, 3])
  }
})

test('what is appended after a cut is compacted, though the log was compacted past there before', async () => {
  const world = new LogWorld({ settings: tailOff })
  const log = world.open(compacted)
  for (let i = 0; i < 60; i += 1) put(world, log, `key ${i % 7}`, `value ${i}`)
  await world.clock.advance('1m')
  await log.truncateTo(asOffset(5))
  for (let i = 0; i < 100; i += 1) put(world, log, 'key 1', `again ${i}`)
  await world.clock.advance('1m')
  const found = (await contents(log)).filter(([, key]) => key === 'key 1')
  assert.ok(found.length < 30, `${found.length} records of one key`)
  assert.equal(found.at(-1)?.[2], 'again 99')
})

test('a log that is deleted while it is compacted goes with what was compacted', async () => {
  const { files, world, done } = await heldInSwap()
  await world.manager.delete('orders', 0)
  files.held?.forEach((go) => go())
  await done
  await world.clock.advance('2m')
  assert.deepEqual(
    files.list('/data')?.filter(({ isDirectory }) => isDirectory),
    [],
  )
})

test('a manager that is closed while it compacts leaves the log as it was', async () => {
  const { files, world, done } = await heldInSwap()
  const closing = world.manager.close()
  files.held?.forEach((go) => go())
  await Promise.all([closing, done])
  const again = new LogWorld({ fileSystem: files, settings: tailOff }).open(compacted)
  const last = new Map((await contents(again)).map(([, key, value]) => [key, value]))
  assert.deepEqual([again.offline, last.get('key 3')], [false, 'value 59'])
})

test('many small segments become few, and none larger than segment.bytes', async () => {
  const world = new LogWorld({ settings: tailOff })
  const log = world.open(compacted)
  for (let round = 0; round < 2; round += 1) {
    for (let i = 0; i < 400; i += 1) put(world, log, `key ${i % 20}`, `value ${i}`)
    await world.clock.advance('2m')
  }
  // Those of the first round were made small, and then one; those of the second are small as yet.
  const sizes = (world.fileSystem.list('/data/orders-0') ?? [])
    .filter(({ name }) => name.endsWith('.log'))
    .map(({ name }) => world.fileSystem.stat(`/data/orders-0/${name}`)?.sizeBytes ?? 0)
  assert.ok(sizes.length < 45 && sizes.every((size) => size <= 1_000), String(sizes))
})

test('with compact and delete, segments that are too old go as well', async () => {
  const world = new LogWorld({ settings: { ...tailOff, initialTaskDelayMs: 1_000 } })
  const log = world.open({ ...compacted, cleanupPolicy: ['compact', 'delete'], retentionMs: 3_600_000 })
  for (let i = 0; i < 60; i += 1) put(world, log, `key ${i % 7}`, `value ${i}`)
  await world.clock.advance('10m')
  assert.ok((await contents(log)).length < 30)
  await world.clock.advance('2h')
  assert.deepEqual(await contents(log), [])
})

test('with no policy at all nothing is compacted and nothing goes', async () => {
  const world = new LogWorld({ settings: { ...tailOff, initialTaskDelayMs: 1_000 } })
  const log = world.open({ ...compacted, cleanupPolicy: [], retentionMs: 1, retentionBytes: 1 })
  for (let i = 0; i < 60; i += 1) put(world, log, `key ${i % 7}`, `value ${i}`)
  await world.clock.advance('2d')
  assert.equal((await contents(log)).length, 60)
})

test('a record is compacted at the latest after max.compaction.lag.ms, however little of the log is dirty', async () => {
  const world = new LogWorld({ settings: tailOff })
  const log = world.open({ ...compacted, minCleanableDirtyRatio: 1, maxCompactionLagMs: 7_200_000 })
  for (let i = 0; i < 60; i += 1) put(world, log, 'key', `value ${i}`)
  await world.clock.advance('1h')
  assert.equal((await contents(log)).length, 60)
  await world.clock.advance('2h')
  assert.ok((await contents(log)).length < 30)
})

test('killed at any change while it compacts, a log has the last value of every key', async () => {
  const changes = await changesOf()
  assert.ok(changes > 200)
  let swaps = 0
  for (let cutAfter = 30; cutAfter < changes; cutAfter += 1) {
    const { files, history } = await runUntilCut(cutAfter)
    if (isSwapping(files)) swaps += 1
    files.killProcess()
    await checkValues(files, { ...history, durable: history.puts.length }, `killed at change ${cutAfter}`)
  }
  assert.ok(swaps > 20, `${swaps} times in the middle of a swap`)
})

test('without power at any change while it compacts, a log has what was durable of every key', async () => {
  const changes = await changesOf()
  let swaps = 0
  for (let cutAfter = 30; cutAfter < changes; cutAfter += 1) {
    const { files, history } = await runUntilCut(cutAfter)
    if (isSwapping(files)) swaps += 1
    files.restorePower()
    await checkValues(files, history, `power cut at change ${cutAfter}`)
  }
  assert.ok(swaps > 20, `${swaps} times in the middle of a swap`)
})
