// Requests that name tens of thousands of things: others are served meanwhile, and answers have a bound.
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { Connection } from '@millrace/connection'
import {
  createTopicsApi,
  describeConfigsApi,
  errorName,
  findCoordinatorApi,
  listOffsetsApi,
  offsetCommitApi,
  offsetDeleteApi,
} from '@millrace/protocol'
import { growth } from '@millrace/testkit/growth'
import { startBroker } from '../broker.ts'

const names = Array.from({ length: 40_000 }, (_, i) => `name-${i}`)

async function connectTwice(t: TestContext) {
  const broker = await startBroker()
  const connect = () => Connection.connect({ host: broker.host, port: broker.port })
  const [long, short] = [await connect(), await connect()]
  t.after(async () => {
    long.close()
    short.close()
    await broker.close()
  })
  return { long, short }
}

/** How often `short` is answered before `work` is done. */
async function answersDuring(short: Connection, work: Promise<unknown>): Promise<number> {
  const state = { isDone: false, answers: 0 }
  const finished = work.finally(() => (state.isDone = true))
  while (!state.isDone) {
    await short.request(findCoordinatorApi, { keyType: 0, coordinatorKeys: ['group'] })
    state.answers += 1
  }
  await finished
  return state.answers - 1
}

const configsOfAll = {
  resources: names.map((resourceName) => ({ resourceType: 2, resourceName, configurationKeys: null })),
}
const offsetsOfAll = {
  replicaId: -1,
  topics: names.map((name) => ({ name, partitions: [{ partitionIndex: 0, timestamp: -1 }] })),
}

test('while one client is told of forty thousand settings or offsets, others are served', async (t) => {
  const { long, short } = await connectTwice(t)
  assert.ok((await answersDuring(short, long.request(describeConfigsApi, configsOfAll))) >= 5)
  assert.ok((await answersDuring(short, long.request(listOffsetsApi, offsetsOfAll))) >= 2)
})

test('offsets of very many topics are forgotten in time that grows with the request, not with its square', async (t) => {
  const { long } = await connectTwice(t)
  const topic = { name: 'there', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }
  await long.request(createTopicsApi, { topics: [topic], timeoutMs: 5_000 })
  const committed = { name: 'there', partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }] }
  const commit = { groupId: 'group', memberId: '', generationIdOrMemberEpoch: -1, topics: [committed] }
  const { topics: answered } = await long.request(offsetCommitApi, commit, { versions: { max: 9 } })
  assert.equal(answered[0]?.partitions[0]?.errorCode, 0)
  const forget = async (count: number): Promise<void> => {
    const topics = ['there', ...names.slice(0, count)].map((name) => ({ name, partitions: [{ partitionIndex: 0 }] }))
    const answer = await long.request(offsetDeleteApi, { groupId: 'group', topics })
    assert.deepEqual([answer.errorCode, answer.topics.length], [0, count + 1])
  }
  const times = await growth(forget, { size: names.length / 10, factor: 10 })
  assert.ok(times < 40, `ten times as many took ${times.toFixed(1)} times as long`)
})

test('a request for all settings of a broker again and again is not answered with gigabytes', async (t) => {
  const { long } = await connectTwice(t)
  const resource = { resourceType: 4, resourceName: '1', configurationKeys: null }
  const { results } = await long.request(describeConfigsApi, {
    resources: Array.from({ length: 2_000 }, () => resource),
  })
  const settings = results.reduce((sum, { configs }) => sum + configs.length, 0)
  assert.ok(settings >= 300_000 && settings < 301_000, `${settings} settings`)
  assert.equal(results[0]?.errorCode, 0)
  assert.equal(errorName(results.at(-1)?.errorCode ?? 0), 'POLICY_VIOLATION')
})
