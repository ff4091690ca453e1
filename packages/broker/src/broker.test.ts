import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { Connection } from '@millrace/connection'
import type { FetchResponse, ProduceResponse } from '@millrace/protocol'
import {
  batches,
  buildBatch,
  createTopicsApi,
  deleteRecordsApi,
  deleteTopicsApi,
  errorName,
  fetchApi,
  findCoordinatorApi,
  heartbeatApi,
  incrementalAlterConfigsApi,
  initProducerIdApi,
  joinGroupApi,
  KafkaError,
  listOffsetsApi,
  metadataApi,
  offsetCommitApi,
  offsetFetchApi,
  produceApi,
  readRecords,
  syncGroupApi,
} from '@millrace/protocol'
import type { Broker } from './broker.ts'
import { startBroker } from './broker.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

async function connect(broker: Broker, t: TestContext): Promise<Connection> {
  const connection = await Connection.connect({ host: broker.host, port: broker.port })
  t.after(() => connection.close())
  return connection
}

interface BatchOptions {
  readonly timestampMs?: number
  readonly producerId?: number
  readonly baseSequence?: number
}

const batchOf = (values: readonly string[], { timestampMs = Date.now(), ...producer }: BatchOptions = {}) =>
  buildBatch({
    ...producer,
    ...(producer.producerId === undefined ? {} : { producerEpoch: 0 }),
    records: values.map((value) => ({ key: null, value: bytes(value), timestampMs })),
  })

async function createTopic(connection: Connection, name: string, configs: Readonly<Record<string, string>> = {}) {
  const { topics } = await connection.request(createTopicsApi, {
    topics: [
      {
        name,
        numPartitions: 1,
        replicationFactor: 1,
        assignments: [],
        configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
      },
    ],
  })
  assert.equal(topics[0]?.errorCode, 0, topics[0]?.errorMessage ?? '')
}

type Produced = ProduceResponse['responses'][number]['partitionResponses'][number]

async function produce(connection: Connection, topic: string, records: Uint8Array, acks = -1): Promise<Produced> {
  const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }]
  const versions = { max: 12 }
  const { responses } = await connection.request(produceApi, { acks, timeoutMs: 5_000, topicData }, { versions })
  const result = responses[0]?.partitionResponses[0]
  assert.ok(result !== undefined)
  return result
}

interface FetchWish {
  readonly offset?: number
  readonly maxWaitMs?: number
  readonly minBytes?: number
  readonly sessionId?: number
  readonly sessionEpoch?: number
}

function fetch(connection: Connection, topic: string | null, wish: FetchWish = {}): Promise<FetchResponse> {
  const { offset = 0, maxWaitMs = 0, minBytes = 1, sessionId = 0, sessionEpoch = -1 } = wish
  const partitions = [{ partition: 0, fetchOffset: offset, partitionMaxBytes: 1_000_000 }]
  const topics = topic === null ? [] : [{ topic, partitions }]
  const body = { maxWaitMs, minBytes, sessionId, sessionEpoch, topics }
  return connection.request(fetchApi, body, { versions: { max: 12 } })
}

function valuesIn(response: FetchResponse): string[] {
  const values: string[] = []
  for (const { partitions } of response.responses) {
    for (const { records } of partitions) {
      for (const position of records === null ? [] : batches(records)) {
        for (const { value } of readRecords(records ?? bytes(''), {}, position)) {
          values.push(value === null ? '' : new TextDecoder().decode(value))
        }
      }
    }
  }
  return values
}

function folder(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-broker-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

async function latestOffset(connection: Connection, topic: string, timestamp = -1): Promise<number> {
  const partitions = [{ partitionIndex: 0, timestamp }]
  const { topics } = await connection.request(listOffsetsApi, { replicaId: -1, topics: [{ name: topic, partitions }] })
  return topics[0]?.partitions[0]?.offset ?? NaN
}

test('what was produced is fetched, in order, with every number of acks', async (t) => {
  await using broker = await startBroker()
  const connection = await connect(broker, t)
  await createTopic(connection, 'orders')
  const first = await produce(connection, 'orders', batchOf(['a', 'b']))
  const second = await produce(connection, 'orders', batchOf(['c']), 1)
  assert.deepEqual([first.errorCode, first.baseOffset, second.errorCode, second.baseOffset], [0, 0, 0, 2])
  const { topics } = await connection.request(metadataApi, { topics: [{ name: 'orders' }] })
  const partitionData = [{ index: 0, records: batchOf(['d']) }]
  const topicData = [{ topicId: topics[0]?.topicId ?? '', partitionData }]
  await connection.post(produceApi, { acks: 0, timeoutMs: 0, topicData })
  assert.deepEqual(valuesIn(await fetch(connection, 'orders', { offset: 3, maxWaitMs: 5_000 })), ['d'])
  assert.deepEqual(valuesIn(await fetch(connection, 'orders')), ['a', 'b', 'c', 'd'])
})

test('several brokers run side by side', async () => {
  await using one = await startBroker()
  await using other = await startBroker()
  assert.notEqual(one.port, other.port)
  assert.notEqual(one.clusterId, other.clusterId)
})

test('a fetch waits for records until its deadline, and no longer than until they come', async (t) => {
  await using broker = await startBroker()
  const [consumer, producer] = [await connect(broker, t), await connect(broker, t)]
  await createTopic(producer, 'orders')
  assert.deepEqual(valuesIn(await fetch(consumer, 'orders', { maxWaitMs: 20 })), [])
  const waiting = fetch(consumer, 'orders', { maxWaitMs: 20_000 })
  await produce(producer, 'orders', batchOf(['late']))
  assert.deepEqual(valuesIn(await waiting), ['late'])
})

test('a fetch that asks for more bytes than came goes on waiting', async (t) => {
  await using broker = await startBroker()
  const [consumer, producer] = [await connect(broker, t), await connect(broker, t)]
  await createTopic(producer, 'orders')
  const waiting = fetch(consumer, 'orders', { maxWaitMs: 20_000, minBytes: 200 })
  for (const value of ['one', 'two', 'three']) await produce(producer, 'orders', batchOf([value]))
  assert.deepEqual(valuesIn(await waiting), ['one', 'two', 'three'])
})

test('an incremental fetch session leaves out partitions that have not changed', async (t) => {
  await using broker = await startBroker()
  const connection = await connect(broker, t)
  await createTopic(connection, 'orders')
  const opened = await fetch(connection, 'orders', { sessionEpoch: 0 })
  assert.ok(opened.sessionId > 0)
  const { sessionId } = opened
  assert.deepEqual((await fetch(connection, null, { sessionId, sessionEpoch: 1 })).responses, [])
  await produce(connection, 'orders', batchOf(['news']))
  assert.deepEqual(valuesIn(await fetch(connection, null, { sessionId, sessionEpoch: 2 })), ['news'])
  const wrongEpoch = await fetch(connection, null, { sessionId, sessionEpoch: 7 })
  assert.equal(errorName(wrongEpoch.errorCode), 'INVALID_FETCH_SESSION_EPOCH')
})

test('Metadata creates the topics that it is asked for, unless the client or the broker says no', async (t) => {
  await using broker = await startBroker()
  const connection = await connect(broker, t)
  const ask = async (name: string, allowAutoTopicCreation: boolean) => {
    const { topics } = await connection.request(metadataApi, { topics: [{ name }], allowAutoTopicCreation })
    return [errorName(topics[0]?.errorCode ?? -1), topics[0]?.partitions.length]
  }
  assert.deepEqual(await ask('new', false), ['UNKNOWN_TOPIC_OR_PARTITION', 0])
  assert.deepEqual(await ask('new', true), ['NONE', 1])
  assert.deepEqual(await ask('not/legal', true), ['INVALID_TOPIC_EXCEPTION', 0])
  await using strict = await startBroker({ settings: { 'auto.create.topics.enable': false } })
  const other = await connect(strict, t)
  const { topics } = await other.request(metadataApi, { topics: [{ name: 'new' }] })
  assert.equal(errorName(topics[0]?.errorCode ?? -1), 'UNKNOWN_TOPIC_OR_PARTITION')
})

test('a topic is known by its id, and a deleted one no more', async (t) => {
  await using broker = await startBroker()
  const connection = await connect(broker, t)
  await createTopic(connection, 'orders')
  const { topics } = await connection.request(metadataApi, { topics: [{ name: 'orders' }] })
  const topicId = topics[0]?.topicId ?? ''
  const produceById = async () => {
    const topicData = [{ topicId, partitionData: [{ index: 0, records: batchOf(['x']) }] }]
    const { responses } = await connection.request(produceApi, { acks: 1, timeoutMs: 1_000, topicData })
    return errorName(responses[0]?.partitionResponses[0]?.errorCode ?? -1)
  }
  assert.equal(await produceById(), 'NONE')
  await connection.request(deleteTopicsApi, { topics: [{ topicId, name: null }], timeoutMs: 1_000 })
  assert.equal(await produceById(), 'UNKNOWN_TOPIC_ID')
})

test('after a restart topics, records, offsets of groups and the cluster id are what they were', async (t) => {
  const directory = folder(t)
  const group = { groupId: 'g', generationIdOrMemberEpoch: -1, memberId: '' }
  const partitions = [{ partitionIndex: 0, committedOffset: 2, committedMetadata: 'here' }]
  let clusterId: string
  {
    await using broker = await startBroker({ storage: { directory } })
    clusterId = broker.clusterId
    const connection = await connect(broker, t)
    await createTopic(connection, 'orders', { 'retention.ms': '12345678' })
    await produce(connection, 'orders', batchOf(['a', 'b', 'c']))
    const body = { ...group, topics: [{ name: 'orders', partitions }] }
    const committed = await connection.request(offsetCommitApi, body, { versions: { max: 9 } })
    assert.equal(committed.topics[0]?.partitions[0]?.errorCode, 0)
  }
  await using broker = await startBroker({ storage: { directory } })
  assert.equal(broker.clusterId, clusterId)
  const connection = await connect(broker, t)
  assert.deepEqual(valuesIn(await fetch(connection, 'orders')), ['a', 'b', 'c'])
  const fetched = await connection.request(
    offsetFetchApi,
    { groups: [{ groupId: 'g', topics: null }] },
    { versions: { max: 9 } },
  )
  const [offset] = fetched.groups[0]?.topics[0]?.partitions ?? []
  assert.deepEqual([offset?.committedOffset, offset?.metadata], [2, 'here'])
})

const send = (connection: Connection, producerId: number, baseSequence: number) =>
  produce(connection, 'orders', batchOf(['a'], { producerId, baseSequence }))

test('a repeat of an idempotent producer is answered with its first offset, also after a restart', async (t) => {
  const directory = folder(t)
  let producerId: number
  {
    await using broker = await startBroker({ storage: { directory } })
    const connection = await connect(broker, t)
    await createTopic(connection, 'orders')
    const given = await connection.request(initProducerIdApi, { transactionalId: null, transactionTimeoutMs: 0 })
    producerId = given.producerId
    assert.equal((await send(connection, producerId, 0)).baseOffset, 0)
    assert.equal((await send(connection, producerId, 1)).baseOffset, 1)
  }
  await using broker = await startBroker({ storage: { directory } })
  const connection = await connect(broker, t)
  assert.equal((await send(connection, producerId, 1)).baseOffset, 1)
  assert.equal(errorName((await send(connection, producerId, 5)).errorCode), 'OUT_OF_ORDER_SEQUENCE_NUMBER')
  assert.equal((await send(connection, producerId, 2)).baseOffset, 2)
  assert.equal(await latestOffset(connection, 'orders'), 3)
  const next = await connection.request(initProducerIdApi, { transactionalId: null, transactionTimeoutMs: 0 })
  assert.ok(next.producerId > producerId)
})

test('a directory whose metadata is elsewhere is adopted, with topic ids and records', async (t) => {
  const directory = folder(t)
  const idOf = async (connection: Connection) =>
    (await connection.request(metadataApi, { topics: [{ name: 'orders' }] })).topics[0]?.topicId
  let topicId: string | undefined
  {
    await using broker = await startBroker({ storage: { directory } })
    const connection = await connect(broker, t)
    await createTopic(connection, 'orders')
    await produce(connection, 'orders', batchOf(['a']))
    topicId = await idOf(connection)
  }
  rmSync(join(directory, 'millrace-metadata'), { recursive: true })
  rmSync(join(directory, 'millrace-broker.json'))
  await using broker = await startBroker({ storage: { directory } })
  const connection = await connect(broker, t)
  assert.equal(await idOf(connection), topicId)
  assert.equal((await produce(connection, 'orders', batchOf(['b']))).baseOffset, 1)
  assert.deepEqual(valuesIn(await fetch(connection, 'orders')), ['a', 'b'])
})

test('retention has happened when the clock was moved past it', async (t) => {
  await using broker = await startBroker()
  const connection = await connect(broker, t)
  await createTopic(connection, 'orders', { 'retention.ms': '60000', 'segment.ms': '10000' })
  await produce(connection, 'orders', batchOf(['old']))
  await broker.clock.advance('7d', { keepSessions: true })
  await produce(connection, 'orders', batchOf(['new'], { timestampMs: broker.clock.wallMs() }))
  assert.equal(await latestOffset(connection, 'orders', -2), 1)
  assert.deepEqual(valuesIn(await fetch(connection, 'orders', { offset: 1 })), ['new'])
})

test('settings of a topic that change at run time hold at once', async (t) => {
  await using broker = await startBroker()
  const connection = await connect(broker, t)
  await createTopic(connection, 'orders')
  const configs = [{ name: 'max.message.bytes', configOperation: 0, value: '100' }]
  const resources = [{ resourceType: 2, resourceName: 'orders', configs }]
  await connection.request(incrementalAlterConfigsApi, { resources, validateOnly: false })
  const result = await produce(connection, 'orders', batchOf(['x'.repeat(200)]))
  assert.equal(errorName(result.errorCode), 'MESSAGE_TOO_LARGE')
})

test('DeleteRecords moves the start of a partition', async (t) => {
  await using broker = await startBroker()
  const connection = await connect(broker, t)
  await createTopic(connection, 'orders')
  await produce(connection, 'orders', batchOf(['a']))
  await produce(connection, 'orders', batchOf(['b']))
  const ask = async (offset: number) => {
    const topics = [{ name: 'orders', partitions: [{ partitionIndex: 0, offset }] }]
    const answer = await connection.request(deleteRecordsApi, { topics, timeoutMs: 1_000 })
    const [result] = answer.topics[0]?.partitions ?? []
    return [errorName(result?.errorCode ?? -1), result?.lowWatermark]
  }
  assert.deepEqual(await ask(1), ['NONE', 1])
  assert.deepEqual(await ask(9), ['OFFSET_OUT_OF_RANGE', -1])
  assert.deepEqual(await ask(-1), ['NONE', 2])
  const outOfRange = await fetch(connection, 'orders')
  assert.equal(errorName(outOfRange.responses[0]?.partitions[0]?.errorCode ?? 0), 'OFFSET_OUT_OF_RANGE')
})

test('a group joins, gets its assignment and heartbeats', async (t) => {
  await using broker = await startBroker()
  const connection = await connect(broker, t)
  const groupId = 'warehouse'
  const found = await connection.request(findCoordinatorApi, { keyType: 0, coordinatorKeys: [groupId] })
  assert.equal(found.coordinators[0]?.errorCode, 0)
  const joinAs = (memberId: string) =>
    connection.request(joinGroupApi, {
      groupId,
      memberId,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: bytes('m') }],
    })
  const refused = await joinAs('')
  assert.equal(errorName(refused.errorCode), 'MEMBER_ID_REQUIRED')
  const { memberId, generationId, leader } = await joinAs(refused.memberId)
  assert.equal(leader, memberId)
  const assigned = await connection.request(syncGroupApi, {
    groupId,
    generationId,
    memberId,
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: [{ memberId, assignment: bytes('all of it') }],
  })
  assert.equal(new TextDecoder().decode(assigned.assignment), 'all of it')
  const heartbeat = () => connection.request(heartbeatApi, { groupId, generationId, memberId })
  assert.equal((await heartbeat()).errorCode, 0)
  await broker.clock.advance('1h', { keepSessions: true })
  assert.equal((await heartbeat()).errorCode, 0)
  await broker.clock.advance('1m')
  const again = await connect(broker, t)
  const late = await again.request(heartbeatApi, { groupId, generationId, memberId })
  assert.equal(errorName(late.errorCode), 'UNKNOWN_MEMBER_ID')
})

test('a test can fail, drop and cut requests of the real broker', async (t) => {
  await using broker = await startBroker()
  const connection = await connect(broker, t)
  await createTopic(connection, 'orders')
  const stop = broker.intercept('Produce', () => {
    stop()
    throw new KafkaError('NOT_LEADER_OR_FOLLOWER')
  })
  assert.equal(errorName((await produce(connection, 'orders', batchOf(['a']))).errorCode), 'NOT_LEADER_OR_FOLLOWER')
  assert.equal((await produce(connection, 'orders', batchOf(['a']))).errorCode, 0)
  broker.intercept('Fetch', (request) => request.disconnect())
  await assert.rejects(fetch(connection, 'orders'))
})

test('dropConnections cuts every connection, and clients may come back', async (t) => {
  await using broker = await startBroker()
  const connection = await connect(broker, t)
  const closed = new Promise((resolve) => connection.onClose(resolve))
  broker.dropConnections()
  await closed
  const again = await connect(broker, t)
  assert.equal((await again.request(metadataApi, { topics: [] })).clusterId, broker.clusterId)
})

test('a request for a thousand topics leaves other clients their turn', async (t) => {
  await using broker = await startBroker()
  const [admin, other] = [await connect(broker, t), await connect(broker, t)]
  const topics = Array.from({ length: 1_000 }, (_, i) => {
    return { name: `topic-${i}`, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
  })
  const order: string[] = []
  const created = admin.request(createTopicsApi, { topics }).finally(() => order.push('created'))
  for (let i = 0; i < 5; i += 1) await other.request(metadataApi, { topics: [] })
  order.push('others')
  const answer = await created
  assert.deepEqual(order, ['others', 'created'])
  assert.ok(answer.topics.every(({ errorCode }) => errorCode === 0))
})

test('a closed broker refuses connections, and closing it twice does nothing', async () => {
  const broker = await startBroker()
  await broker.close()
  await broker.close()
  await assert.rejects(Connection.connect({ host: broker.host, port: broker.port }))
})
