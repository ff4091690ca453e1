import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { valuesOf } from '@millrace/client'
import { brokerHeartbeatApi, brokerRegistrationApi } from '@millrace/protocol'
import { connect, errorOf, until, type World } from './world.ts'

export function clusterTests(world: World): void {
  suite('cluster', () => {
    test('the cluster, its quorum and its features are described', async () => {
      const { admin } = world
      const cluster = await admin.describeCluster({ includeAuthorizedOperations: true })
      assert.ok(cluster.authorizedOperations?.includes('alter') === true && cluster.nodes.length === 1)
      const quorum = await admin.describeQuorum()
      assert.deepEqual([quorum.leader, quorum.voters.length, [...quorum.nodes.keys()]], [1, 1, [1]])
      const { directoryId } = quorum.voters[0]!
      assert.ok(directoryId !== null)
      await assert.rejects(admin.addRaftVoter({ id: 1, directoryId }, []), { error: /INVALID_REQUEST|DUPLICATE_VOTER/ })
      await assert.rejects(admin.removeRaftVoter({ id: 5, directoryId }), { error: 'VOTER_NOT_FOUND' })
      const clusterId = 'u8YtHN3bQ0CtvIUXsFKZ7g'
      await assert.rejects(admin.removeRaftVoter({ id: 1, directoryId }, { clusterId }), {
        error: 'INCONSISTENT_CLUSTER_ID',
      })
      const features = await admin.describeFeatures({ broker: 1 })
      const version = features.finalized.get('metadata.version')?.max ?? 0
      assert.ok((features.supported.get('metadata.version')?.max ?? 0) >= version && version > 0)
      assert.ok(features.finalizedEpoch !== null)
      assert.match(await admin.clientInstanceId(), /^[\w-]{22}$/)
      assert.equal(await admin.clientInstanceId(), await admin.clientInstanceId())
    })

    test('features are finalized, all or none, and checked without being', async () => {
      const { admin } = world
      const feature = 'eligible.leader.replicas.version'
      const level = async () => (await admin.describeFeatures()).finalized.get(feature)?.max ?? 0
      const before = await level()
      const off = { feature, level: 0, direction: 'safe-downgrade' } as const
      valuesOf(await admin.updateFeatures([off], { validateOnly: true }))
      assert.equal(await level(), before)
      valuesOf(await admin.updateFeatures([off]))
      await until(async () => (await level()) === 0)
      const wrong = await admin.updateFeatures([
        { feature, level: 1 },
        { feature: 'none.such', level: 1 },
      ])
      assert.deepEqual([...wrong.values()].map(errorOf), ['INVALID_UPDATE_VERSION', 'INVALID_UPDATE_VERSION'])
    })

    test('replicas are found in log directories and moved between them', async () => {
      const { admin } = world
      await admin.createTopics([{ name: 'moved', partitions: 1 }])
      const replica = { topic: 'moved', partition: 0, broker: 1 }
      const where = async () => valuesOf(await admin.describeReplicaLogDirs([replica])).get('moved-0-1')
      const here = (await where())?.current?.path
      const directories = await admin.describeLogDirs([1, 9])
      assert.equal(errorOf(directories.get(9)), 'BROKER_NOT_AVAILABLE')
      const mine = directories.get(1)
      assert.ok(mine?.ok === true && mine.value.length === 2 && mine.value.every(({ totalBytes }) => totalBytes > 0))
      const path = mine.value.find((each) => each.path !== here)?.path ?? ''
      const moves = await admin.alterReplicaLogDirs([
        { ...replica, path },
        { ...replica, partition: 1, path: '/none' },
      ])
      assert.deepEqual(
        [...moves].map(([key, outcome]) => [key, errorOf(outcome)]),
        [
          ['moved-0-1', undefined],
          ['moved-1-1', 'LOG_DIR_NOT_FOUND'],
        ],
      )
      await until(async () => (await where())?.current?.path === path)
    })

    // The second broker is only registered: enough for what the controller decides.
    test('partitions are moved to another broker and back, leaders elected, and the broker forgotten', async () => {
      const { admin, kafka } = world
      const controller = await connect(kafka.controller)
      const { supported } = await admin.describeFeatures()
      const { brokerEpoch } = await controller.request(brokerRegistrationApi, {
        brokerId: 2,
        clusterId: (await admin.describeCluster()).clusterId,
        incarnationId: 'AAECAwQFBgcICQoLDA0ODw',
        listeners: [{ name: 'PLAINTEXT', host: '127.0.0.1', port: 1, securityProtocol: 0 }],
        features: [...supported].map(([name, { min, max }]) => ({
          name,
          minSupportedVersion: min,
          maxSupportedVersion: max,
        })),
        rack: null,
        logDirs: ['BBECAwQFBgcICQoLDA0ODw'],
      })
      const beat = (wantFence: boolean) =>
        controller.request(brokerHeartbeatApi, {
          brokerId: 2,
          brokerEpoch,
          currentMetadataOffset: brokerEpoch,
          wantFence,
          wantShutDown: false,
        })
      await until(async () => !(await beat(false)).isFenced)
      await until(async () => (await admin.describeCluster()).nodes.length === 2)
      valuesOf(
        await admin.createTopics([
          { name: 'led', replicaAssignment: [[2, 1]] },
          { name: 'moving', replicaAssignment: [[1], [1]] },
        ]),
      )
      const leader = async () => valuesOf(await admin.describeTopics(['led'])).get('led')?.partitions[0]?.leader
      await until(async () => (await leader()) === 2)
      const reassigned = await admin.alterPartitionReassignments([
        { topic: 'led', partition: 0, replicas: [1, 2] },
        { topic: 'moving', partition: 0, replicas: [1, 2] },
        { topic: 'moving', partition: 1, replicas: [1, 9] },
      ])
      assert.deepEqual([...reassigned.values()].map(errorOf), [undefined, undefined, 'INVALID_REPLICA_ASSIGNMENT'])
      const elected = await admin.electLeaders('preferred', [
        { topic: 'led', partition: 0 },
        { topic: 'moving', partition: 0 },
        { topic: 'gone', partition: 0 },
      ])
      assert.deepEqual(
        [...elected].map(([key, outcome]) => `${key} ${errorOf(outcome)}`).toSorted((a, b) => (a < b ? -1 : 1)),
        ['gone-0 UNKNOWN_TOPIC_OR_PARTITION', 'led-0 undefined', 'moving-0 ELECTION_NOT_NEEDED'],
      )
      await until(async () => (await leader()) === 1)
      assert.equal(
        errorOf((await admin.electLeaders('unclean', [{ topic: 'led', partition: 0 }])).get('led-0')),
        'ELECTION_NOT_NEEDED',
      )

      await beat(true)
      await until(async () => (await admin.describeCluster()).nodes.length === 1)
      const fenced = await admin.describeCluster({ includeFencedBrokers: true })
      assert.deepEqual(
        fenced.nodes.map((node) => node.fenced),
        [false, true],
      )
      assert.deepEqual(await admin.listPartitionReassignments(), [
        { topic: 'moving', partition: 0, replicas: [1, 2], adding: [2], removing: [] },
      ])
      const options = { allowReplicationFactorChange: false }
      const grown = await admin.alterPartitionReassignments(
        [{ topic: 'moving', partition: 1, replicas: [1, 2] }],
        options,
      )
      assert.equal(errorOf(grown.get('moving-1')), 'INVALID_REPLICATION_FACTOR')
      const cancelled = await admin.alterPartitionReassignments([
        { topic: 'moving', partition: 0, replicas: null },
        { topic: 'moving', partition: 1, replicas: null },
      ])
      assert.deepEqual([...cancelled.values()].map(errorOf), [undefined, 'NO_REASSIGNMENT_IN_PROGRESS'])
      assert.deepEqual(await admin.listPartitionReassignments([{ topic: 'moving', partition: 0 }]), [])

      controller.close()
      valuesOf(await admin.deleteTopics(['led', 'moving']))
      await admin.unregisterBroker(2)
      await until(async () => (await admin.describeCluster({ includeFencedBrokers: true })).nodes.length === 1)
      await assert.rejects(admin.unregisterBroker(2), { error: 'BROKER_ID_NOT_REGISTERED' })
    })
  })
}
