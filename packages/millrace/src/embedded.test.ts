// What docs/testing.md promises of a broker inside a test, with clients of ours on the other side.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Broker } from '@millrace/broker'
import { KafkaError, startBroker } from '@millrace/broker'
import { Admin, Consumer, Producer } from '@millrace/client'

const producerFor = ({ bootstrapServers }: Broker): Producer =>
  new Producer({ bootstrapServers, clientId: 'till', requestTimeoutMs: 1_000, retryBackoffMs: 10 })

async function valuesOf({ bootstrapServers }: Broker, topic: string): Promise<(string | undefined)[]> {
  const values: (string | undefined)[] = []
  await using consumer = new Consumer({ bootstrapServers, topics: [topic], start: 'earliest', stopAtEnd: true })
  for await (const record of consumer) values.push(record.value?.toString())
  return values
}

const warehouse = (broker: Broker): Consumer =>
  new Consumer({
    bootstrapServers: broker.bootstrapServers,
    groupId: 'warehouse',
    topics: ['orders'],
    autoOffsetReset: 'earliest',
  })

test('a failed, a dropped and a cut Produce are tried again and written once', async () => {
  await using broker = await startBroker()
  await using producer = producerFor(broker)
  for (const fault of ['fail', 'drop', 'disconnect'] as const) {
    const stop = broker.intercept('Produce', async (request, next) => {
      stop()
      if (fault === 'fail') throw new KafkaError('NOT_LEADER_OR_FOLLOWER')
      // What was written before its answer was lost must not be written again.
      await next()
      return request[fault]()
    })
    await producer.send({ topic: 'orders', value: fault })
  }
  assert.deepEqual(await valuesOf(broker, 'orders'), ['fail', 'drop', 'disconnect'])
})

test('an interceptor sees who asks for what, can wait, and can change the answer', async () => {
  await using broker = await startBroker()
  const { bootstrapServers } = broker
  const seen: unknown[] = []
  let open = (): void => {}
  const gate = new Promise<void>((resolve) => (open = resolve))
  broker.intercept('DescribeCluster', async (request, next) => {
    seen.push(request.apiName, request.clientId, request.connection.listener, request.apiVersion > 0)
    await gate
    return { ...(await next()), clusterId: 'another' }
  })
  await using admin = new Admin({ bootstrapServers, clientId: 'who' })
  await using other = new Admin({ bootstrapServers })
  const described = admin.describeCluster()
  assert.notEqual((await other.listTopics()).length, -1, 'only that connection waits')
  open()
  assert.equal((await described).clusterId, 'another')
  assert.deepEqual(seen, ['DescribeCluster', 'who', 'PLAINTEXT', true])
})

test('clients go on after dropConnections, and nothing is lost or doubled', async () => {
  await using broker = await startBroker()
  await using producer = producerFor(broker)
  for (let i = 0; i < 20; i += 1) {
    const sent = producer.send({ topic: 'orders', value: String(i) })
    if (i % 5 === 0) broker.dropConnections()
    await sent
  }
  const expected = Array.from({ length: 20 }, (_, i) => String(i))
  assert.deepEqual(await valuesOf(broker, 'orders'), expected)
})

test('an OffsetCommit whose connection is cut is sent again', async () => {
  await using broker = await startBroker()
  await using producer = producerFor(broker)
  await producer.send({ topic: 'orders', value: 'two lamps' })
  const stop = broker.intercept('OffsetCommit', (request) => {
    stop()
    return request.disconnect()
  })
  await using consumer = warehouse(broker)
  for await (const record of consumer) {
    await consumer.commit(record)
    break
  }
  await using admin = new Admin({ bootstrapServers: broker.bootstrapServers })
  const [committed] = await admin.fetchOffsets('warehouse')
  assert.equal(committed?.offset, 1)
})

test('a week goes by with keepSessions, and consumer and producer notice nothing', async () => {
  await using broker = await startBroker({ settings: { 'log.retention.ms': -1 } })
  await using producer = producerFor(broker)
  await producer.send({ topic: 'orders', value: 'before' })
  await using consumer = warehouse(broker)
  const joins: string[] = []
  broker.intercept('JoinGroup', (request, next) => {
    joins.push(request.body.memberId)
    return next()
  })
  for await (const record of consumer) {
    if (record.value?.toString() === 'after') break
    joins.length = 0
    await broker.clock.advance('7d', { keepSessions: true })
    const { offset } = await producer.send({ topic: 'orders', value: 'after' })
    assert.equal(offset, 1)
  }
  assert.deepEqual(joins, [], 'nobody had to join again')
})

test('a frozen clock stands still until it is advanced, and runs again when it is unfrozen', async () => {
  await using broker = await startBroker({ settings: { 'group.initial.rebalance.delay.ms': 3_000 } })
  await using producer = producerFor(broker)
  await producer.send({ topic: 'orders', value: 'one' })
  const joined = new Promise<void>((resolve) => {
    broker.intercept('JoinGroup', (request, next) => {
      if (request.body.memberId !== '') resolve()
      return next()
    })
  })
  broker.clock.freeze()
  const frozenMs = broker.clock.wallMs()
  await using consumer = warehouse(broker)
  const first = consumer[Symbol.asyncIterator]().next()
  await joined
  // The group waits three seconds for more members, which no longer pass by themselves.
  await new Promise(setImmediate)
  assert.equal(broker.clock.wallMs(), frozenMs)
  await broker.clock.advance('3s')
  assert.equal(broker.clock.wallMs(), frozenMs + 3_000)
  assert.equal((await first).value?.value?.toString(), 'one')
  broker.clock.unfreeze()
})

test('data in a temporary folder goes with the broker, in a folder of one’s own it stays', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-embedded-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const expected of [['first'], ['first', 'second']]) {
    await using broker = await startBroker({ storage: { directory: folder } })
    await using producer = producerFor(broker)
    await producer.send({ topic: 'kept', value: expected.at(-1) ?? '' })
    assert.deepEqual(await valuesOf(broker, 'kept'), expected)
  }
  assert.ok(existsSync(join(folder, 'kept-0')))
  const temporary = (): string[] => readdirSync(tmpdir()).filter((name) => /^millrace-[A-Za-z0-9]{6}$/.test(name))
  const before = new Set(temporary())
  const broker = await startBroker({ storage: 'temporary' })
  const own = temporary().filter((name) => !before.has(name))
  assert.ok(own.length > 0)
  await broker.close()
  const left = new Set(temporary())
  assert.ok(own.some((name) => !left.has(name)))
})
