import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Connection } from '@millrace/connection'
import { hostClock, movableClock, noMetrics, seededRandom, silentLogger } from '@millrace/kernel'
import { memoryStore } from '@millrace/metadata'
import type { MetadataStore } from '@millrace/metadata'
import {
  alterReplicaLogDirsApi,
  buildBatch,
  createTopicsApi,
  describeLogDirsApi,
  errorName,
  incrementalAlterConfigsApi,
  listOffsetsApi,
  metadataApi,
  produceApi,
} from '@millrace/protocol'
import { memoryFileSystem } from '@millrace/storage'
import { hostTime, rethrow } from '@millrace/testkit/host-time'
import { SeveralDisks } from '@millrace/testkit/storage'
import { loadSettings } from './config/load.ts'
import { BrokerLoggers } from './observe/broker-loggers.ts'
import { BrokerInstance } from './runtime/broker-instance.ts'

const directories = ['/meta', '/a', '/b']

/** A broker whose log directories lie on a disk each. */
class Cluster {
  readonly disks = new SeveralDisks(memoryFileSystem())
  readonly store: MetadataStore = memoryStore({ clock: hostClock(hostTime, rethrow), random: seededRandom(1) })
  readonly failures: string[] = []
  #instance: BrokerInstance | undefined
  #connection: Connection | undefined

  async start(): Promise<void> {
    const { settings } = loadSettings({
      overrides: [
        ['listeners', 'PLAINTEXT://127.0.0.1:0'],
        ['node.id', '1'],
        ['log.dirs', directories.join()],
      ],
    })
    this.#instance = await BrokerInstance.start({
      settings,
      clock: movableClock(hostTime, rethrow),
      hostClock: hostClock(hostTime, rethrow),
      random: seededRandom(2),
      store: this.store,
      fileSystem: this.disks,
      directories,
      bootId: 'one-boot',
      adoptable: null,
      endOfTurn: (work) => void setImmediate(work),
      loggers: new BrokerLoggers(silentLogger, 'DEBUG'),
      metrics: noMetrics,
      createsOffsetsTopic: false,
      onFailed: (reason) => void this.failures.push(reason),
    })
    const [{ host: address, port } = { host: '', port: 0 }] = this.#instance.listeners
    this.#connection = await Connection.connect({ host: address, port })
  }

  async stop(): Promise<void> {
    this.#connection?.close()
    await this.#instance?.close()
  }

  get connection(): Connection {
    assert.ok(this.#connection !== undefined)
    return this.#connection
  }

  get instance(): BrokerInstance {
    assert.ok(this.#instance !== undefined)
    return this.#instance
  }

  /** Topics of one partition each, by the directory that it lies in. */
  async topics(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const topics = names.map((name) => ({ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }))
    await this.connection.request(createTopicsApi, { topics })
    const { results } = await this.connection.request(describeLogDirsApi, { topics: null })
    return new Map(results.flatMap(({ logDir, topics: lying }) => lying.map(({ name }) => [logDir, name] as const)))
  }

  async create(name: string): Promise<string> {
    const topics = [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }]
    const { topics: results } = await this.connection.request(createTopicsApi, { topics, validateOnly: true })
    return errorName(results[0]?.errorCode ?? -1)
  }

  /** Sets cordoned.log.dirs at run time. */
  async cordon(value: string): Promise<string> {
    const configs = [{ name: 'cordoned.log.dirs', configOperation: 0, value }]
    const resources = [{ resourceType: 4, resourceName: '1', configs }]
    const { responses } = await this.connection.request(incrementalAlterConfigsApi, { resources, validateOnly: false })
    return errorName(responses[0]?.errorCode ?? -1)
  }

  async cordoned(): Promise<string> {
    const { results } = await this.connection.request(describeLogDirsApi, { topics: null })
    return results.flatMap(({ logDir, isCordoned }) => (isCordoned ? [logDir] : [])).join()
  }

  async lyingIn(path: string): Promise<readonly string[]> {
    const { results } = await this.connection.request(describeLogDirsApi, { topics: null })
    const topics = results.find(({ logDir }) => logDir === path)?.topics ?? []
    return topics.map(({ name }) => name).toSorted()
  }

  async produce(name: string): Promise<string> {
    const records = buildBatch({ records: [{ key: null, value: null, timestampMs: 1 }] })
    const topicData = [{ name, partitionData: [{ index: 0, records }] }]
    const request = { acks: -1, timeoutMs: 5_000, topicData }
    const response = await this.connection.request(produceApi, request, { versions: { max: 12 } })
    return errorName(response.responses[0]?.partitionResponses[0]?.errorCode ?? -1)
  }

  async end(name: string): Promise<number | undefined> {
    const topics = [{ name, partitions: [{ partitionIndex: 0, timestamp: -1 }] }]
    const response = await this.connection.request(listOffsetsApi, { replicaId: -1, topics })
    return response.topics[0]?.partitions[0]?.offset
  }

  async metadata(name: string): Promise<string> {
    const { topics } = await this.connection.request(metadataApi, { topics: [{ name }] })
    const partition = topics[0]?.partitions[0]
    const { leaderId, isrNodes, offlineReplicas } = partition ?? { leaderId: 0, isrNodes: [], offlineReplicas: [] }
    const error = errorName(partition?.errorCode ?? -1)
    return `${error} leader ${leaderId} isr ${isrNodes.join()} offline ${offlineReplicas.join()}`
  }

  /** By path: `online`, or the error. */
  async directories(): Promise<readonly string[]> {
    const { results } = await this.connection.request(describeLogDirsApi, { topics: null })
    return results.map(({ logDir, errorCode }) => `${logDir} ${errorName(errorCode)}`)
  }

  async until(what: string, look: () => Promise<unknown>, wanted: unknown): Promise<void> {
    const deadlineMs = performance.now() + 30_000
    for (;;) {
      const found = await look()
      if (found === wanted) return
      assert.ok(performance.now() < deadlineMs, `${what}: ${String(found)}, expected ${String(wanted)}`)
      await new Promise((resolve) => void setTimeout(resolve, 5))
    }
  }
}

async function clusterOf(t: TestContext): Promise<Cluster> {
  const cluster = new Cluster()
  await cluster.start()
  t.after(() => cluster.stop())
  return cluster
}

/** Has the broken disk noticed: what is written there is made durable. */
const flushAll = async ({ instance }: Cluster): Promise<void> => {
  await Promise.allSettled([...instance.services.logs.logs()].map((log) => log.flush()))
}

const healthy = 'NONE leader 1 isr 1 offline '
const lost = 'LEADER_NOT_AVAILABLE leader -1 isr 1 offline 1'

test('partitions of a log directory that fails have no leader, those of the others are served', async (t) => {
  const cluster = await clusterOf(t)
  const topics = await cluster.topics(['one', 'two', 'three'])
  const [broken = '', kept = ''] = [topics.get('/a'), topics.get('/b')]
  for (const name of [broken, kept]) assert.equal(await cluster.produce(name), 'NONE')
  cluster.disks.breakDisk('/a')
  await flushAll(cluster)
  await cluster.until('metadata', () => cluster.metadata(broken), lost)
  assert.equal(await cluster.metadata(kept), healthy)
  assert.deepEqual([await cluster.produce(broken), await cluster.produce(kept)], ['KAFKA_STORAGE_ERROR', 'NONE'])
  assert.deepEqual(await cluster.directories(), ['/meta NONE', '/a KAFKA_STORAGE_ERROR', '/b NONE'])
  const dirs = [{ path: '/b', topics: [{ name: broken, partitions: [0] }] }]
  const moved = await cluster.connection.request(alterReplicaLogDirsApi, { dirs })
  assert.equal(errorName(moved.results[0]?.partitions[0]?.errorCode ?? -1), 'KAFKA_STORAGE_ERROR')
  assert.deepEqual(cluster.failures, [])
  const registered = cluster.instance.services.images.current.brokers.get(cluster.instance.services.brokerId)
  assert.equal(registered?.directoryIds.length, 2)
})

test('a new topic goes to a directory that is left', async (t) => {
  const cluster = await clusterOf(t)
  await cluster.topics(['one', 'two', 'three'])
  cluster.disks.breakDisk('/a')
  await flushAll(cluster)
  const more = await cluster.topics(['four'])
  assert.ok([...more.values()].includes('four'))
  assert.equal(await cluster.produce('four'), 'NONE')
})

test('a directory that is missing at the start leaves its partitions without leader until it is back', async (t) => {
  const cluster = await clusterOf(t)
  const topics = await cluster.topics(['one', 'two', 'three'])
  const [missing = '', kept = ''] = [topics.get('/a'), topics.get('/b')]
  for (const name of [missing, kept]) assert.equal(await cluster.produce(name), 'NONE')
  await cluster.stop()
  cluster.disks.breakDisk('/a', 'EACCES')
  await cluster.start()
  await cluster.until('metadata', () => cluster.metadata(missing), lost)
  assert.deepEqual([await cluster.metadata(kept), await cluster.end(kept)], [healthy, 1])
  assert.equal(await cluster.produce(missing), 'KAFKA_STORAGE_ERROR')
  await cluster.stop()
  cluster.disks.mendDisk('/a')
  await cluster.start()
  await cluster.until('metadata', () => cluster.metadata(missing), healthy)
  assert.deepEqual([await cluster.end(missing), await cluster.end(kept)], [1, 1])
})

test('directories that an administrator cordons get no new partitions; with all of them no topic is created', async (t) => {
  const cluster = await clusterOf(t)
  const topics = await cluster.topics(['one', 'two', 'three'])
  assert.equal(await cluster.cordon('/b,/nowhere'), 'INVALID_REQUEST')
  assert.equal(await cluster.cordon('/a,*'), 'INVALID_REQUEST')
  assert.equal(await cluster.cordon('/b,/meta'), 'NONE')
  await cluster.until('cordoned', () => cluster.cordoned(), '/meta,/b')
  for (const name of ['four', 'five', 'six']) await cluster.topics([name])
  assert.deepEqual(await cluster.lyingIn('/a'), [topics.get('/a') ?? '', 'four', 'five', 'six'].toSorted())
  const dirs = [{ path: '/b', topics: [{ name: 'four', partitions: [0] }] }]
  const moved = await cluster.connection.request(alterReplicaLogDirsApi, { dirs })
  assert.equal(errorName(moved.results[0]?.partitions[0]?.errorCode ?? -1), 'INVALID_REPLICA_ASSIGNMENT')
  assert.equal(await cluster.cordon('*'), 'NONE')
  await cluster.until('creation', () => cluster.create('seven'), 'INVALID_REPLICATION_FACTOR')
  for (const name of ['one', 'two', 'three']) assert.equal(await cluster.produce(name), 'NONE')
  assert.equal(await cluster.cordon(''), 'NONE')
  await cluster.until('creation', () => cluster.create('eight'), 'NONE')
  assert.equal(await cluster.cordoned(), '')
})

test('with the directory of the metadata the broker goes, and with the last one', async (t) => {
  for (const [paths, reason] of [
    [['/meta'], /holds the metadata has failed: \/meta/],
    [['/a', '/b', '/meta'], /no log directory is left/],
  ] as const) {
    const cluster = await clusterOf(t)
    const topics = await cluster.topics(['one', 'two', 'three'])
    for (const path of paths) {
      assert.deepEqual(cluster.failures, [])
      await cluster.produce(topics.get(path) ?? '')
      cluster.disks.breakDisk(path)
      await flushAll(cluster)
      await new Promise((resolve) => void setImmediate(() => setImmediate(resolve)))
    }
    assert.match(cluster.failures.join(), reason)
  }
})
