import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asLeaderEpoch } from '@millrace/kernel'
import type { Codec } from '@millrace/protocol'
import { batchLayout, decodeBatch, decodeBatches, writeCrc } from '@millrace/protocol'
import { batchOf, concat, LogWorld, readAll, readAt, SeveralDisks } from '@millrace/testkit/storage'
import { memoryFileSystem } from '../io/memory.ts'
import type { BatchThreads } from './batch-threads.ts'
import { BatchThreadPool } from './batch-threads.ts'
import type { CheckContext, CheckedBatch } from './check-client-append.ts'
import type { Append, AppendOutcome, LogConfig, PartitionLog } from './partition-log.ts'
import { rewriteBatch } from './rewrite-batch.ts'

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

/** Threads that begin to work when the test says so. */
class HeldThreads implements BatchThreads {
  readonly jobs: { readonly work: () => void; readonly die: () => void }[] = []

  rewrite(bytes: Uint8Array, context: CheckContext): Promise<CheckedBatch> {
    return new Promise((resolve, reject) => {
      const work = (): void => resolve(rewriteBatch(bytes, context))
      this.jobs.push({ work, die: () => reject(new Error('it died')) })
    })
  }
}

const lz4 = { compressionType: 'lz4' } as const

// Hardly compressible, so that it is large in every codec.
const largeText = Array.from({ length: 20_000 }, (_, i) => ((i * 2_654_435_761) % 4_294_967_296).toString(36)).join('')
assert.ok(largeText.length > 100_000)

type Fields = Parameters<typeof batchOf>[1]

class LargeWorld {
  readonly threads = new HeldThreads()
  readonly world: LogWorld
  readonly answers: string[] = []

  constructor(options: ConstructorParameters<typeof LogWorld>[0] = {}) {
    this.world = new LogWorld({ batchThreads: this.threads, ...options })
  }

  append(log: PartitionLog, name: string, fields: Fields = {}, more: Partial<Append> = {}): boolean {
    const value = name.startsWith('large') ? name + largeText : name
    const append = {
      records: batchOf([value], fields),
      origin: 'client',
      leaderEpoch: asLeaderEpoch(0),
      ...more,
    } as const
    return log.append(append, (outcome) => {
      const said = outcome.ok ? `${outcome.baseOffset}${outcome.duplicate ? ' again' : ''}` : outcome.error
      this.answers.push(`${name} ${said}`)
    })
  }

  /** The oldest job ends as `how` says, and all that follows from it in the turns after it. */
  async end(how: 'work' | 'die' = 'work'): Promise<void> {
    const job = this.threads.jobs.shift()
    assert.ok(job !== undefined, 'a thread has something to do')
    job[how]()
    await this.settle()
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 4; i += 1) {
      await turn()
      this.world.endTurn()
    }
  }
}

const names = async (log: PartitionLog): Promise<string[]> =>
  (await readAll(log)).map(([, value]) => value.replace(largeText, ''))

test('a large batch is compressed anew in another thread, and other logs are answered meanwhile', async () => {
  for (const compression of ['gzip', 'zstd', 'none'] as const) {
    const large = new LargeWorld()
    const log = large.world.open(lz4)
    const other = large.world.open(lz4, 'other')
    assert.equal(large.append(log, 'large', { compression }), true)
    assert.equal(large.append(other, 'small', { compression }), false)
    large.world.endTurn()
    assert.deepEqual([large.answers, large.threads.jobs.length], [['small 0'], 1])
    await large.end()
    assert.deepEqual(large.answers, ['small 0', 'large 0'])
    assert.equal(decodeBatch(concat(await readAt(log, 0, 1))).compression, 'lz4')
    assert.deepEqual(await names(log), ['large'])
  }
})

test('no thread is asked for small batches, nor where nothing has to be looked into', () => {
  const large = new LargeWorld()
  const cases: [Partial<LogConfig>, string, Codec][] = [
    [lz4, 'small', 'gzip'],
    [{ cleanupPolicy: ['compact'] }, 'small', 'gzip'],
    [{ cleanupPolicy: ['compact'] }, 'large', 'none'],
    [lz4, 'large', 'lz4'],
    [{}, 'large', 'zstd'],
  ]
  for (const [index, [config, name, compression]] of cases.entries()) {
    assert.equal(large.append(large.world.open(config, `topic${index}`), name, { compression }), false)
  }
  large.world.endTurn()
  assert.deepEqual(
    large.answers,
    cases.map(([, name]) => `${name} 0`),
  )
})

test('what is small and expands to much is large', async () => {
  const large = new LargeWorld()
  const log = large.world.open({ cleanupPolicy: ['compact'] })
  const records = batchOf(['a'.repeat(1_000_000)], { compression: 'gzip' })
  assert.ok(records.length < 10_000)
  assert.equal(large.append(log, 'blown up', {}, { records }), true)
  await large.end()
  assert.deepEqual(large.answers, ['blown up 0'])
})

test('many records are looked into in another thread though they be not compressed', async () => {
  const large = new LargeWorld()
  const log = large.world.open({ cleanupPolicy: ['compact'] })
  const records = batchOf(Array.from({ length: 20_000 }, () => ''))
  assert.equal(large.append(log, 'many', {}, { records }), true)
  await large.end()
  assert.deepEqual([large.answers, Number(log.logEndOffset)], [['many 0'], 20_000])
})

test('large and small batches of one log keep their order, and are answered in it', async () => {
  const large = new LargeWorld()
  const log = large.world.open(lz4)
  const sent = ['a', 'large b', 'c', 'large d', 'large e', 'f']
  const waits = sent.map((name) => large.append(log, name, { compression: 'gzip' }))
  assert.deepEqual(waits, [false, true, true, true, true, true])
  large.world.endTurn()
  assert.deepEqual(large.answers, ['a 0'])
  await large.end()
  assert.deepEqual(large.answers, ['a 0', 'large b 1', 'c 2'])
  assert.equal(large.append(log, 'g'), true)
  await large.end()
  await large.end()
  assert.deepEqual(
    large.answers,
    [...sent, 'g'].map((name, offset) => `${name} ${offset}`),
  )
  assert.deepEqual(await names(log), [...sent, 'g'])
  assert.equal(large.append(log, 'h'), false)
})

test('sequences of a producer are checked in the order of its batches, repeats of large ones are known', async () => {
  const large = new LargeWorld()
  const log = large.world.open(lz4)
  const send = (name: string, baseSequence: number): boolean =>
    large.append(log, name, { compression: 'zstd', producerId: 7, producerEpoch: 0, baseSequence })
  send('a', 0)
  send('large b', 1)
  send('large b', 1)
  send('c', 2)
  send('e', 4)
  await large.end()
  await large.end()
  assert.deepEqual(large.answers, ['a 0', 'large b 1', 'large b 1 again', 'c 2', 'e OUT_OF_ORDER_SEQUENCE_NUMBER'])
})

test('a refusal comes in its turn, and those behind it go on', async () => {
  const large = new LargeWorld({ settings: { decompressedBatchBytesMax: 1_000_000 } })
  const log = large.world.open(lz4)
  const broken = batchOf([`large${largeText}`], { compression: 'gzip' })
  broken.fill(7, batchLayout.records)
  writeCrc(broken, 0)
  const bomb = batchOf(['a'.repeat(2_000_000)], { compression: 'zstd' })
  large.append(log, 'broken', {}, { records: broken })
  large.append(log, 'bomb', {}, { records: bomb })
  large.append(log, 'last')
  await large.end()
  await large.end()
  assert.deepEqual(large.answers, ['broken INVALID_RECORD', 'bomb MESSAGE_TOO_LARGE', 'last 0'])
})

test('where the thread dies its batch fails and the next ones are taken', async () => {
  const large = new LargeWorld()
  const log = large.world.open(lz4)
  for (const name of ['large a', 'b']) large.append(log, name)
  await large.end('die')
  assert.deepEqual(large.answers, ['large a KAFKA_STORAGE_ERROR', 'b 0'])
})

test('a partition that is lost or deleted meanwhile takes nothing of what waited', async () => {
  const large = new LargeWorld()
  const [elsewhere, anew, deleted] = ['elsewhere', 'anew', 'deleted'].map((topic) => large.world.open(lz4, topic))
  assert.ok(elsewhere !== undefined && anew !== undefined && deleted !== undefined)
  let leads = true
  large.append(elsewhere, 'large a', {}, { leadership: { leads: () => leads } })
  large.append(anew, 'large b')
  large.append(deleted, 'large c')
  leads = false
  anew.startEpoch(asLeaderEpoch(1))
  await large.world.manager.delete('deleted', 0)
  while (large.threads.jobs.length > 0) await large.end()
  const errors = ['NOT_LEADER_OR_FOLLOWER', 'NOT_LEADER_OR_FOLLOWER', 'KAFKA_STORAGE_ERROR']
  assert.deepEqual(
    large.answers,
    ['large a', 'large b', 'large c'].map((name, index) => `${name} ${errors[index]}`),
  )
  assert.deepEqual(
    [elsewhere, anew].map((log) => Number(log.logEndOffset)),
    [0, 0],
  )
})

test('a directory that fails fails at once what waits for a large batch', async () => {
  const disks = new SeveralDisks(memoryFileSystem())
  const large = new LargeWorld({ fileSystem: disks, directories: ['/a', '/b'] })
  const log = large.world.open(lz4)
  disks.breakDisk(log.directory)
  large.append(log, 'a')
  for (const name of ['large b', 'c']) large.append(log, name)
  large.world.endTurn()
  assert.deepEqual(
    large.answers.toSorted(),
    ['a', 'c', 'large b'].map((name) => `${name} KAFKA_STORAGE_ERROR`),
  )
  await large.end()
  assert.equal(large.answers.length, 3)
})

test('a stop waits for large batches and keeps them', async () => {
  const large = new LargeWorld()
  for (const name of ['large a', 'b']) large.append(large.world.open(lz4), name)
  const stopped = large.world.restart()
  await large.end()
  await stopped
  assert.deepEqual(await names(large.world.open(lz4)), ['large a', 'b'])
})

test('threads give what a turn gives, several batches at once', async () => {
  const world = new LogWorld({ batchThreads: new BatchThreadPool(2) })
  const logs = Array.from({ length: 4 }, (_, index) => world.open(lz4, `topic${index}`))
  const answers: AppendOutcome[] = []
  for (const log of logs) {
    const producer = { producerId: 1, producerEpoch: 0, baseSequence: 5 }
    const records = batchOf([largeText, largeText], { compression: 'zstd', ...producer })
    log.append({ records, origin: 'client', leaderEpoch: asLeaderEpoch(0) }, (outcome) => answers.push(outcome))
  }
  for (const untilMs = performance.now() + 30_000; answers.length < 4 && performance.now() < untilMs;) {
    await turn()
    world.endTurn()
  }
  assert.deepEqual(
    answers.map(({ ok }) => ok),
    [true, true, true, true],
  )
  for (const log of logs) {
    const [batch, none] = decodeBatches(concat(await readAt(log, 0, 1_000_000)))
    assert.deepEqual([batch?.compression, batch?.records.length, batch?.baseSequence, none], ['lz4', 2, 5, undefined])
  }
})

test('a thread that dies fails its batch, and the next batch gets another thread', async () => {
  const code = `import { parentPort } from 'node:worker_threads'
    parentPort.on('message', ({ bytes }) => {
      if (bytes[0] === 1) process.exit(3)
      parentPort.postMessage({ checked: { bytes } })
    })`
  const threads = new BatchThreadPool(1, new URL(`data:text/javascript,${encodeURIComponent(code)}`))
  const context = {} as CheckContext
  const jobs = [0, 1, 2].map((first) => threads.rewrite(Uint8Array.of(first), context))
  const outcomes = await Promise.allSettled(jobs)
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
})
