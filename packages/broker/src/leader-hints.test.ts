// KIP-951: who doesn't lead a partition says who does, and where. Two brokers with one metadata store.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Connection } from '@millrace/connection'
import { hostClock, movableClock, noMetrics, seededRandom, silentLogger } from '@millrace/kernel'
import { memoryStore } from '@millrace/metadata'
import type { FetchResponse, ProduceResponse } from '@millrace/protocol'
import { buildBatch, createTopicsApi, errorName, fetchApi, metadataApi, produceApi } from '@millrace/protocol'
import { memoryFileSystem } from '@millrace/storage'
import { hostTime, rethrow } from '@millrace/testkit/host-time'
import { until } from '@millrace/testkit/until'
import { loadSettings } from './config/load.ts'
import { BrokerLoggers } from './observe/broker-loggers.ts'
import { BrokerInstance } from './runtime/broker-instance.ts'

interface Said {
  readonly errorCode: number
  readonly currentLeader: { readonly leaderId: number; readonly leaderEpoch: number }
}

class TwoBrokers {
  readonly store = memoryStore({ clock: hostClock(hostTime, rethrow), random: seededRandom(1) })
  readonly instances: BrokerInstance[] = []
  readonly connections: Connection[] = []
  topicId = ''

  /** A topic of two partitions that both brokers have: 0 is led by broker 1, 1 by broker 2. */
  static async start(t: TestContext): Promise<TwoBrokers> {
    const brokers = new TwoBrokers()
    t.after(() => brokers.#stop())
    for (const id of [1, 2]) await brokers.#start(id)
    const assignments = [
      [1, 2],
      [2, 1],
    ].map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds }))
    const topics = [{ name: 'orders', numPartitions: -1, replicationFactor: -1, assignments, configs: [] }]
    const [first] = brokers.connections
    assert.ok(first !== undefined)
    const created = await first.request(createTopicsApi, { topics, timeoutMs: 30_000 })
    const { errorCode: failure = -1, topicId = '', errorMessage } = created.topics[0] ?? {}
    assert.equal(errorName(failure), 'NONE', errorMessage ?? '')
    brokers.topicId = topicId
    const knows = (each: BrokerInstance): boolean =>
      each.services.images.current.topicsByName.get('orders')?.partitions.length === 2
    await until('both know the topic', () => brokers.instances.every(knows))
    return brokers
  }

  async #start(id: number): Promise<void> {
    const directories = [`/broker-${id}`]
    const { settings } = loadSettings({
      overrides: [
        ['listeners', 'PLAINTEXT://127.0.0.1:0'],
        ['node.id', String(id)],
        ['broker.rack', `rack-${id}`],
        ['log.dirs', directories.join()],
      ],
    })
    const instance = await BrokerInstance.start({
      settings,
      clock: movableClock(hostTime, rethrow),
      hostClock: hostClock(hostTime, rethrow),
      random: seededRandom(1 + id),
      store: this.store,
      fileSystem: memoryFileSystem(),
      directories,
      bootId: 'one-boot',
      adoptable: null,
      endOfTurn: (work) => void setImmediate(work),
      loggers: new BrokerLoggers(silentLogger, 'DEBUG'),
      metrics: noMetrics,
      createsOffsetsTopic: false,
      onFailed: rethrow,
    })
    this.instances.push(instance)
    const [at] = instance.listeners
    assert.ok(at !== undefined)
    this.connections.push(await Connection.connect({ host: at.host, port: at.port }))
  }

  async #stop(): Promise<void> {
    for (const connection of this.connections) connection.close()
    for (const instance of this.instances) await instance.close()
    await this.store.close()
  }

  at(id: number): Connection {
    return this.connections[id - 1]!
  }

  portOf(id: number): number {
    return this.instances[id - 1]?.listeners[0]?.port ?? 0
  }

  /** As an election would: the broker leads partition 0 from the next epoch on. */
  async lead(broker: number): Promise<void> {
    const { entries } = await this.store.read(`/partitions/${this.topicId}/0`)
    const [entry] = entries
    assert.ok(entry !== undefined)
    const value = JSON.parse(entry.value) as { leaderEpoch: number; partitionEpoch: number }
    const { leaderEpoch, partitionEpoch } = value
    const next = { ...value, leader: broker, leaderEpoch: leaderEpoch + 1, partitionEpoch: partitionEpoch + 1 }
    const ops = [{ kind: 'put', key: entry.key, value: JSON.stringify(next) } as const]
    assert.equal((await this.store.commit({ conditions: [], ops })).kind, 'committed')
  }

  produce(to: number, partition: number, version: number): Promise<ProduceResponse> {
    const records = buildBatch({ records: [{ key: null, value: Buffer.from('v'), timestampMs: 1 }] })
    const topic = version >= 13 ? { topicId: this.topicId } : { name: 'orders' }
    const topicData = [{ ...topic, partitionData: [{ index: partition, records }] }]
    return this.at(to).request(
      produceApi,
      { acks: -1, timeoutMs: 60_000, topicData },
      { versions: { min: version, max: version } },
    )
  }

  fetch(from: number, partition: number, version: number, currentLeaderEpoch = -1): Promise<FetchResponse> {
    const asked = { partition, currentLeaderEpoch, fetchOffset: 0, partitionMaxBytes: 1_000_000 }
    const topics = [{ topicId: this.topicId, partitions: [asked] }]
    return this.at(from).request(
      fetchApi,
      { maxWaitMs: 60_000, minBytes: 1, topics, forgottenTopicsData: [] },
      { versions: { min: version, max: version }, timeoutMs: 90_000 },
    )
  }
}

const ofProduce = ({ responses }: ProduceResponse): Said => responses[0]!.partitionResponses[0]!
const ofFetch = ({ responses }: FetchResponse): Said => responses[0]!.partitions[0]!
const toldBy = ({ errorCode, currentLeader }: Said, { nodeEndpoints }: Pick<FetchResponse, 'nodeEndpoints'>) => ({
  error: errorName(errorCode),
  currentLeader: { ...currentLeader },
  nodeEndpoints: nodeEndpoints.map((each) => ({ ...each })),
})

/** What a client learns of broker 2 leading in an epoch. */
const second = (brokers: TwoBrokers, leaderEpoch: number, error = 'NOT_LEADER_OR_FOLLOWER') => ({
  error,
  currentLeader: { leaderId: 2, leaderEpoch },
  nodeEndpoints: [{ nodeId: 2, host: '127.0.0.1', port: brokers.portOf(2), rack: 'rack-2' }],
})

const nothing = { currentLeader: { leaderId: -1, leaderEpoch: -1 }, nodeEndpoints: [] }

test('a broker that is asked for what another leads names it, to clients that are new enough', async (t) => {
  const brokers = await TwoBrokers.start(t)
  const produced = await brokers.produce(1, 1, 13)
  assert.deepEqual(toldBy(ofProduce(produced), produced), second(brokers, 0))
  const older = await brokers.produce(1, 1, 9)
  assert.deepEqual(toldBy(ofProduce(older), older), { error: 'NOT_LEADER_OR_FOLLOWER', ...nothing })
  const fetched = await brokers.fetch(1, 1, 18)
  assert.deepEqual(toldBy(ofFetch(fetched), fetched), second(brokers, 0))
  const old = await brokers.fetch(1, 1, 15)
  assert.deepEqual(toldBy(ofFetch(old), old), { error: 'NOT_LEADER_OR_FOLLOWER', ...nothing })
})

test('requests that wait when the leader changes are told of the new one', async (t) => {
  const brokers = await TwoBrokers.start(t)
  // What a consumer may read ends where the follower is, and that never comes here: both wait.
  const fetching = brokers.fetch(1, 0, 18)
  const other = await Connection.connect({ host: '127.0.0.1', port: brokers.portOf(1) })
  t.after(() => other.close())
  brokers.connections[0] = other
  const producing = brokers.produce(1, 0, 13)
  const { partitions } = brokers.instances[0]!.services
  await until('both to wait', () => partitions.waiting().produces === 1 && partitions.waiting().fetches === 1)
  await brokers.lead(2)
  const fetched = await fetching
  assert.deepEqual(toldBy(ofFetch(fetched), fetched), second(brokers, 1))
  const produced = await producing
  assert.deepEqual(toldBy(ofProduce(produced), produced), second(brokers, 1))
})

test('a client of an older epoch is told the newer one', async (t) => {
  const brokers = await TwoBrokers.start(t)
  await brokers.lead(2)
  const epochAt2 = async (): Promise<number> => {
    const { topics } = await brokers.at(2).request(metadataApi, { topics: [{ name: 'orders' }] })
    return topics[0]?.partitions.find(({ partitionIndex }) => partitionIndex === 0)?.leaderEpoch ?? -1
  }
  await until('broker 2 to lead', async () => (await epochAt2()) === 1)
  const fenced = await brokers.fetch(2, 0, 18, 0)
  assert.deepEqual(toldBy(ofFetch(fenced), fenced), second(brokers, 1, 'FENCED_LEADER_EPOCH'))
  const early = await brokers.fetch(2, 0, 18, 7)
  assert.deepEqual(toldBy(ofFetch(early), early), { error: 'UNKNOWN_LEADER_EPOCH', ...nothing })
})
