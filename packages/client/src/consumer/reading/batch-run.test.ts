import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Admin } from '../../admin/admin.ts'
import type { ConsumerBatch } from '../consumer-api.ts'
import type { Consumer } from '../consumer.ts'
import { ConsumerWorld, read, upTo, valueOf } from '@millrace/testkit/consumer-world'
import { clientClock } from '@millrace/testkit/client-clock'
import { until } from '@millrace/testkit/until'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a run gives batches of one partition in order, several partitions at a time', async (t) => {
  const { consumer, fill } = await ConsumerWorld.start(t, 4)
  await fill(400)
  const offsets = new Map(upTo(4).map((partition) => [partition, [] as number[]]))
  const working = new Set<number>()
  let most = 0
  await consumer({ stopAtEnd: true }).run({
    partitionsConcurrently: 3,
    maxBatchRecords: 10,
    eachBatch: async ({ topic, partition, records }) => {
      assert.equal(topic, 'orders')
      assert.ok(records.length <= 10)
      assert.ok(!working.has(partition), 'one batch of a partition at a time')
      working.add(partition)
      most = Math.max(most, working.size)
      await turn()
      offsets.get(partition)?.push(...records.map(({ offset }) => offset))
      working.delete(partition)
    },
  })
  assert.equal(most, 3)
  for (const seen of offsets.values()) assert.deepEqual(seen, upTo(100))
})

test('a batch is done when its function resolves: one that throws ends the run and comes again', async (t) => {
  const { admin, consumer, fill } = await ConsumerWorld.start(t)
  await fill(20)
  const reader = consumer({ groupId: 'g' })
  const failing = reader.run({
    maxBatchRecords: 5,
    eachBatch: ({ records }) => {
      if (records[0]?.offset === 10) throw new Error('no')
    },
  })
  await assert.rejects(failing, /no/)
  const committed = await admin.fetchOffsets('g')
  assert.deepEqual(
    committed.map(({ offset }) => offset),
    [10],
  )
  assert.deepEqual((await read(reader, 2)).map(valueOf), [10, 11])
})

const committedBy = async (admin: Admin): Promise<number[]> =>
  (await admin.fetchOffsets('g')).map(({ offset }) => offset)

test('what a loop had in hand when it was left is not done because a run failed after it', async (t) => {
  const { admin, consumer, fill } = await ConsumerWorld.start(t)
  await fill(4)
  const reader = consumer({ groupId: 'g' })
  for await (const record of reader) if (valueOf(record) === 1) break
  const failing = reader.run({
    eachBatch: () => {
      throw new Error('no')
    },
  })
  await assert.rejects(failing, /no/)
  assert.deepEqual(await committedBy(admin), [1])
  assert.deepEqual((await read(reader, 2)).map(valueOf), [2, 3])
})

/** A run whose second batch of five does this once the consumer is being closed; how it was closed, and what came. */
async function closedWhileAtWork(
  t: Pick<TestContext, 'after'>,
  atWork: (reader: Consumer, batch: ConsumerBatch) => Promise<void>,
  close: (reader: Consumer) => Promise<void> = (reader) => reader.close(),
): Promise<{ readonly admin: Admin; readonly reader: Consumer; readonly run: Promise<void> }> {
  const { admin, consumer, fill } = await ConsumerWorld.start(t)
  await fill(20)
  const reader = consumer({ groupId: 'g' })
  const begun = Promise.withResolvers<void>()
  const run = reader.run({
    maxBatchRecords: 5,
    eachBatch: async (batch) => {
      if (batch.records[0]?.offset !== 5) return
      begun.resolve()
      await new Promise((resolve) => batch.signal.addEventListener('abort', resolve))
      await atWork(reader, batch)
    },
  })
  await begun.promise
  await close(reader)
  return { admin, reader, run }
}

test('close tells the batches at work, waits for them, and commits what is done', async (t) => {
  let isDone = false
  const { admin, run } = await closedWhileAtWork(t, async () => {
    for (const _ of upTo(20)) await turn()
    isDone = true
  })
  assert.ok(isDone)
  assert.deepEqual(await committedBy(admin), [10])
  await run
})

test('a batch that ends early when it is told to, by throwing, is not done, and the run does not fail of it', async (t) => {
  const { admin, run } = await closedWhileAtWork(t, async (reader, { records, signal }) => {
    await reader.commit(records.slice(0, 2))
    await sleep(60_000, undefined, { signal })
  })
  assert.deepEqual(await committedBy(admin), [7])
  await run
})

for (const [what, options] of [
  ['as long as it is told to', () => ({ timeoutMs: 20 })],
  ['until its signal', () => ({ timeoutMs: 60_000, signal: AbortSignal.timeout(20) })],
] as const) {
  test(`close waits for a batch ${what}, and what that does later is told that the consumer is closed`, async (t) => {
    const closed = Promise.withResolvers<void>()
    let commit: Promise<void> | undefined
    const { admin, run, reader } = await closedWhileAtWork(
      t,
      async (consumer, { records }) => {
        await closed.promise
        commit = consumer.commit(records)
        await assert.rejects(commit, { name: 'ClientClosedError', message: 'the consumer is closed' })
      },
      (consumer) => consumer.close(options()),
    )
    closed.resolve()
    await run
    assert.ok(commit !== undefined)
    assert.deepEqual(await committedBy(admin), [5])
    await assert.rejects(reader.seek({ topic: 'orders', partition: 0 }, 'latest'), { name: 'ClientClosedError' })
  })
}

test('close within eachBatch does not wait for that batch', async (t) => {
  const { admin, consumer, fill } = await ConsumerWorld.start(t)
  await fill(20)
  const reader = consumer({ groupId: 'g' })
  await reader.run({ maxBatchRecords: 5, eachBatch: () => reader.close() })
  await reader.close()
  assert.deepEqual(await committedBy(admin), [5])
})

test('a batch that was committed before it came out does not come again when its function throws', async (t) => {
  const { consumer, fill } = await ConsumerWorld.start(t)
  await fill(10)
  const reader = consumer({ groupId: 'g', atMostOnce: true })
  const failing = reader.run({
    maxBatchRecords: 5,
    eachBatch: () => Promise.reject(new Error('no')),
  })
  await assert.rejects(failing, /no/)
  assert.deepEqual((await read(reader, 1)).map(valueOf), [5])
})

test('a batch that ends early because its partition goes comes again there, and the run goes on', async (t) => {
  const { consumer, fill } = await ConsumerWorld.start(t, 2)
  await fill(20)
  const options = { groupId: 'g', partitionAssignmentStrategy: ['cooperative-sticky'] as const }
  const [first, second] = [consumer(options), consumer(options)]
  const early: number[] = []
  const holding = first.run({
    partitionsConcurrently: 2,
    eachBatch: async ({ partition, signal }) => {
      early.push(partition)
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    },
  })
  await until('the first works on both', () => early.length === 2)
  const again: number[] = []
  const reading = (async () => {
    for await (const record of second) if (valueOf(record) < 20) again.push(valueOf(record))
  })()
  await until('the partition that went is read from its start', () => again.length === 10)
  const went = (again[0] ?? 0) % 2
  assert.deepEqual(
    again,
    upTo(10).map((i) => 2 * i + went),
  )
  await Promise.all([first.close(), second.close(), holding, reading])
})

test('a partition that goes to another member is let go of when its batch is done, and told to hurry', async (t) => {
  const { consumer, fill } = await ConsumerWorld.start(t, 2)
  await fill(200)
  const options = { groupId: 'g', partitionAssignmentStrategy: ['cooperative-sticky'] as const }
  const [first, second] = [consumer(options), consumer(options)]
  const inHand = new Set<number>()
  let hurried = false
  const holding = first.run({
    partitionsConcurrently: 2,
    maxBatchRecords: 10,
    eachBatch: async ({ partition, records, signal }) => {
      inHand.add(partition)
      if (records[0]?.offset === 10) {
        await until('it is told to hurry, or another is', () => signal.aborted || hurried)
        hurried ||= signal.aborted
      }
      await turn()
      inHand.delete(partition)
    },
  })
  await until('the first works on both', () => inHand.size === 2)
  const reading = (async () => {
    for await (const { partition } of second) assert.equal(inHand.has(partition), false)
  })()
  await until('the second has one', () => second.assignment().length === 1)
  assert.ok(hurried)
  await Promise.all([first.close(), second.close(), holding, reading])
})

test('a consumer has one loop or run at a time', async (t) => {
  const { consumer, fill } = await ConsumerWorld.start(t)
  await fill(1)
  const reader = consumer()
  const begun = Promise.withResolvers<void>()
  const run = reader.run({ eachBatch: () => begun.resolve() })
  await begun.promise
  await assert.rejects(reader.run({ eachBatch: () => undefined }), TypeError)
  assert.throws(() => reader[Symbol.asyncIterator](), TypeError)
  await reader.close()
  await run
  await assert.rejects(consumer().run({ eachBatch: () => undefined, partitionsConcurrently: 0 }), RangeError)
  await assert.rejects(consumer().run({} as never), new RangeError('eachBatch is undefined, expected a function'))
})

test('a second run is refused also where a loop was left before the first', async (t) => {
  const { consumer, fill } = await ConsumerWorld.start(t)
  await fill(2)
  const reader = consumer()
  await read(reader, 1)
  const begun = Promise.withResolvers<void>()
  const run = reader.run({ eachBatch: () => begun.resolve() })
  await begun.promise
  await assert.rejects(reader.run({ eachBatch: () => undefined }), TypeError)
  await reader.close()
  await run
})

test('while a batch takes too long the consumer stays away, whatever ends meanwhile, and joins when it ends', async (t) => {
  const clock = clientClock(t)
  const { admin, broker, consumer, fill } = await ConsumerWorld.start(t, 2)
  await fill(20)
  const stuck = Promise.withResolvers<void>()
  const left = Promise.withResolvers<void>()
  broker.intercept('LeaveGroup', async (_, next) => {
    const answer = await next()
    left.resolve()
    return answer
  })
  const rounds: string[] = []
  const working = new Set<number>()
  const ended = new Set<number>()
  const seen = new Set<number>()
  const reader = consumer({
    groupId: 'g',
    maxPollIntervalMs: 60_000,
    onAssigned: () => void rounds.push('assigned'),
    onLost: () => void rounds.push('lost'),
  })
  const run = reader.run({
    partitionsConcurrently: 2,
    maxBatchRecords: 1,
    eachBatch: async ({ partition, records }) => {
      const isFirst = !working.has(partition)
      working.add(partition)
      if (isFirst) await (partition === 0 ? stuck.promise : left.promise)
      ended.add(partition)
      for (const record of records) seen.add(valueOf(record))
    },
  })
  await until('both are at work', () => working.size === 2)
  await clock.advance(60_000)
  await until('the other batch has ended', () => ended.size === 1)
  // Long enough for a round, were there one.
  for (const _ of upTo(50)) await admin.fetchOffsets('g')
  assert.deepEqual(rounds, ['assigned', 'lost'])
  stuck.resolve()
  await until('all is read', () => seen.size === 20)
  assert.deepEqual(rounds, ['assigned', 'lost', 'assigned'])
  await reader.close()
  await run
})

test('a run that failed gives its program maxPollIntervalMs for the next', async (t) => {
  const clock = clientClock(t)
  const { consumer, fill } = await ConsumerWorld.start(t)
  await fill(2)
  let lost = 0
  const reader = consumer({ groupId: 'g', maxPollIntervalMs: 60_000, onLost: () => void (lost += 1) })
  const failing = reader.run({
    eachBatch: async () => {
      for (const _ of upTo(3)) await clock.advance(15_000)
      throw new Error('no')
    },
  })
  await assert.rejects(failing, /no/)
  // 75 seconds in all, and neither part is near to 60: the clock also runs by itself.
  for (const _ of upTo(2)) await clock.advance(15_000)
  for (const _ of upTo(20)) await turn()
  assert.equal(lost, 0)
  assert.equal((await read(reader, 1)).length, 1)
  await clock.advance(60_000)
  await until('gone for longer', () => lost === 1)
})
