import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConsumerWorld, read, until, upTo, valueOf } from '@millrace/testkit/consumer-world'

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

test('close ends a run after the batches in hand, which are told, and commits only what is done', async (t) => {
  const { admin, consumer, fill } = await ConsumerWorld.start(t)
  await fill(20)
  const reader = consumer({ groupId: 'g' })
  const begun = Promise.withResolvers<void>()
  const run = reader.run({
    maxBatchRecords: 5,
    eachBatch: async ({ records, signal }) => {
      if (records[0]?.offset !== 5) return
      begun.resolve()
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    },
  })
  await begun.promise
  await reader.close()
  await run
  const committed = await admin.fetchOffsets('g')
  assert.deepEqual(
    committed.map(({ offset }) => offset),
    [5],
  )
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
})
