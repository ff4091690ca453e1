import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Consumer, Producer, valueOf, valuesOf } from '@millrace/client'
import { consumerGroupHeartbeatApi, shareGroupHeartbeatApi, streamsGroupHeartbeatApi } from '@millrace/protocol'
import { connect, errorOf, until, type World } from './world.ts'

const memberId = 'AAECAwQFBgcICQoLDA0ODw'

export function groupTests(world: World): void {
  suite('groups', () => {
    test('groups of every type are listed, described with their members, and deleted', async () => {
      const { admin, kafka } = world
      await admin.createTopics([{ name: 'jobs', partitions: 2 }])
      const connection = await connect(kafka.bootstrap.PLAINTEXT)
      const about = { memberId, memberEpoch: 0, subscribedTopicNames: ['jobs'] }
      const join = async (): Promise<number[]> => {
        const answers = await Promise.all([
          connection.request(consumerGroupHeartbeatApi, { ...about, groupId: 'consumers', ...joining }),
          connection.request(shareGroupHeartbeatApi, { ...about, groupId: 'workers' }),
          connection.request(streamsGroupHeartbeatApi, streamsHeartbeat(0)),
        ])
        return answers.map(({ errorCode }) => errorCode)
      }
      // The first to ask for a coordinator has the topic of groups made; heartbeats are taken once it is there.
      valuesOf(await admin.commitOffsets('simple', [{ topic: 'jobs', partition: 0, offset: 0 }]))
      await until(async () => {
        const errors = await join()
        return errors.every((error) => error === 0)
      })

      const ids = ['consumers', 'workers', 'flows', 'simple', 'nobody']
      const described = await until(async () => {
        const found = await admin.describeGroups(ids, { includeAuthorizedOperations: true })
        const assigned = ['consumers', 'workers', 'flows'].every((id) => {
          const group = found.get(id)
          return group?.ok === true && group.value.members[0]?.assignment.length === 2
        })
        if (!assigned) await join()
        return assigned && found
      })
      assert.deepEqual(
        [...described].map(([id, outcome]) => [id, outcome.ok ? outcome.value.type : outcome.error.error]),
        [
          ['consumers', 'consumer'],
          ['workers', 'share'],
          ['flows', 'streams'],
          ['simple', 'classic'],
          ['nobody', 'GROUP_ID_NOT_FOUND'],
        ],
      )
      const flows = valueOf(described.get('flows')!)
      assert.ok(flows.type === 'streams' && flows.authorizedOperations?.includes('read') === true)
      assert.deepEqual(
        flows.subtopologies?.map(({ sourceTopics }) => sourceTopics),
        [['jobs']],
      )
      assert.deepEqual(flows.members[0]?.tasks.active, [{ subtopologyId: 's', partitions: [0, 1] }])
      assert.deepEqual(
        flows.subtopologies?.flatMap(({ changelogTopics }) => changelogTopics),
        [{ name: 'flows-s-changelog', partitions: 2, replicationFactor: 1, configs: { 'cleanup.policy': 'compact' } }],
      )
      const { userEndpoint, clientTags, classic } = flows.members[0]
      assert.deepEqual(
        [userEndpoint, clientTags, classic],
        [{ host: 'flows.example', port: 7070 }, { zone: 'a' }, false],
      )
      const consumers = valueOf(described.get('consumers')!)
      assert.ok(consumers.type === 'consumer' && consumers.coordinator === 1)
      assert.deepEqual([consumers.members[0]?.subscribedTopics, consumers.members[0]?.classic], [['jobs'], false])
      assert.equal(consumers.members[0]?.subscribedTopicRegex, null)

      const types = ['share', 'streams'] as const
      assert.deepEqual(
        (await admin.listGroups({ types })).map(({ groupId, type }) => [groupId, type]),
        [
          ['flows', 'streams'],
          ['workers', 'share'],
        ],
      )
      assert.ok((await admin.listGroups({ states: ['Empty'] })).some(({ groupId }) => groupId === 'simple'))
      assert.equal(errorOf((await admin.deleteGroups(['workers'])).get('workers')), 'NON_EMPTY_GROUP')
      await connection.request(consumerGroupHeartbeatApi, { ...about, groupId: 'consumers', memberEpoch: -1 })
      await connection.request(shareGroupHeartbeatApi, { ...about, groupId: 'workers', memberEpoch: -1 })
      await connection.request(streamsGroupHeartbeatApi, streamsHeartbeat(-1))
      connection.close()
      const deleted = await admin.deleteGroups(['consumers', 'flows', 'simple', 'nobody'])
      assert.deepEqual([...deleted.values()].map(errorOf), [undefined, undefined, undefined, 'GROUP_ID_NOT_FOUND'])
    })

    test('a share group is moved, shows where it is, and forgets topics', async () => {
      const { admin, kafka } = world
      await using producer = new Producer({ bootstrapServers: kafka.bootstrap.PLAINTEXT })
      await producer.send([1, 2, 3].map((value) => ({ topic: 'jobs', partition: 0, value: `${value}` })))
      const altered = await admin.alterShareOffsets('workers', [
        { topic: 'jobs', partition: 0, offset: 1 },
        { topic: 'gone', partition: 0, offset: 1 },
      ])
      assert.deepEqual([...altered.values()].map(errorOf), [undefined, 'UNKNOWN_TOPIC_OR_PARTITION'])
      const [at] = await admin.fetchShareOffsets('workers', [{ topic: 'jobs', partition: 0 }])
      assert.deepEqual([at?.offset, at?.lag], [1, 2])
      const both = valuesOf(await admin.fetchShareOffsets([{ groupId: 'workers' }, { groupId: 'nobody' }]))
      assert.deepEqual([both.get('workers')?.length, both.get('nobody')?.length], [2, 0])
      const forgotten = await admin.deleteShareOffsets('workers', ['jobs', 'gone'])
      assert.deepEqual([...forgotten.values()].map(errorOf), [undefined, 'UNKNOWN_TOPIC_OR_PARTITION'])
      valuesOf(await admin.deleteGroups(['workers']))
    })

    test('members are taken out, offsets of many groups are read, set and deleted', async () => {
      const { admin, kafka } = world
      await admin.createTopics([{ name: 'lines', partitions: 2 }])
      const reader = new Consumer({ bootstrapServers: kafka.bootstrap.PLAINTEXT, groupId: 'readers', topics: 'lines' })
      const reading = reader[Symbol.asyncIterator]().next()
      const member = await until(async () => {
        const group = (await admin.describeGroups(['readers'])).get('readers')
        return group?.ok === true && group.value.state === 'Stable' && group.value.members[0]
      })
      const removed = await admin.removeMembers('readers', [{ memberId: member.memberId }, { memberId: 'stranger' }])
      assert.deepEqual([...removed.values()].map(errorOf), [undefined, 'UNKNOWN_MEMBER_ID'])
      await reader.close()
      await reading
      valuesOf(await admin.removeMembers('readers'))
      for (const group of ['readers', 'others']) {
        const offsets = [0, 1].map((partition) => ({
          topic: 'lines',
          partition,
          offset: 3 + partition,
          metadata: group,
        }))
        valuesOf(
          await until(async () => {
            const outcomes = await admin.commitOffsets(group, offsets)
            return [...outcomes.values()].every(({ ok }) => ok) && outcomes
          }),
        )
      }
      const groups = [{ groupId: 'readers' }, { groupId: 'others', partitions: [{ topic: 'lines', partition: 1 }] }]
      const fetched = valuesOf(await admin.fetchOffsets([...groups, { groupId: 'nobody' }], { requireStable: true }))
      assert.deepEqual(
        [...fetched].map(([id, found]) => [id, ...found.map(({ offset, metadata }) => `${offset} ${metadata}`)]),
        [['readers', '3 readers', '4 readers'], ['others', '4 others'], ['nobody']],
      )
      valuesOf(await admin.deleteOffsets('readers', [{ topic: 'lines', partition: 0 }]))
      assert.equal((await admin.fetchOffsets('readers')).length, 1)
      await assert.rejects(admin.deleteOffsets('nobody', [{ topic: 'lines', partition: 0 }]), {
        error: 'GROUP_ID_NOT_FOUND',
      })
    })
  })
}

const joining = { rebalanceTimeoutMs: 5_000, topicPartitions: [] }

const streamsHeartbeat = (memberEpoch: number) => ({
  groupId: 'flows',
  memberId,
  memberEpoch,
  endpointInformationEpoch: 0,
  ...(memberEpoch === 0
    ? {
        rebalanceTimeoutMs: 5_000,
        processId: 'p',
        topology,
        activeTasks: [],
        standbyTasks: [],
        warmupTasks: [],
        clientTags: [{ key: 'zone', value: 'a' }],
        userEndpoint: { host: 'flows.example', port: 7070 },
      }
    : {}),
})

const changelog = {
  name: 'flows-s-changelog',
  partitions: 0,
  replicationFactor: 1,
  topicConfigs: [{ key: 'cleanup.policy', value: 'compact' }],
}

const topology = {
  epoch: 0,
  subtopologies: [
    {
      subtopologyId: 's',
      sourceTopics: ['jobs'],
      sourceTopicRegex: [],
      stateChangelogTopics: [changelog],
      repartitionSinkTopics: [],
      repartitionSourceTopics: [],
      copartitionGroups: [],
    },
  ],
}
