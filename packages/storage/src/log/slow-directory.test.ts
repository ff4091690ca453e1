import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asLeaderEpoch, asOffset } from '@millrace/kernel'
import { batchOf, LogWorld, readAll, SeveralDisks } from '@millrace/testkit/storage'
import { memoryFileSystem } from '../io/memory.ts'
import { ReadGate } from './disk-pace.ts'
import type { AppendOutcome, LogConfig, PartitionLog } from './partition-log.ts'

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

/** Two logs on a disk each; the first one's turns slow. */
class SlowWorld {
  readonly disks = new SeveralDisks(memoryFileSystem())
  readonly world: LogWorld
  readonly slow: PartitionLog
  readonly fast: PartitionLog
  /** How often a turn had to wait for the slow disk, since that one write. */
  blocked = 0
  /** Writes that are on their way to the slow disk. */
  readonly writes: (() => void)[] = []
  readonly answers: string[] = []

  constructor(config: Partial<LogConfig> = {}, capacityBytes = 2 ** 40) {
    this.disks = new SeveralDisks(memoryFileSystem({ capacityBytes }))
    this.world = new LogWorld({ fileSystem: this.disks, directories: ['/a', '/b'] })
    this.slow = this.world.open(config, 'slow')
    this.fast = this.world.open(config, 'fast')
    assert.deepEqual([this.slow.directory, this.fast.directory], ['/a', '/b'])
    this.disks.slowDisk('/a', {
      block: () => {
        this.blocked += 1
        this.world.stall(300)
      },
      wait: () => new Promise((resolve) => void this.writes.push(resolve)),
    })
    // The one write that shows how slow it is.
    assert.ok(this.world.append(this.slow, batchOf(['first'])).ok)
    assert.ok(this.blocked > 0)
    this.blocked = 0
  }

  append(log: PartitionLog, value: string, fields: Parameters<typeof batchOf>[1] = {}, epoch = 0): void {
    const append = { records: batchOf([value], fields), origin: 'client', leaderEpoch: asLeaderEpoch(epoch) } as const
    log.append(append, (outcome) => void this.answers.push(`${value} ${shown(outcome)}`))
  }

  /** The oldest write is done. */
  async written(): Promise<void> {
    await turn()
    const done = this.writes.shift()
    assert.ok(done !== undefined, 'a write is on its way')
    done()
    await turn()
    this.world.endTurn()
    await turn()
  }

  /** All of them, until nothing is left to write. */
  async settle(): Promise<void> {
    for (let i = 0; i < 1_000; i += 1) {
      await turn()
      this.world.endTurn()
      if (this.writes.length > 0) await this.written()
      else if (i > 3) return
    }
    throw new Error('the slow disk never came to rest')
  }
}

function shown(outcome: AppendOutcome): string {
  if (!outcome.ok) return outcome.error
  return outcome.duplicate ? `again ${outcome.baseOffset}` : String(outcome.baseOffset)
}

test('a directory that turns slow delays its own partitions and nobody else’s', async () => {
  const world = new SlowWorld()
  const { slow, fast } = world
  for (let i = 0; i < 20; i += 1) {
    world.append(slow, `slow ${i}`)
    world.append(fast, `fast ${i}`)
    const startMs = world.world.clock.monotonicMs()
    world.world.endTurn()
    assert.equal(world.world.clock.monotonicMs(), startMs, 'no turn waits')
    assert.equal(world.answers.at(-1), `fast ${i} ${i}`)
  }
  assert.equal(world.answers.length, 20)
  assert.deepEqual([Number(slow.logEndOffset), world.blocked], [1, 0])
  await world.settle()
  assert.deepEqual(
    world.answers.slice(20),
    Array.from({ length: 20 }, (_, i) => `slow ${i} ${i + 1}`),
  )
  const values = Array.from({ length: 20 }, (_, i) => [i + 1, `slow ${i}`])
  assert.deepEqual(await readAll(slow), [[0, 'first'], ...values])
  assert.equal(world.blocked, 0)
})

test('what comes while a write is under way is one write after it', async () => {
  const world = new SlowWorld()
  for (let i = 0; i < 10; i += 1) {
    world.append(world.slow, `${i}`)
    world.world.endTurn()
  }
  await world.written()
  assert.deepEqual(world.answers, ['0 1'])
  await world.written()
  assert.equal(world.answers.length, 10)
})

test('readers see of a slow directory what is written, from memory, at once', async () => {
  const world = new SlowWorld()
  const { slow } = world
  world.append(slow, 'second')
  world.world.endTurn()
  const range = { fromOffset: asOffset(0), untilOffset: asOffset(9), maxBytes: 1_000, minOneBatch: true }
  const before = slow.read(range)
  assert.ok(!(before instanceof Promise) && before.ok)
  assert.deepEqual(await readAll(slow), [[0, 'first']])
  await world.written()
  assert.ok(!(slow.read(range) instanceof Promise))
  assert.deepEqual(await readAll(slow), [
    [0, 'first'],
    [1, 'second'],
  ])
})

test('a slow write that fails is undone: offsets, producers and those who wait', async () => {
  const world = new SlowWorld({}, 900)
  const { slow } = world
  const producer = (baseSequence: number) => ({ producerId: 7, producerEpoch: 0, baseSequence })
  world.append(slow, 'second', producer(0))
  await world.settle()
  world.append(slow, 'x'.repeat(2_000), producer(1))
  world.world.endTurn()
  world.append(slow, 'gap', producer(2))
  world.append(slow, 'small')
  await world.settle()
  const [, large, ...others] = world.answers
  assert.match(large ?? '', /KAFKA_STORAGE_ERROR$/)
  assert.deepEqual(others, ['gap OUT_OF_ORDER_SEQUENCE_NUMBER', 'small 2'])
  assert.deepEqual([slow.offline, slow.producers()[0]?.lastSequence], [false, 0])
  assert.deepEqual(await readAll(slow), [
    [0, 'first'],
    [1, 'second'],
    [2, 'small'],
  ])
})

test('repeats are told from new batches, also while the first is still being written', async () => {
  const world = new SlowWorld()
  const batch = { producerId: 7, producerEpoch: 0, baseSequence: 0 }
  world.append(world.slow, 'once', batch)
  world.world.endTurn()
  world.append(world.slow, 'once', batch)
  await world.settle()
  assert.deepEqual(world.answers, ['once 1', 'once again 1'])
})

test('segments roll in a slow directory without anybody waiting for it', async () => {
  const world = new SlowWorld({ segmentBytes: 500, indexIntervalBytes: 100 })
  const { slow } = world
  for (let i = 0; i < 40; i += 1) {
    world.append(slow, `value ${i}`)
    if (i % 5 === 4) world.world.endTurn()
  }
  await world.settle()
  assert.deepEqual(
    world.answers,
    Array.from({ length: 40 }, (_, i) => `value ${i} ${i + 1}`),
  )
  assert.equal(world.blocked, 0)
  const segments = (world.disks.list('/a/slow-0') ?? []).filter(({ name }) => name.endsWith('.log'))
  assert.ok(segments.length > 5, `${segments.length} segments`)
  world.disks.mendDisk('/a')
  await world.world.restart()
  assert.equal((await readAll(world.world.open({}, 'slow'))).length, 41)
})

test('a write that never ends takes the directory offline, and who waits for it is told', async () => {
  const world = new SlowWorld()
  const { slow, fast } = world
  const offline: string[] = []
  world.world.manager.onDirectoryOffline((path) => void offline.push(path))
  world.append(slow, 'hangs')
  world.world.endTurn()
  world.append(slow, 'behind')
  await world.world.clock.advance('31s')
  await turn()
  assert.deepEqual([offline, slow.offline], [['/a'], true])
  assert.deepEqual(world.answers, ['hangs KAFKA_STORAGE_ERROR', 'behind KAFKA_STORAGE_ERROR'])
  world.append(fast, 'goes on')
  world.world.endTurn()
  assert.equal(world.answers.at(-1), 'goes on 0')
  await world.world.manager.close()
})

test('a directory that is fast again is written at once again', async () => {
  const world = new SlowWorld()
  const { slow } = world
  world.append(slow, 'second')
  world.world.endTurn()
  await world.settle()
  world.disks.mendDisk('/a')
  await world.world.clock.advance('31s')
  world.append(slow, 'third')
  world.world.endTurn()
  assert.deepEqual(world.answers, ['second 1', 'third 2'])
})

test('a truncation waits for what is being written, a stop for all of it', async () => {
  const world = new SlowWorld()
  const { slow } = world
  world.append(slow, 'second')
  world.world.endTurn()
  const truncated = slow.truncateTo(asOffset(1))
  await world.written()
  await truncated
  assert.deepEqual([world.answers, Number(slow.logEndOffset)], [['second 1'], 1])
  world.append(slow, 'third')
  world.world.endTurn()
  world.append(slow, 'fourth')
  const closed = world.world.manager.close()
  for (let i = 0; i < 20; i += 1) {
    await turn()
    for (const done of world.writes.splice(0)) done()
  }
  assert.equal(await closed, true)
  world.world.startAgain()
  assert.deepEqual(await readAll(world.world.open({}, 'slow')), [
    [0, 'first'],
    [1, 'third'],
    [2, 'fourth'],
  ])
})

test('an epoch that begins while records of the one before are being written begins behind them', async () => {
  const world = new SlowWorld()
  const { slow } = world
  world.append(slow, 'old', {}, 1)
  world.world.endTurn()
  world.append(slow, 'late', {}, 1)
  slow.startEpoch(asLeaderEpoch(2))
  world.append(slow, 'new', {}, 2)
  await world.settle()
  assert.deepEqual(world.answers, ['old 1', 'late NOT_LEADER_OR_FOLLOWER', 'new 2'])
  assert.deepEqual(slow.endOfEpoch(asLeaderEpoch(1)), { leaderEpoch: 1, endOffset: 2 })
  assert.equal(slow.latestEpoch, 2)
})

test('a log moves away from a slow disk while it is written', async () => {
  const world = new SlowWorld({ segmentBytes: 5_000 })
  const { slow } = world
  let sent = 0
  assert.equal(world.world.manager.alterDirectory('slow', 0, '/b'), 'NONE')
  for (let i = 0; i < 500 && slow.directory === '/a'; i += 1) {
    world.append(slow, `value ${sent}`)
    sent += 1
    world.world.endTurn()
    await turn()
    world.writes.shift()?.()
  }
  assert.equal(slow.directory, '/b')
  await world.settle()
  assert.deepEqual(
    world.answers,
    Array.from({ length: sent }, (_, i) => `value ${i} ${i + 1}`),
  )
  assert.equal((await readAll(slow)).length, sent + 1)
})

test('of several reads of one directory only so many are under way', async () => {
  const gate = new ReadGate(2)
  const started: number[] = []
  const ends: (() => void)[] = []
  const reads = [0, 1, 2, 3].map((i) =>
    gate.run(async () => {
      started.push(i)
      await new Promise<void>((resolve) => void ends.push(resolve))
      if (i === 1) throw new Error('a read fails')
      return i
    }),
  )
  const settled = Promise.allSettled(reads)
  await turn()
  assert.deepEqual(started, [0, 1])
  while (ends.length > 0) {
    ends.shift()?.()
    await turn()
  }
  assert.deepEqual(started, [0, 1, 2, 3])
  assert.deepEqual(
    (await settled).map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  )
})
