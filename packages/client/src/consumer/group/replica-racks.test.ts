import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConsumerWorld, read } from '@millrace/testkit/consumer-world'
import { until } from '@millrace/testkit/until'
import { type ClusterImage, emptyImage } from '../../cluster/cluster-image.ts'
import type { Consumer } from '../consumer.ts'
import { haveMoved, partitionRacks, type ReplicaRacks, replicaRacks } from './replica-racks.ts'

type Racks = Readonly<Record<number, string | null>>

/** A topic of one partition; brokers by id with their racks, of which those that aren't named are away. */
function racksOf(replicas: readonly number[], racks: Racks): ReplicaRacks {
  const brokers = Object.entries(racks).map(([id, rack]) => ({ id: Number(id), host: 'h', port: 1, rack }))
  const partition = { partition: 0, leader: 1, leaderEpoch: 1, replicas, isr: replicas }
  const topic = { name: 'orders', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', internal: false, partitions: [partition] }
  const image: ClusterImage = {
    ...emptyImage,
    brokers: new Map(brokers.map((each) => [each.id, each])),
    topics: new Map([['orders', topic]]),
  }
  return replicaRacks(image, ['orders', 'missing'])
}

test('assignors hear of the racks of the brokers that are there and have one', () => {
  const racks = partitionRacks(racksOf([1, 2, 3, 4], { 1: 'a', 2: null, 4: 'a' }))
  assert.deepEqual(racks.get('orders'), [['a']])
  assert.deepEqual(racks.get('missing'), [])
})

test('a rack that comes or goes is a move; a broker that is away, or another one in the same rack, is none', () => {
  const before = racksOf([1, 2], { 1: 'a', 2: 'b' })
  const cases: readonly (readonly [boolean, ReplicaRacks])[] = [
    [false, racksOf([1, 2], { 1: 'a', 2: 'b', 3: 'c' })],
    [false, racksOf([1, 2], { 1: 'a' })],
    [false, racksOf([1, 3], { 1: 'a', 3: 'b' })],
    [true, racksOf([1, 2], { 1: 'a', 2: 'c' })],
    [true, racksOf([1, 2], { 1: 'a', 2: null })],
    [true, racksOf([1], { 1: 'a', 2: 'b' })],
    [true, racksOf([1, 2, 3], { 1: 'a', 2: 'b', 3: 'c' })],
  ]
  for (const [moved, now] of cases) {
    assert.deepEqual([haveMoved(before, now), haveMoved(now, before)], [moved, moved])
  }
})

const numbersOf = (consumer: Consumer): string =>
  consumer
    .assignment()
    .map(({ partition }) => partition)
    .toSorted((a, b) => a - b)
    .join()

for (const name of ['range', 'sticky', 'cooperative-sticky'] as const) {
  test(`members get the partitions that are in their rack, and share anew when those move (${name})`, async (t) => {
    const { broker, consumer } = await ConsumerWorld.start(t, 4)
    // Replicas of even partitions are in one rack, of odd ones in the other.
    const racks = ['a', 'b']
    broker.intercept('Metadata', async (_, next) => {
      const answer = await next()
      const away = { host: '127.0.0.1', port: 1 }
      const others = racks.map((rack, i) => ({ ...away, nodeId: 80 + i, rack }))
      const topics = answer.topics.map((topic) => ({
        ...topic,
        partitions: topic.partitions.map((each) => ({ ...each, replicaNodes: [80 + (each.partitionIndex % 2)] })),
      }))
      return { ...answer, topics, brokers: [...answer.brokers, ...others] }
    })
    const options = { groupId: 'g', partitionAssignmentStrategy: [name], metadataMaxAgeMs: 50 }
    const members = [consumer({ ...options, clientRack: 'b' }), consumer({ ...options, clientRack: 'a' })]
    const loops = members.map((member) => read(member))
    const shares = (): string => members.map(numbersOf).join(' ')
    await until('each to have its rack', () => shares() === '1,3 0,2')
    racks.reverse()
    await until('each to have its rack again', () => shares() === '0,2 1,3')
    await Promise.all(members.map((member) => member.close()))
    await Promise.all(loops)
  })
}
