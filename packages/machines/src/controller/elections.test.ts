import { asBrokerId, asLeaderEpoch } from '@millrace/kernel'
import { MetadataDouble } from '@millrace/testkit'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  allocateProducerIds,
  authorOfBroker,
  changeIsr,
  claimController,
  nameCluster,
  registerBroker,
  removeLastLife,
  resignController,
  updateBroker,
} from './broker-writes.ts'
import { createTopics } from './create-topics.ts'
import type { PartitionImage } from './image.ts'
import { offlineReplicas, partitionOf } from './image.ts'
import { isrMembers } from './partition-writes.ts'
import type { IsrMember } from './values.ts'

/** A cluster of these brokers with one partition on all of them, led by the first. */
function clusterOf(...ids: number[]): MetadataDouble {
  const cluster = new MetadataDouble()
  for (const id of ids) cluster.register(id)
  const topic = {
    name: 'orders',
    numPartitions: -1,
    replicationFactor: -1,
    assignments: [{ partitionIndex: 0, brokerIds: ids }],
    configs: [],
  }
  cluster.commit(createTopics(cluster.view(), { topics: [topic], validateOnly: false }))
  return cluster
}

function partition(cluster: MetadataDouble): PartitionImage {
  const found = partitionOf(cluster.image, 'orders', 0)
  assert.ok(found !== undefined)
  return found
}

/** Leader, leader epoch and ISR, in one line. */
function state(cluster: MetadataDouble): string {
  const { leader, leaderEpoch, isr } = partition(cluster)
  return `${leader}@${leaderEpoch} isr ${isr.join()}`
}

function setIsr(cluster: MetadataDouble, ...ids: number[]): void {
  const { leader, leaderEpoch } = partition(cluster)
  const isr = ids.map((id): IsrMember => {
    const broker = cluster.image.brokers.get(asBrokerId(id))
    assert.ok(broker !== undefined)
    return { brokerId: broker.id, brokerEpoch: broker.epoch }
  })
  const broker = cluster.image.brokers.get(leader)
  assert.ok(broker !== undefined)
  const change = changeIsr(partition(cluster), authorOfBroker(broker), leader, leaderEpoch, isr)
  assert.ok(change !== null)
  assert.equal(cluster.put(change).kind, 'committed')
}

test('when the leader is gone the first of its replicas in the ISR leads, in a new epoch', () => {
  const cluster = clusterOf(1, 2, 3)
  setIsr(cluster, 1, 3)
  cluster.unregister(1)
  cluster.settle()
  assert.equal(state(cluster), '3@1 isr 3')
})

test('a follower that is gone leaves the ISR, and the leader goes on in its epoch', () => {
  const cluster = clusterOf(1, 2, 3)
  cluster.unregister(2)
  cluster.settle()
  assert.equal(state(cluster), '1@0 isr 1,3')
  assert.equal(partition(cluster).partitionEpoch, 1)
})

test('deciding again about what was decided changes nothing', () => {
  const cluster = clusterOf(1, 2, 3)
  cluster.unregister(1)
  assert.equal(cluster.settle(), 1)
  assert.equal(cluster.settle(), 0)
  assert.equal(cluster.settle(cluster.image), 0)
})

test('the last of the ISR stays in it when it is gone, and leads again when it is back with all it had', () => {
  const cluster = clusterOf(1, 2)
  const epoch = cluster.image.brokers.get(asBrokerId(1))?.epoch ?? null
  setIsr(cluster, 1)
  cluster.unregister(1)
  cluster.settle()
  assert.equal(state(cluster), '-1@1 isr 1')
  assert.deepEqual(cluster.notices, [{ kind: 'leaderless', topic: 'orders', partition: 0, leader: -1 }])
  const back = cluster.register(1, { intactSince: epoch })
  cluster.settle()
  assert.equal(state(cluster), '1@2 isr 1')
  assert.deepEqual(partition(cluster).isrEpochs, [back])
  assert.equal(cluster.notices.length, 1)
})

test('a broker that comes back with less than it had waits for another member of the ISR', () => {
  const cluster = clusterOf(1, 2)
  const epoch = cluster.image.brokers.get(asBrokerId(2))?.epoch ?? null
  cluster.unregister(1)
  cluster.unregister(2)
  cluster.settle()
  assert.equal(state(cluster), '-1@1 isr 1,2')
  cluster.register(1, { intactSince: null })
  cluster.settle()
  assert.equal(state(cluster), '-1@1 isr 1,2')
  cluster.register(2, { intactSince: epoch })
  cluster.settle()
  assert.equal(state(cluster), '2@2 isr 2')
})

test('when the whole ISR comes back and none is sure of what it has, one leads and the log says so', () => {
  const cluster = clusterOf(1, 2)
  cluster.unregister(1)
  cluster.unregister(2)
  cluster.settle()
  cluster.register(2)
  cluster.settle()
  assert.equal(state(cluster), '-1@1 isr 1,2')
  cluster.register(1)
  cluster.settle()
  assert.equal(state(cluster), '1@2 isr 1')
  assert.equal(cluster.notices.at(-1)?.kind, 'suspect')
})

test('a leader that restarted leads in a new epoch, and old lives of others leave the ISR', () => {
  const cluster = clusterOf(1, 2)
  const epoch = cluster.image.brokers.get(asBrokerId(1))?.epoch ?? null
  setIsr(cluster, 1)
  cluster.register(1, { intactSince: epoch })
  cluster.settle()
  assert.equal(state(cluster), '1@1 isr 1')
  cluster.register(2)
  cluster.settle()
  assert.equal(state(cluster), '1@1 isr 1')
})

test('a restart of the leader gives the lead to a member of the ISR that lived on', () => {
  const cluster = clusterOf(1, 2)
  const epoch = cluster.image.brokers.get(asBrokerId(1))?.epoch ?? null
  cluster.register(1, { intactSince: epoch })
  cluster.settle()
  assert.equal(state(cluster), '2@1 isr 2')
})

test('a leader that has lost its log directory hands over, and leaves the ISR', () => {
  const cluster = clusterOf(1, 2)
  const { topicId } = partition(cluster)
  cluster.update(1, { offlinePartitions: { [topicId]: [3, 0] } })
  cluster.settle()
  assert.equal(state(cluster), '2@1 isr 2')
  assert.deepEqual(offlineReplicas(cluster.image, partition(cluster)), [1])
})

test('where nobody else has it the partition has no leader, until its broker comes back with the directory', () => {
  const cluster = clusterOf(1)
  const { topicId } = partition(cluster)
  cluster.update(1, { offlinePartitions: { [topicId]: [0] } })
  cluster.settle()
  assert.equal(state(cluster), '-1@1 isr 1')
  cluster.register(1, { offlinePartitions: { [topicId]: [0] } })
  cluster.settle()
  assert.equal(state(cluster), '-1@1 isr 1')
  cluster.register(1)
  cluster.settle()
  assert.equal(state(cluster), '1@2 isr 1')
})

test('other partitions of a broker that has lost a log directory stay', () => {
  const cluster = clusterOf(1)
  cluster.update(1, { offlinePartitions: { [partition(cluster).topicId]: [1], other: [0] } })
  cluster.settle()
  assert.equal(state(cluster), '1@0 isr 1')
  assert.deepEqual(offlineReplicas(cluster.image, partition(cluster)), [])
})

test('a leader that is leaving hands over, or stays where nobody can take over', () => {
  const cluster = clusterOf(1, 2)
  cluster.update(1, { state: 'leaving' })
  cluster.settle()
  assert.equal(state(cluster), '2@1 isr 2')
  cluster.update(2, { state: 'leaving' })
  cluster.settle()
  assert.equal(state(cluster), '2@1 isr 2')
})

test('only where the topic says so does a replica from outside the ISR lead', () => {
  const cluster = clusterOf(1, 2)
  setIsr(cluster, 1)
  cluster.unregister(1)
  cluster.settle()
  assert.equal(state(cluster), '-1@1 isr 1')
  const value = JSON.stringify({ version: 1, configs: { 'unclean.leader.election.enable': 'true' } })
  const before = cluster.image
  cluster.put({ conditions: [], ops: [{ kind: 'put', key: '/configs/topic/orders', value }] })
  cluster.settle(before)
  assert.equal(state(cluster), '2@2 isr 2')
  assert.equal(cluster.notices.at(-1)?.kind, 'unclean')
})

test('an election decided before the ISR changed is a conflict', () => {
  const cluster = clusterOf(1, 2)
  const before = partition(cluster)
  cluster.unregister(2)
  cluster.settle()
  const broker = cluster.image.brokers.get(asBrokerId(1))
  assert.ok(broker !== undefined)
  const late = changeIsr(before, authorOfBroker(broker), broker.id, before.leaderEpoch, isrMembers(before))
  assert.ok(late !== null)
  assert.equal(cluster.put(late).kind, 'conflict')
})

test('a leader that was replaced, or whose registration is another, changes no ISR', () => {
  const cluster = clusterOf(1, 2)
  const stale = cluster.image.brokers.get(asBrokerId(1))
  assert.ok(stale !== undefined)
  const old = partition(cluster)
  const members = isrMembers(old)
  assert.equal(changeIsr(old, authorOfBroker(stale), asBrokerId(2), old.leaderEpoch, members), null)
  assert.equal(changeIsr(old, authorOfBroker(stale), asBrokerId(1), asLeaderEpoch(7), members), null)
  const late = changeIsr(old, authorOfBroker(stale), asBrokerId(1), old.leaderEpoch, members)
  cluster.register(1)
  assert.ok(late !== null)
  assert.equal(cluster.put(late).kind, 'conflict')
})

test('blocks of producer ids never overlap, and a broker that was replaced gets none', () => {
  const cluster = clusterOf(1)
  const broker = cluster.image.brokers.get(asBrokerId(1))
  assert.ok(broker !== undefined)
  const author = authorOfBroker(broker)
  const [a, b] = [allocateProducerIds(cluster.image, author), allocateProducerIds(cluster.image, author)]
  assert.deepEqual(a.block, { first: 0, count: 1_000 })
  assert.equal(cluster.put(a.transaction).kind, 'committed')
  assert.equal(cluster.put(b.transaction).kind, 'conflict')
  const c = allocateProducerIds(cluster.image, author)
  assert.deepEqual(c.block, { first: 1_000, count: 1_000 })
  cluster.register(1)
  assert.equal(cluster.put(c.transaction).kind, 'conflict')
})

test('of two brokers with one id, the second to register meets a conflict until the first is removed', () => {
  const cluster = clusterOf(1)
  const id = asBrokerId(1)
  const broker = cluster.image.brokers.get(id)
  assert.ok(broker !== undefined)
  cluster.space.openSession('second', 1_000)
  const second = registerBroker(id, broker, 'second')
  assert.equal(cluster.put(second).kind, 'conflict')
  cluster.becomeController(id)
  const removal = removeLastLife(cluster.image, id)
  assert.ok(removal !== null)
  assert.equal(cluster.put(removal).kind, 'committed')
  assert.equal(cluster.image.controllerId, -1)
  assert.equal(cluster.put(second).kind, 'committed')
  assert.equal(cluster.put(updateBroker(broker, broker, 'second')).kind, 'conflict')
  assert.equal(removeLastLife(cluster.image, asBrokerId(9)), null)
})

test('the controller is one registered broker at a time', () => {
  const cluster = clusterOf(1, 2)
  cluster.space.openSession('s', 1_000)
  const [first, second] = [1, 2].map((id) => cluster.image.brokers.get(asBrokerId(id)))
  assert.ok(first !== undefined && second !== undefined)
  assert.equal(cluster.put(claimController(first, 's')).kind, 'conflict')
  const resignation = resignController(cluster.image)
  assert.equal(cluster.put(resignation).kind, 'committed')
  cluster.unregister(1)
  assert.equal(cluster.put(claimController(first, 's')).kind, 'conflict')
  assert.equal(cluster.put(claimController(second, 's')).kind, 'committed')
  assert.equal(cluster.image.controllerId, 2)
  assert.equal(cluster.put(resignation).kind, 'conflict')
})

test('a cluster is named once', () => {
  const cluster = new MetadataDouble()
  assert.equal(cluster.put(nameCluster('first')).kind, 'committed')
  assert.equal(cluster.put(nameCluster('second')).kind, 'conflict')
  assert.equal(cluster.image.clusterId, 'first')
})
