import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type OffsetSpec, valuesOf } from '@millrace/client'
import { tool } from '../peers/java-tools.ts'
import { errorOf, until, type World } from './world.ts'

const unknownId = 'u8YtHN3bQ0CtvIUXsFKZ7g'

export function topicTests(world: World): void {
  suite('topics and settings', () => {
    test('topics are made, described in pages and by id, grown, and deleted by name and by id', async () => {
      const { admin } = world
      const created = await admin.createTopics([
        { name: 'paged', partitions: 5, configs: { 'retention.ms': '60000' } },
        { name: 'assigned', replicaAssignment: [[1], [1]] },
        { name: 'not legal' },
        { name: 'nowhere', replicaAssignment: [[9]] },
      ])
      assert.equal(errorOf(created.get('not legal')), 'INVALID_TOPIC_EXCEPTION')
      assert.equal(errorOf(created.get('nowhere')), 'INVALID_REPLICA_ASSIGNMENT')
      const made = created.get('paged')
      assert.ok(made?.ok === true && made.value.replicationFactor === 1)
      assert.equal(made.value.configs?.find(({ name }) => name === 'retention.ms')?.value, '60000')
      const options = { partitionsPerAnswer: 2, includeAuthorizedOperations: true }
      const described = await admin.describeTopics(['paged', 'not there', '', 'assigned'], options)
      assert.deepEqual([...described.keys()], ['paged', 'not there', '', 'assigned'])
      assert.equal(errorOf(described.get('not there')), 'INVALID_TOPIC_EXCEPTION')
      assert.equal(errorOf(described.get('')), 'INVALID_TOPIC_EXCEPTION')
      const paged = described.get('paged')
      const assigned = described.get('assigned')
      assert.ok(paged?.ok === true && assigned?.ok === true)
      assert.deepEqual(
        paged.value.partitions.map(({ partition, leader, isr }) => [partition, leader, ...isr]),
        [0, 1, 2, 3, 4].map((partition) => [partition, 1, 1]),
      )
      assert.ok(paged.value.authorizedOperations?.includes('alter-configs'))
      const { topicId } = assigned.value
      const byId = await admin.describeTopics([{ topicId }, { topicId: unknownId }])
      const one = byId.get(topicId)
      assert.ok(one?.ok === true && one.value.name === 'assigned' && one.value.partitions.length === 2)
      assert.equal(errorOf(byId.get(unknownId)), 'UNKNOWN_TOPIC_ID')
      const grown = await admin.createPartitions([
        { topic: 'paged', total: 6, replicaAssignment: [[1]] },
        { topic: 'assigned', total: 1 },
      ])
      assert.deepEqual([...grown.values()].map(errorOf), [undefined, 'INVALID_PARTITIONS'])
      await until(async () => valuesOf(await admin.describeTopics(['paged'])).get('paged')?.partitions.length === 6)
      const deleted = await admin.deleteTopics([{ topicId }, 'paged', 'gone', { topicId: unknownId }])
      assert.deepEqual(
        [...deleted].map(([key, outcome]) => [key, errorOf(outcome)]),
        [
          [topicId, undefined],
          ['paged', undefined],
          ['gone', 'UNKNOWN_TOPIC_OR_PARTITION'],
          [unknownId, 'UNKNOWN_TOPIC_ID'],
        ],
      )
    })

    test('offsets are asked for in every way that there is', async () => {
      const { admin } = world
      await admin.createTopics([{ name: 'measured', partitions: 1 }])
      const empty: readonly (readonly [OffsetSpec, number])[] = [
        ['earliest', 0],
        ['latest', 0],
        ['max-timestamp', -1],
        ['earliest-local', 0],
        ['latest-tiered', -1],
        ['earliest-pending-upload', -1],
        [0, -1],
      ]
      for (const [at, offset] of empty) {
        const listed = valuesOf(await admin.listOffsets([{ topic: 'measured', partition: 0, at }]))
        assert.equal(listed.get('measured-0')?.offset, offset, String(at))
      }
    })

    test('settings are changed one by one and as a whole, and Kafka’s own tool sees the same', async () => {
      const { admin, kafka } = world
      await admin.createTopics([{ name: 'set' }])
      const topic = { type: 'topic', name: 'set' } as const
      const shown = async (name: string) =>
        (await admin.describeConfigs(topic, { names: [name], includeSynonyms: true, includeDocumentation: true }))[0]
      const altered = await admin.alterConfigs([
        { resource: topic, name: 'cleanup.policy', operation: 'append', value: 'compact' },
        { resource: topic, name: 'retention.ms', operation: 'set', value: '5000' },
        { resource: { type: 'topic', name: 'gone' }, name: 'retention.ms', operation: 'delete' },
        { resource: { type: 'broker', name: '1' }, name: 'log.cleaner.threads', operation: 'set', value: '2' },
        { resource: { type: 'broker', name: '' }, name: 'message.max.bytes', operation: 'set', value: '2000000' },
        {
          resource: { type: 'group', name: 'g' },
          name: 'consumer.session.timeout.ms',
          operation: 'set',
          value: '50000',
        },
        { resource: { type: 'client-metrics', name: 's' }, name: 'interval.ms', operation: 'set', value: '5000' },
      ])
      assert.deepEqual(
        [...altered].map(([key, outcome]) => [key, errorOf(outcome)]),
        [
          ['topic:set', undefined],
          ['topic:gone', 'UNKNOWN_TOPIC_OR_PARTITION'],
          ['broker:1', undefined],
          ['broker:', undefined],
          ['group:g', undefined],
          ['client-metrics:s', undefined],
        ],
      )
      const policy = await until(async () => {
        const entry = await shown('cleanup.policy')
        return entry?.value === 'delete,compact' && entry
      })
      assert.deepEqual([policy.type, policy.source, policy.synonyms[0]?.value], ['list', 'topic', 'delete,compact'])
      assert.match(policy.documentation ?? '', /compact/)
      const args = ['--bootstrap-server', kafka.bootstrap.PLAINTEXT, '--describe', '--entity-type', 'topics']
      const theirs = await tool('kafka.admin.ConfigCommand', [...args, '--entity-name', 'set'])
      assert.match(theirs, /cleanup\.policy=delete,compact/)
      valuesOf(await admin.replaceConfigs([{ resource: topic, configs: { 'retention.bytes': '5' } }]))
      await until(async () => (await shown('retention.bytes'))?.value === '5')
      assert.equal((await shown('cleanup.policy'))?.source, 'default')
      const resources = await admin.listConfigResources(['group', 'client-metrics'])
      assert.deepEqual(resources.map(({ type, name }) => `${type} ${name}`).toSorted(), ['client-metrics s', 'group g'])
      const several = await admin.describeConfigs([
        topic,
        { type: 'broker', name: '1' },
        { type: 'topic', name: 'gone' },
      ])
      assert.deepEqual([...several.values()].map(errorOf), [undefined, undefined, 'UNKNOWN_TOPIC_OR_PARTITION'])
    })

    test('levels of loggers are changed where they are', async () => {
      const { admin } = world
      const resource = { type: 'broker-logger', name: '1' } as const
      const [first] = await admin.describeConfigs(resource)
      assert.ok(first !== undefined)
      valuesOf(await admin.alterConfigs([{ resource, name: first.name, operation: 'set', value: 'WARN' }]))
      const after = await admin.describeConfigs(resource, { names: [first.name] })
      assert.deepEqual([after[0]?.value, after[0]?.source], ['WARN', 'dynamic-broker-logger'])
    })
  })
}
