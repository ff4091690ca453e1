import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConsumerWorld, read, valueOf } from '@millrace/testkit/consumer-world'
import { until } from '@millrace/testkit/until'

const place = { topic: 'orders', partition: 0 }

/** Holds answers to ListOffsets back until the test lets them go. */
function holdListOffsets({ broker }: ConsumerWorld): { readonly asked: () => number; readonly letGo: () => void } {
  const gate = Promise.withResolvers<void>()
  let asked = 0
  broker.intercept('ListOffsets', async (_, next) => {
    asked += 1
    await gate.promise
    return next()
  })
  return { asked: () => asked, letGo: gate.resolve }
}

test('of two seeks the later counts, whichever is found first', async (t) => {
  const world = await ConsumerWorld.start(t)
  await world.fill(10)
  const reader = world.consumer()
  await read(reader, 1)
  const lookups = holdListOffsets(world)
  const toTime = reader.seek(place, { timestamp: 0 })
  await until('the time is looked up', () => lookups.asked() === 1)
  await reader.seek(place, { offset: 5 })
  lookups.letGo()
  await toTime
  assert.equal(reader.position(place), 5)
  assert.deepEqual((await read(reader, 2)).map(valueOf), [5, 6])
})

test('a seek counts where an offset that is gone is being reset', async (t) => {
  const world = await ConsumerWorld.start(t)
  await world.fill(10)
  const reader = world.consumer({ autoOffsetReset: 'latest', start: { offset: 1_000 } })
  const lookups = holdListOffsets(world)
  const reading = read(reader, 2)
  await until('the reset is looked up', () => lookups.asked() === 1)
  await reader.seek(place, { offset: 5 })
  lookups.letGo()
  assert.deepEqual((await reading).map(valueOf), [5, 6])
})

// Its pause after an error is a minute.
test('where nothing may be reset a broker is asked once, and after a seek at once', { timeout: 30_000 }, async (t) => {
  const { broker, consumer, fill } = await ConsumerWorld.start(t)
  await fill(10)
  const options = { autoOffsetReset: 'none', start: { offset: 1_000 } } as const
  const reader = consumer({ ...options, retryBackoffMs: 60_000, retryBackoffMaxMs: 60_000 })
  let fetches = 0
  broker.intercept('Fetch', (_, next) => {
    fetches += 1
    return next()
  })
  const outOfRange = { error: 'OFFSET_OUT_OF_RANGE', message: /orders-0/ }
  await assert.rejects(read(reader, 1), outOfRange)
  for (const _ of Array.from({ length: 50 })) await reader.offsetsOf([place], 'latest')
  assert.equal(fetches, 1)
  await reader.seek(place, { offset: 5 })
  assert.deepEqual((await read(reader, 2)).map(valueOf), [5, 6])
})

test('an error that a seek has settled since is not told to the next loop', async (t) => {
  const { broker, consumer, fill } = await ConsumerWorld.start(t)
  await fill(10)
  let fetches = 0
  broker.intercept('Fetch', (_, next) => {
    fetches += 1
    return next()
  })
  const reader = consumer({ autoOffsetReset: 'none', start: { offset: 1_000 } })
  await assert.rejects(read(reader, 1), { error: 'OFFSET_OUT_OF_RANGE' })
  const before = fetches
  await until('it was asked for again, while nobody read', () => fetches > before + 1)
  await assert.rejects(read(reader, 1), { error: 'OFFSET_OUT_OF_RANGE' })
  const later = fetches
  await until('and again', () => fetches > later + 1)
  await reader.seek(place, { offset: 5 })
  assert.deepEqual((await read(reader, 1)).map(valueOf), [5])
})

test('a seek whose partition goes away meanwhile says so', async (t) => {
  const world = await ConsumerWorld.start(t)
  await world.fill(2)
  const reader = world.consumer({ groupId: 'g' })
  await read(reader, 1)
  const lookups = holdListOffsets(world)
  const seeking = reader.seek(place, { timestamp: 0 })
  await until('the time is looked up', () => lookups.asked() === 1)
  const generation = reader.groupMetadata()?.generationId ?? -1
  reader.enforceRebalance()
  await until('a new generation', () => (reader.groupMetadata()?.generationId ?? -1) > generation)
  lookups.letGo()
  await assert.rejects(seeking, { name: 'RangeError', message: /orders-0 went to another member/ })
})
