import { test, type TestContext } from 'node:test'
import { initProducerIdApi, metadataApi, produceApi } from '@millrace/protocol'
import { FakeBroker } from '@millrace/testkit/fake-broker'
import { until } from '@millrace/testkit/until'
import { Producer } from './producer.ts'

/** Two brokers, of which the first is asked; by default the second leads. */
async function leaderElsewhere(t: TestContext, leader?: 'the one that is asked'): Promise<[FakeBroker, FakeBroker]> {
  const [asked, other] = [await FakeBroker.start(t), await FakeBroker.start(t)]
  leads(asked, leader === undefined ? other : asked)
  leads(other, other)
  for (const broker of [asked, other]) {
    broker.answer(initProducerIdApi, () => ({ errorCode: 0, producerId: 7, producerEpoch: 0 }))
    broker.answer(produceApi, ({ acks, topicData }) => (acks === 0 ? undefined : { responses: topicData.map(written) }))
  }
  return [asked, other]
}

function leads(asked: FakeBroker, leader: FakeBroker): void {
  const partition = {
    errorCode: 0,
    partitionIndex: 0,
    leaderId: leader.port,
    leaderEpoch: 1,
    replicaNodes: [],
    isrNodes: [],
  }
  asked.answer(metadataApi, ({ topics }) => ({
    brokers: [asked, leader].map(({ host, port }) => ({ nodeId: port, host, port })),
    topics: (topics ?? []).map(({ name }) => ({ errorCode: 0, name, topicId, partitions: [partition] })),
  }))
}

const topicId = 'AAAAAAAAAAAAAAAAAAAAAQ'

const written = ({ topicId: id }: { topicId: string }) => ({
  topicId: id,
  partitionResponses: [{ index: 0, errorCode: 0, baseOffset: 0 }],
})

for (const acks of [0, 1, 'all'] as const) {
  test(`with no retries and acks ${acks} a batch waits for its broker: only what was sent counts`, async (t) => {
    const [asked, leader] = await leaderElsewhere(t)
    await leader.stop()
    const { bootstrapServers } = asked
    const options = { retries: 0, retryBackoffMs: 5, reconnectBackoffMs: 5, reconnectBackoffMaxMs: 5 }
    await using producer = new Producer({ bootstrapServers, acks, ...options })
    const sent = producer.send({ topic: 'orders', value: 'v' })
    await until('the leader is looked for again and again', () => asked.count(metadataApi) > 3)
    await leader.listen()
    await sent
    await until('it is there', () => leader.count(produceApi) === 1)
  })
}

test('with acks 0 a broker that closes the connection is asked who leads', async (t) => {
  const [before, after] = await leaderElsewhere(t, 'the one that is asked')
  before.act(produceApi, (_request, socket) => {
    leads(before, after)
    socket.destroy()
  })
  await using producer = new Producer({ bootstrapServers: before.bootstrapServers, acks: 0, lingerMs: 0 })
  await until('the new leader is written to', async () => {
    await producer.send({ topic: 'orders', value: 'v' })
    return after.count(produceApi) > 0
  })
})
