import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '@millrace/broker'
import { clientClock } from '@millrace/testkit/client-clock'
import { ProducerWorld } from '@millrace/testkit/producer-world'
import { Producer } from './producer.ts'

/** Produce requests wait until they are let go; `held` resolves with the first. */
function holdProduce(broker: Broker): { readonly held: Promise<void>; readonly letGo: () => void } {
  const [held, gone] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  broker.intercept('Produce', async (_request, next) => {
    held.resolve()
    await gone.promise
    return next()
  })
  return { held: held.promise, letGo: gone.resolve }
}

const padded = (text: string): string => text.padEnd(400, '.')

test('trySend says no while the buffer is full, and yes again when it has emptied', async (t) => {
  const { broker, producing, readValues, topic } = await ProducerWorld.start(t)
  const { letGo } = holdProduce(broker)
  const producer = producing({ bufferMemory: 1_000, lingerMs: 0 })
  const first = producer.trySend({ topic, value: padded('a') })
  const second = producer.trySend({ topic, value: padded('b') })
  assert.ok(first !== undefined && second !== undefined)
  assert.equal(producer.trySend({ topic, value: padded('c') }), undefined)
  letGo()
  await Promise.all([first, second])
  await producer.trySend({ topic, value: padded('d') })
  assert.deepEqual(await readValues(), ['a', 'b', 'd'].map(padded))
})

test('the buffer holds records whose topic is not known yet too', async (t) => {
  const clock = clientClock(t)
  const { broker, producing, topic } = await ProducerWorld.start(t)
  broker.intercept('Metadata', (request) => request.drop())
  const producer = producing({ bufferMemory: 1_000, maxBlockMs: 20_000 })
  const sends = ['a', 'b', 'c'].map((text) => producer.send({ topic, value: padded(text) }))
  assert.equal(producer.trySend({ topic, value: 'd' }), undefined)
  const settled = Promise.allSettled(sends)
  await clock.advance(20_000)
  const reasons = (await settled).map((each) => String((each as PromiseRejectedResult).reason))
  assert.match(reasons[0]!, /no metadata for a record of orders within 20000 ms \(maxBlockMs\)/)
  assert.match(reasons[2]!, /within 20000 ms/)
})

test('send that finds no room within maxBlockMs rejects, and what came before it is written', async (t) => {
  const clock = clientClock(t)
  const { broker, producing, readValues, topic } = await ProducerWorld.start(t)
  const { held, letGo } = holdProduce(broker)
  const producer = producing({ bufferMemory: 1_000, maxBlockMs: 20_000, lingerMs: 0 })
  const sends = ['a', 'b'].map((text) => producer.send({ topic, value: padded(text) }))
  const noRoom = /no room in the buffer \(bufferMemory, 1000 bytes/
  const rejected = assert.rejects(producer.send({ topic, value: padded('c') }), noRoom)
  await held
  await clock.advance(20_000)
  await rejected
  letGo()
  await Promise.all(sends)
  assert.deepEqual(await readValues(), ['a', 'b'].map(padded))
})

test('a signal takes back what still waits for room, and only that', async (t) => {
  const { broker, producing, readValues, topic } = await ProducerWorld.start(t)
  const { letGo } = holdProduce(broker)
  const producer = producing({ bufferMemory: 1_000, lingerMs: 0 })
  const sends = ['a', 'b'].map((text) => producer.send({ topic, value: padded(text) }))
  const aborter = new AbortController()
  const waits = producer.send({ topic, value: padded('c') }, { signal: aborter.signal })
  const array = producer.send([{ topic, value: padded('d') }], { signal: aborter.signal })
  aborter.abort(new Error('enough'))
  await assert.rejects(waits, /enough/)
  await assert.rejects(array, /enough/)
  letGo()
  await Promise.all(sends)
  await producer.send({ topic, value: 'e' })
  assert.deepEqual(await readValues(), [...['a', 'b'].map(padded), 'e'])
})

test('a stream takes no more than the buffer holds, and closing it waits for all answers', async (t) => {
  const { broker, producing, readValues, topic } = await ProducerWorld.start(t)
  const { letGo } = holdProduce(broker)
  const producer = producing({ bufferMemory: 1_000, lingerMs: 0 })
  const writer = producer.writable().getWriter()
  const written: string[] = []
  const writes = ['a', 'b', 'c', 'd'].map((text) =>
    writer.write({ topic, value: padded(text) }).then(() => written.push(text)),
  )
  await writes[1]
  assert.deepEqual(written, ['a', 'b'])
  letGo()
  await Promise.all(writes)
  await writer.write([
    { topic, value: 'e' },
    { topic, value: 'f' },
  ])
  await writer.close()
  assert.deepEqual(await readValues(), [...['a', 'b', 'c', 'd'].map(padded), 'e', 'f'])
  await producer.send({ topic, value: 'the producer stays open' })
})

test('a stream fails with the first record that can not be delivered', async (t) => {
  const { producing, topic } = await ProducerWorld.start(t)
  const producer = producing({ maxRequestSize: 1_000 })
  const writer = producer.writable().getWriter()
  await writer.write({ topic, value: 'x'.repeat(2_000) })
  await assert.rejects(writer.closed, { error: 'MESSAGE_TOO_LARGE' })
})

test('close gives up after its timeout: what is not answered by then fails, and it resolves', async (t) => {
  const { broker, topic } = await ProducerWorld.start(t)
  broker.intercept('Produce', (request) => request.drop())
  const producer = new Producer(broker)
  const failed = assert.rejects(producer.send({ topic, value: 'v' }), { name: 'ClientClosedError' })
  await producer.close({ timeoutMs: 20 })
  await failed
})

test('while the buffer is full batches still fill: what is on its way makes room', async (t) => {
  const { producing, topic } = await ProducerWorld.start(t)
  const producer = producing({ bufferMemory: 100_000, batchSize: 10_000 })
  await Promise.all(Array.from({ length: 3_000 }, (_, i) => producer.send({ topic, value: padded(String(i)) })))
  const { recordsPerBatchAvg, recordSendTotal, bufferAvailableBytes, waitingRecords } = producer.metrics()
  // 23 of them fill a batch.
  assert.ok(recordsPerBatchAvg > 12, String(recordsPerBatchAvg))
  assert.deepEqual([recordSendTotal, bufferAvailableBytes, waitingRecords], [3_000, 100_000, 0])
})
