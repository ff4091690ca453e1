import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { ConsumerWorld, read } from '@millrace/testkit/consumer-world'
import { serde } from '../../serde/built-in.ts'
import { DeserializationError } from '../consumer-errors.ts'
import { Consumer } from '../consumer.ts'

const values = ['{"id":1}', '{"id":', '{"id":3}', null]

async function orders(t: { after(done: () => unknown): void }) {
  const world = await ConsumerWorld.start(t)
  await world.producer.send(values.map((value) => ({ topic: world.topic, key: 'k', value, headers: { a: 'b' } })))
  const deserializers = { [world.topic]: { key: serde.string, value: serde.json<{ id: number }>() } }
  const { bootstrapServers } = world.broker
  const options = { bootstrapServers, topics: world.topic, autoOffsetReset: 'earliest', deserializers } as const
  return { world, options }
}

test('a record that its deserializer does not take stops the loop, which goes on behind it after a seek', async (t) => {
  const { options } = await orders(t)
  await using consumer = new Consumer({ ...options, stopAtEnd: true })
  const seen: unknown[] = []
  const loop = async (): Promise<void> => {
    for await (const { key, value, headers } of consumer) seen.push([key, value?.id, headers.length])
  }
  let failure: unknown
  await loop().catch((error: unknown) => (failure = error))
  assert.ok(failure instanceof DeserializationError)
  assert.deepEqual([failure.topic, failure.partition, failure.offset, failure.part], ['orders', 0, 1, 'value'])
  assert.equal(String(failure.record.value), '{"id":')
  await assert.rejects(loop(), DeserializationError, 'it stays before it')
  await consumer.seek(failure, { offset: failure.offset + 1 })
  await loop()
  assert.deepEqual(seen, [
    ['k', 1, 1],
    ['k', 3, 1],
    ['k', undefined, 1],
  ])
})

test('a run works on what comes before such a record, and then fails', async (t) => {
  const { options } = await orders(t)
  await using consumer = new Consumer(options)
  const seen: unknown[] = []
  const run = consumer.run({ eachBatch: ({ records }) => void seen.push(...records.map(({ value }) => value?.id)) })
  await assert.rejects(run, DeserializationError)
  assert.deepEqual(seen, [1])
})

test('such records may be left out, and somebody is told of them', async (t) => {
  const { options } = await orders(t)
  const refused: number[] = []
  await using consumer = new Consumer({
    ...options,
    stopAtEnd: true,
    onDeserializationError: ({ offset }) => {
      refused.push(offset)
      return 'skip'
    },
  })
  const seen: unknown[] = []
  for await (const { value } of consumer) seen.push(value?.id)
  assert.deepEqual([seen, refused], [[1, 3, undefined], [1]])
})

test('a record shows all that it holds, also to who prints or copies it', async (t) => {
  const { world } = await orders(t)
  const [record] = await read(world.consumer({ stopAtEnd: true }))
  assert.ok(record !== undefined)
  assert.equal(record.value, record.value, 'the same Buffer each time')
  assert.deepEqual(
    record.headers.map(([name, value]) => [name, String(value)]),
    [['a', 'b']],
  )
  assert.match(inspect(record), /key: <Buffer 6b>/)
  assert.deepEqual(Object.keys(JSON.parse(JSON.stringify(record)) as object).toSorted(), [
    'headers',
    'key',
    'leaderEpoch',
    'offset',
    'partition',
    'timestamp',
    'timestampType',
    'topic',
    'value',
  ])
})
