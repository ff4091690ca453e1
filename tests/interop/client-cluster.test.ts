// Our clients and three brokers of Apache Kafka: replicas that are near, leaders that move, brokers that are killed, and a
// log that an unclean election cuts.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import {
  Admin,
  Consumer,
  LogTruncationError,
  type PlainConsumerOptions,
  Producer,
  type StartPosition,
} from '@millrace/client'
import type { Client, Member } from './clients/client.ts'
import { java } from './clients/java.ts'
import { millrace } from './clients/millrace.ts'
import { GroupReader, Load, until } from './cluster-load.ts'
import { apacheKafka } from './peers/apache-kafka.ts'
import { find } from './peers/peer.ts'
import { RequestCounts } from './request-counts.ts'
import { endPrograms } from './process.ts'
import { KafkaCluster, type NodeId, nodes } from './target/kafka-cluster.ts'

const { peer, skip } = await find(apacheKafka)
const partitions = 3
const numbers = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i)

suite('three brokers of Apache Kafka', { skip }, () => {
  let cluster: KafkaCluster
  let admin: Admin
  before(async () => {
    if (peer === undefined) return
    cluster = await KafkaCluster.start(peer)
    admin = new Admin({ bootstrapServers: cluster.bootstrap })
    const topics = [
      { name: 'orders', replicaAssignment: numbers(partitions).map(() => [2, 3, 1]) },
      { name: 'near', replicaAssignment: [[1, 2, 3]] },
      { name: 'spread', replicaAssignment: [[1], [2], [3], [1], [2], [3]] },
      { name: 'moved', replicaAssignment: [[1, 2, 3]] },
      { name: 'cut', replicaAssignment: [[2, 3]] },
    ]
    for (const [name, outcome] of await admin.createTopics(topics)) assert.ok(outcome.ok, name)
    for (const { name } of topics) await until(`a leader of ${name}`, async () => (await leaderOf(name)) > 0)
    await write('cut', numbers(20).map(String))
  })
  after(async () => {
    await admin.close()
    await cluster.stop()
    endPrograms()
  })

  test('a consumer reads from the replica in its rack, and from the leader where none is', async () => {
    const [count, sizeBytes] = [100, 10_000]
    await write(
      'near',
      numbers(count).map((i) => String(i).padEnd(sizeBytes)),
    )
    const places: readonly (readonly [string, NodeId])[] = [
      [cluster.rackOf(2), 2],
      [cluster.rackOf(3), 3],
      ['', 1],
    ]
    for (const [clientRack, from] of places) {
      await using consumer = readerOf('near', { clientRack })
      assert.deepEqual((await take(consumer, count)).map(Number), numbers(count))
      const { nodes: traffic } = consumer.metrics()
      const bytes = nodes.map((node) => traffic[cluster.addressOf(node)]?.incomingByteTotal ?? 0)
      const others = bytes.filter((_, i) => nodes[i] !== from)
      assert.ok((bytes[from - 1] ?? 0) > count * sizeBytes, `${clientRack}: ${bytes.join()} bytes`)
      assert.ok(Math.max(...others) < (count * sizeBytes) / 10, `${clientRack}: ${bytes.join()} bytes`)
    }
  })

  test('a producer and a consumer go on with a new leader that the old one names, without metadata', async () => {
    const clientId = 'moved'
    const place = { topic: 'moved', partition: 0 }
    using requests = new RequestCounts(clientId)
    await using producer = new Producer({ bootstrapServers: cluster.bootstrap, clientId, lingerMs: 0 })
    await using consumer = readerOf('moved', { clientId })
    await producer.send({ ...place, value: 'before' })
    assert.deepEqual(await take(consumer, 1), ['before'])
    // Nobody asks while it moves: of brokers that haven't all heard of it one may refuse without knowing better.
    consumer.pause([place])
    await until('the fetches to end', async () => requests.outstanding === 0)
    requests.clear()
    await lead(2, [['moved', 0]])
    for (const node of nodes) await until(`broker ${node} to know`, async () => (await leaderAt(node, 'moved')) === 2)
    const sent = await producer.send({ ...place, value: 'after' })
    consumer.resume([place])
    assert.deepEqual([sent.offset, await take(consumer, 1)], [1, ['after']])
    assert.deepEqual([requests.of('Metadata'), requests.of('Produce')], [0, 2])
    assert.equal(requests.of('OffsetForLeaderEpoch'), 1)
  })

  // Who joins first leads the group and shares out.
  for (const [strategy, first, second] of [
    ['range', java, millrace],
    ['cooperative-sticky', millrace, java],
  ] as const) {
    test(`Java's members and ours get the partitions that lie in their rack (${first.name} by ${strategy})`, async () => {
      const options = { group: `near-${strategy}`, topic: 'spread', cooperative: strategy !== 'range' }
      const join = (client: Client, node: NodeId): Promise<Member> =>
        client.join(cluster.bootstrap, { ...options, rack: cluster.rackOf(node) })
      const leader = await join(first, 3)
      await until('one to have all', async () => leader.assigned.length === 6)
      const members = [leader, await join(second, 1), await join(millrace, 2)]
      const shares = (): string => members.map(({ assigned }) => assigned.join()).join(' ')
      const near = 'spread-2,spread-5 spread-0,spread-3 spread-1,spread-4'
      await until('each to have its rack', async () => shares() === near)
      await Promise.all(members.map((member) => member.leave()))
    })
  }

  test('leaders move and a broker is killed: nothing is lost, twice or out of order, and readers go on', async () => {
    await using near = readerOf('near', { clientRack: cluster.rackOf(3) })
    await take(near, 100)
    await using load = new Load(cluster.bootstrap, 'orders', partitions)
    await using reader = new GroupReader(cluster.bootstrap, 'orders')
    await until('all partitions to be read', async () => reader.values.size === partitions)
    await lead(3, [
      ...numbers(partitions).map((partition) => ['orders', partition] as const),
      ['__consumer_offsets', 0],
    ])
    await load.more(300)
    const inFlight = load.outstanding.size
    await cluster.kill(3)
    await load.more(300)
    assert.ok((await leaderOf('orders')) !== 3 && inFlight > 0, `${inFlight} were in flight when the broker was killed`)
    const sent = await load.stop()
    for (const partition of numbers(partitions)) {
      const wanted = sent.filter((each) => each.partition === partition).map(({ offset, value }) => ({ offset, value }))
      assert.deepEqual(await contents('orders', partition), wanted)
    }
    await until('the group to have read all', async () => reader.distinct === sent.length)
    reader.assertNoSkips()
    // The replica that was near is gone.
    await write('near', ['more'])
    assert.deepEqual(await take(near, 1), ['more'])
  })

  // Broker 3 is down: it knows nothing of what comes now.
  test('a log that an unclean election cut is read on at the cut, or its reader is told', async () => {
    await until('broker 3 to be missed', async () => (await isrOf('cut')).join() === '2')
    await write('cut', numbers(30, 20).map(String))
    await using goesOn = readerOf('cut', { autoOffsetReset: 'earliest' })
    await using isTold = readerOf('cut', { autoOffsetReset: 'none' }, { offset: 0 })
    for (const reader of [goesOn, isTold]) assert.equal((await take(reader, 50)).length, 50)
    const [next, failure] = [take(goesOn, 5), take(isTold, 1).catch((error: unknown) => error)]
    await cluster.kill(2)
    await cluster.startNode(3)
    await until('an unclean election', async () => {
      await admin.electLeaders('unclean', [{ topic: 'cut', partition: 0 }])
      return (await leaderOf('cut')) === 3
    })
    const later = numbers(5).map((i) => `later ${i}`)
    await write('cut', later)
    assert.deepEqual(await next, later)
    const error = await failure
    assert.ok(error instanceof LogTruncationError, String(error))
    assert.deepEqual([error.offset, error.divergingOffset], [50, 20])
  })

  function readerOf(
    topic: string,
    options: Partial<PlainConsumerOptions>,
    start: StartPosition = 'earliest',
  ): Consumer {
    const assignment = [{ topic, partition: 0, start }]
    return new Consumer({ bootstrapServers: cluster.bootstrap, assignment, ...options })
  }

  // Stays in the loop, so that nothing comes again.
  async function take(consumer: Consumer, count: number): Promise<string[]> {
    const records = consumer[Symbol.asyncIterator]()
    const values: string[] = []
    while (values.length < count) values.push(String((await records.next()).value?.value))
    return values
  }

  async function write(topic: string, values: readonly string[]): Promise<void> {
    await using producer = new Producer({ bootstrapServers: cluster.bootstrap })
    await producer.send(values.map((value) => ({ topic, partition: 0, value })))
  }

  async function contents(topic: string, partition: number): Promise<{ offset: number; value: number }[]> {
    const assignment = [{ topic, partition, start: 'earliest' }] as const
    await using consumer = new Consumer({ bootstrapServers: cluster.bootstrap, assignment, stopAtEnd: true })
    const found: { offset: number; value: number }[] = []
    for await (const { offset, value } of consumer) found.push({ offset, value: Number(value) })
    return found
  }

  async function partitionOf(topic: string) {
    const described = (await admin.describeTopics([topic])).get(topic)
    return described?.ok === true ? described.value.partitions[0] : undefined
  }

  // What this broker itself knows.
  async function leaderAt(node: NodeId, topic: string): Promise<number> {
    await using one = new Admin({ bootstrapServers: cluster.addressOf(node) })
    const described = (await one.describeTopics([topic])).get(topic)
    return described?.ok === true ? (described.value.partitions[0]?.leader ?? -1) : -1
  }

  const leaderOf = async (topic: string): Promise<number> => (await partitionOf(topic))?.leader ?? -1
  const isrOf = async (topic: string): Promise<readonly number[]> => (await partitionOf(topic))?.isr ?? []

  async function lead(node: NodeId, places: readonly (readonly [string, number])[]): Promise<void> {
    const replicas = [node, ...nodes.filter((other) => other !== node)]
    const moved = places.map(([topic, partition]) => ({ topic, partition }))
    await admin.alterPartitionReassignments(moved.map((each) => ({ ...each, replicas })))
    await until(`broker ${node} to lead`, async () => {
      await admin.electLeaders('preferred', moved)
      const leaders = await Promise.all(moved.map(({ topic }) => leaderOf(topic)))
      return leaders.every((leader) => leader === node)
    })
  }
})
