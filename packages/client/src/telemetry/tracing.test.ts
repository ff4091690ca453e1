import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { beforeEach, test, type TestContext } from 'node:test'
import { ConsumerWorld } from '@millrace/testkit/consumer-world'
import * as api from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { Producer } from '../producer/producer.ts'
import type { PlainProducerOptions } from '../producer/producer-api.ts'

/** What a program's own OpenTelemetry does with the active context. */
class AsyncContext implements api.ContextManager {
  readonly #storage = new AsyncLocalStorage<api.Context>()

  active(): api.Context {
    return this.#storage.getStore() ?? api.ROOT_CONTEXT
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: api.Context,
    run: F,
    self?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(context, () => run.apply(self, args))
  }

  bind<T>(_context: api.Context, target: T): T {
    return target
  }

  enable(): this {
    return this
  }

  disable(): this {
    return this
  }
}

const exporter = new InMemorySpanExporter()
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
api.trace.setGlobalTracerProvider(provider)
api.context.setGlobalContextManager(new AsyncContext())
api.propagation.setGlobalPropagator(new W3CTraceContextPropagator())
const tracer = api.trace.getTracer('test')

beforeEach(() => exporter.reset())

const spans = (name: string): ReadableSpan[] => exporter.getFinishedSpans().filter((span) => span.name === name)
const idOf = (span: ReadableSpan | undefined): string | undefined => span?.spanContext().spanId
const linksOf = (span: ReadableSpan | undefined): string[] => span?.links.map(({ context }) => context.spanId) ?? []

async function traced(t: TestContext, options: Partial<PlainProducerOptions> = {}) {
  const world = await ConsumerWorld.start(t)
  const { bootstrapServers } = world.broker
  const producer = new Producer({ bootstrapServers, clientId: 'shop', lingerMs: 0, tracing: { api }, ...options })
  t.after(() => producer.close())
  return { world, producer }
}

test('the trace of who sends a record goes on with who reads it, and with what the loop does', async (t) => {
  const { world, producer } = await traced(t)
  await tracer.startActiveSpan('request', async (request) => {
    await producer.send({ topic: 'orders', key: 'k', value: 'v', headers: { own: 'x' } })
    request.end()
  })
  const consumer = world.consumer({ groupId: 'g', stopAtEnd: true, tracing: { api } })
  for await (const record of consumer) {
    assert.deepEqual(
      record.headers.map(([name]) => name),
      ['own', 'traceparent'],
    )
    consumer.inTraceOf(record, () => tracer.startSpan('store').end())
  }
  const [request, send, process, store] = ['request', 'send orders', 'process orders', 'store'].map(
    (name) => spans(name)[0],
  )
  assert.deepEqual(
    [send, process, store].map((span) => span?.parentSpanContext?.spanId),
    [request, send, process].map(idOf),
  )
  assert.deepEqual([send?.kind, process?.kind], [api.SpanKind.PRODUCER, api.SpanKind.CONSUMER])
  assert.deepEqual(linksOf(process), [idOf(send)])
  assert.deepEqual(send?.attributes, {
    'messaging.system': 'kafka',
    'messaging.client.id': 'shop',
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'orders',
    'messaging.kafka.message.key': 'k',
    'messaging.destination.partition.id': '0',
    'messaging.kafka.offset': 0,
  })
  assert.deepEqual(process?.attributes, {
    'messaging.system': 'kafka',
    'messaging.client.id': 'millrace',
    'messaging.consumer.group.name': 'g',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': 'orders',
    'messaging.destination.partition.id': '0',
    'messaging.kafka.offset': 0,
  })
})

test('a record that was read is sent on as it is, with a trace of its own; headers may be a Map', async (t) => {
  const { world, producer } = await traced(t)
  await using plain = new Producer(world.broker)
  await plain.send({ topic: 'orders', key: 'k', value: 'v', headers: { own: 'x' }, timestamp: 1_700_000_000_000 })
  const consumer = world.consumer({ stopAtEnd: true })
  for await (const record of consumer) {
    await producer.send(record)
    await producer.send([{ topic: 'orders', value: null, headers: new Map([['own', 'y']]) as never }])
  }
  const seen: unknown[] = []
  for await (const { key, value, headers, timestamp } of world.consumer({ stopAtEnd: true })) {
    seen.push([String(key), String(value), headers.map(([name]) => name), timestamp === 1_700_000_000_000])
  }
  assert.deepEqual(seen, [
    ['k', 'v', ['own'], true],
    ['k', 'v', ['own', 'traceparent'], true],
    ['null', 'null', ['own', 'traceparent'], false],
  ])
})

test('a record is processed until the next one is asked for, or the loop is left', async (t) => {
  const { world, producer } = await traced(t)
  await producer.send(['a', 'b', 'c'].map((value) => ({ topic: 'orders', value })))
  const ended: number[] = []
  for await (const { offset } of world.consumer({ tracing: { api } })) {
    ended.push(spans('process orders').length)
    if (offset === 1) break
  }
  assert.deepEqual([...ended, spans('process orders').length], [0, 1, 2])
})

test('in a loop that runs within a span the record is processed there, linked to where it was created', async (t) => {
  const { world, producer } = await traced(t)
  await producer.send({ topic: 'orders', value: 'v' })
  await tracer.startActiveSpan('job', async (job) => {
    for await (const record of world.consumer({ stopAtEnd: true, tracing: { api } })) assert.equal(record.offset, 0)
    job.end()
  })
  const [process] = spans('process orders')
  assert.equal(process?.parentSpanContext?.spanId, idOf(spans('job')[0]))
  assert.deepEqual(linksOf(process), [idOf(spans('send orders')[0])])
})

test('of an array each record has a span to come from, and what is sent together links to them', async (t) => {
  const { world, producer } = await traced(t)
  await producer.send(['a', 'b'].map((value) => ({ topic: 'orders', value })))
  const created = spans('create orders').map(idOf)
  const [send] = spans('send orders')
  assert.equal(created.length, 2)
  assert.deepEqual(linksOf(send), created)
  assert.equal(send?.kind, api.SpanKind.CLIENT)
  assert.equal(send.attributes['messaging.batch.message_count'], 2)

  let inside: string | undefined
  await world.consumer({ stopAtEnd: true, tracing: { api } }).run({
    eachBatch: ({ records }) => {
      assert.equal(records.length, 2)
      inside = api.trace.getActiveSpan()?.spanContext().spanId
    },
  })
  const [process] = spans('process orders')
  assert.deepEqual(linksOf(process), created)
  assert.equal(inside, idOf(process))
  assert.equal(process?.attributes['messaging.batch.message_count'], 2)
})

test('without spans of their own the records of an array carry that of the send', async (t) => {
  const { world, producer } = await traced(t, { tracing: { api, createSpans: false } })
  await producer.send(['a', 'b'].map((value) => ({ topic: 'orders', value })))
  assert.equal(spans('create orders').length, 0)
  for await (const record of world.consumer({ stopAtEnd: true, tracing: { api } })) assert.ok(record.headers.length > 0)
  const send = idOf(spans('send orders')[0])
  assert.deepEqual(spans('process orders').flatMap(linksOf), [send, send])
})

test('a record that brings a context keeps it', async (t) => {
  const { world, producer } = await traced(t)
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const record = { topic: 'orders', value: 'v', headers: { traceparent } }
  await producer.send(record)
  await producer.send([record])
  for (const send of spans('send orders')) assert.deepEqual(linksOf(send), ['b7ad6b7169203331'])
  assert.equal(spans('create orders').length, 0)
  for await (const { headers } of world.consumer({ stopAtEnd: true })) {
    assert.deepEqual(headers.map(String), [`traceparent,${traceparent}`])
  }
})

test('what fails ends its span with the name of its error', async (t) => {
  const { world, producer } = await traced(t)
  await assert.rejects(producer.send({ topic: 'orders', value: Buffer.alloc(2_000_000) }))
  const [send] = spans('send orders')
  assert.equal(send?.attributes['error.type'], 'MESSAGE_TOO_LARGE')
  assert.equal(send.status.code, api.SpanStatusCode.ERROR)

  await producer.send({ topic: 'orders', value: 'v' })
  const failing = world.consumer({ tracing: { api } }).run({
    eachBatch: () => {
      throw new RangeError('no')
    },
  })
  await assert.rejects(failing, RangeError)
  assert.equal(spans('process orders')[0]?.attributes['error.type'], 'RangeError')
})

test('streams, trySend and commits by hand have spans too', async (t) => {
  const { world, producer } = await traced(t)
  const writer = producer.writable().getWriter()
  await writer.write({ topic: 'orders', key: 7, value: null })
  await writer.close()
  await producer.trySend({ topic: 'orders', value: 'v' })
  const sent = spans('send orders')
  assert.deepEqual(
    sent.map(({ attributes }) => attributes['messaging.kafka.offset']),
    [0, 1],
  )
  assert.equal(sent[0]?.attributes['messaging.kafka.message.tombstone'], true)
  assert.equal(sent[0].attributes['messaging.kafka.message.key'], '7')

  const consumer = world.consumer({ groupId: 'g', enableAutoCommit: false, tracing: { api } })
  for await (const record of consumer) {
    await consumer.inTraceOf(record, () => consumer.commit(record))
    break
  }
  const [commit] = spans('commit orders')
  assert.equal(commit?.attributes['messaging.operation.type'], 'settle')
  assert.equal(commit.parentSpanContext?.spanId, idOf(spans('process orders')[0]))
})

test('a record that finds no room is not sent, and its span says so', async (t) => {
  const { producer } = await traced(t, { bufferMemory: 1_000 })
  const first = producer.send({ topic: 'orders', value: Buffer.alloc(900) })
  assert.equal(producer.trySend({ topic: 'orders', value: Buffer.alloc(900) }), undefined)
  assert.equal(spans('send orders')[0]?.attributes['error.type'], 'no_room')
  assert.equal((await first).offset, 0)
})

test('without an SDK nothing is added to a record', async (t) => {
  const mute = { ...api, propagation: { inject() {}, extract: (context: api.Context) => context } }
  const { world, producer } = await traced(t, { tracing: { api: mute } })
  await producer.send([{ topic: 'orders', value: 'v' }])
  for await (const { headers } of world.consumer({ stopAtEnd: true })) assert.deepEqual(headers, [])
})
