// Requests that are well formed and ask for what can't be: the errors are those of Apache Kafka 4.3, with which this file
// runs by MILLRACE_INTEROP_TARGET=apache-kafka.
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { Connection } from '@millrace/connection'
import type { AnyApi, ErrorName } from '@millrace/protocol'
import {
  createPartitionsApi,
  createTopicsApi,
  deleteRecordsApi,
  deleteTopicsApi,
  errorName,
  fetchApi,
  findCoordinatorApi,
  heartbeatApi,
  incrementalAlterConfigsApi,
  initProducerIdApi,
  joinGroupApi,
  listOffsetsApi,
  metadataApi,
  offsetCommitApi,
  offsetForLeaderEpochApi,
  syncGroupApi,
} from '@millrace/protocol'
import { isApacheKafka, Target } from '../interop/target/target.ts'
import { portOf, unexpectedErrors } from './broker-under-test.ts'
import { Bystander, createTopic } from './bystander.ts'
import { RawClient } from './raw-client.ts'

const target = await Target.start()
const port = portOf(target)
const bystander = await Bystander.start(port)
after(() => bystander[Symbol.asyncDispose]())
const admin = await Connection.connect({ host: '127.0.0.1', port })
await createTopic(admin, 't')
// Makes the topic of the groups' offsets, which takes Apache Kafka a moment.
for (let code = -1; code !== 0;) {
  const { coordinators } = await admin.request(findCoordinatorApi, { keyType: 0, coordinatorKeys: ['g'] })
  code = coordinators[0]?.errorCode ?? -1
}
admin.close()

/** Every error code in a response. */
function errorsIn(response: unknown): ErrorName[] {
  if (Array.isArray(response)) return response.flatMap(errorsIn)
  if (typeof response !== 'object' || response === null || ArrayBuffer.isView(response)) return []
  return Object.entries(response).flatMap(([name, value]) =>
    name === 'errorCode' ? [errorName(Number(value))] : errorsIn(value),
  )
}

interface Case {
  readonly name: string
  readonly api: AnyApi
  readonly version: number
  readonly body: unknown
  readonly expected: readonly ErrorName[]
  /** Where Apache Kafka says something else and we don't follow. */
  readonly kafka?: readonly ErrorName[]
}

const topic = (wish: object) => ({
  timeoutMs: 5_000,
  topics: [{ name: 'new', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...wish }],
})
const assigned = (...assignments: readonly (readonly [number, readonly number[]])[]) =>
  topic({
    numPartitions: -1,
    replicationFactor: -1,
    assignments: assignments.map(([partitionIndex, brokerIds]) => ({ partitionIndex, brokerIds })),
  })
const join = (wish: object) => ({
  groupId: 'g',
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 1_000,
  memberId: '',
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: Buffer.alloc(4) }],
  ...wish,
})
const commit = (wish: object, partition: object = {}) => ({
  groupId: 'g',
  generationIdOrMemberEpoch: -1,
  memberId: '',
  ...wish,
  topics: [{ name: 't', partitions: [{ partitionIndex: 0, committedOffset: 5, committedMetadata: '', ...partition }] }],
})
const alter = (resourceType: number, name: string, value: string | null, configOperation = 0, resourceName = 't') => ({
  validateOnly: false,
  resources: [{ resourceType, resourceName, configs: [{ name, configOperation, value }] }],
})
const fetch = (wish: object, partition: object = {}) => ({
  maxWaitMs: 0,
  minBytes: 0,
  topics: [{ topic: 't', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1, ...partition }] }],
  ...wish,
})
const list = (...partitions: readonly (readonly [index: number, timestamp: number])[]) => ({
  replicaId: -1,
  topics: [{ name: 't', partitions: partitions.map(([partitionIndex, timestamp]) => ({ partitionIndex, timestamp })) }],
})
const cut = (...offsets: readonly number[]) => ({
  timeoutMs: 5_000,
  topics: [{ name: 't', partitions: offsets.map((offset, partitionIndex) => ({ partitionIndex, offset })) }],
})
const grow = (name: string, count: number) => ({
  timeoutMs: 5_000,
  validateOnly: false,
  topics: [{ name, count, assignments: null }],
})

const cases: readonly Case[] = [
  {
    name: 'a topic of two billion partitions',
    api: createTopicsApi,
    version: 5,
    body: topic({ numPartitions: 2 ** 31 - 1 }),
    expected: ['POLICY_VIOLATION'],
  },
  {
    name: 'a topic of no partitions',
    api: createTopicsApi,
    version: 5,
    body: topic({ numPartitions: 0 }),
    expected: ['INVALID_PARTITIONS'],
  },
  {
    name: 'a topic of minus five partitions',
    api: createTopicsApi,
    version: 5,
    body: topic({ numPartitions: -5 }),
    expected: ['INVALID_PARTITIONS'],
  },
  {
    name: 'more replicas than brokers',
    api: createTopicsApi,
    version: 5,
    body: topic({ replicationFactor: 32767 }),
    expected: ['INVALID_REPLICATION_FACTOR'],
  },
  {
    name: 'no replicas',
    api: createTopicsApi,
    version: 5,
    body: topic({ replicationFactor: 0 }),
    expected: ['INVALID_REPLICATION_FACTOR'],
  },
  {
    name: 'a broker twice in an assignment',
    api: createTopicsApi,
    version: 5,
    body: assigned([0, [1, 1]]),
    expected: ['INVALID_REPLICA_ASSIGNMENT'],
  },
  {
    name: 'an assignment of a negative partition',
    api: createTopicsApi,
    version: 5,
    body: assigned([-1, [1]]),
    expected: ['INVALID_REPLICA_ASSIGNMENT'],
  },
  {
    name: 'an assignment with a hole',
    api: createTopicsApi,
    version: 5,
    body: assigned([5, [1]]),
    expected: ['INVALID_REPLICA_ASSIGNMENT'],
  },
  {
    name: 'an assignment to nobody',
    api: createTopicsApi,
    version: 5,
    body: assigned([0, []]),
    expected: ['INVALID_REPLICA_ASSIGNMENT'],
  },
  {
    name: 'an assignment to a broker that is not there',
    api: createTopicsApi,
    version: 5,
    body: assigned([0, [77]]),
    expected: ['INVALID_REPLICA_ASSIGNMENT'],
  },
  {
    name: 'an unknown setting of a topic',
    api: createTopicsApi,
    version: 5,
    body: topic({ configs: [{ name: 'nope', value: '1' }] }),
    expected: ['INVALID_CONFIG'],
  },
  {
    name: 'a topic that is there',
    api: createTopicsApi,
    version: 5,
    body: topic({ name: 't' }),
    expected: ['TOPIC_ALREADY_EXISTS'],
  },
  {
    name: 'a name that collides with another',
    api: createTopicsApi,
    version: 5,
    body: topic({ name: '__consumer.offsets' }),
    expected: ['INVALID_TOPIC_EXCEPTION'],
  },
  {
    name: 'deleting a topic that is not there',
    api: deleteTopicsApi,
    version: 5,
    body: { topicNames: ['nowhere'], timeoutMs: 5_000 },
    expected: ['UNKNOWN_TOPIC_OR_PARTITION'],
  },
  {
    name: 'growing to two billion partitions',
    api: createPartitionsApi,
    version: 3,
    body: grow('t', 2 ** 31 - 1),
    expected: ['POLICY_VIOLATION'],
    kafka: ['UNKNOWN_SERVER_ERROR'],
  },
  {
    name: 'growing to minus one',
    api: createPartitionsApi,
    version: 3,
    body: grow('t', -1),
    expected: ['INVALID_PARTITIONS'],
  },
  {
    name: 'growing a topic that is not there',
    api: createPartitionsApi,
    version: 3,
    body: grow('nowhere', 3),
    expected: ['UNKNOWN_TOPIC_OR_PARTITION'],
  },
  {
    name: 'a topic by an id that nobody has',
    api: metadataApi,
    version: 12,
    body: { topics: [{ name: null, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' }] },
    expected: ['NONE', 'UNKNOWN_TOPIC_ID'],
  },
  {
    name: 'joining a group without a name',
    api: joinGroupApi,
    version: 5,
    body: join({ groupId: '' }),
    expected: ['INVALID_GROUP_ID'],
  },
  {
    name: 'a session of minus one',
    api: joinGroupApi,
    version: 5,
    body: join({ sessionTimeoutMs: -1 }),
    expected: ['INVALID_SESSION_TIMEOUT'],
  },
  {
    name: 'joining without a protocol',
    api: joinGroupApi,
    version: 3,
    body: join({ protocols: [] }),
    expected: ['INCONSISTENT_GROUP_PROTOCOL'],
  },
  {
    name: 'joining as a member that nobody knows',
    api: joinGroupApi,
    version: 5,
    body: join({ memberId: 'nobody' }),
    expected: ['UNKNOWN_MEMBER_ID'],
  },
  {
    name: 'syncing with a group that is not there',
    api: syncGroupApi,
    version: 3,
    body: { groupId: 'nowhere', generationId: 1, memberId: 'm', assignments: [] },
    expected: ['UNKNOWN_MEMBER_ID'],
  },
  {
    name: 'a heartbeat of a group that is not there',
    api: heartbeatApi,
    version: 3,
    body: { groupId: 'nowhere', generationId: 1, memberId: 'm' },
    expected: ['UNKNOWN_MEMBER_ID'],
  },
  {
    name: 'a commit of a member that nobody knows',
    api: offsetCommitApi,
    version: 8,
    body: commit({ generationIdOrMemberEpoch: 5 }),
    expected: ['UNKNOWN_MEMBER_ID'],
  },
  {
    name: 'a commit with five kilobytes of metadata',
    api: offsetCommitApi,
    version: 8,
    body: commit({}, { committedMetadata: 'x'.repeat(5_000) }),
    expected: ['OFFSET_METADATA_TOO_LARGE'],
  },
  {
    name: 'a commit for a partition that is not there',
    api: offsetCommitApi,
    version: 8,
    body: commit({}, { partitionIndex: 99 }),
    expected: ['UNKNOWN_TOPIC_OR_PARTITION'],
  },
  {
    name: 'a commit that is kept for ever',
    api: offsetCommitApi,
    version: 3,
    body: commit({ retentionTimeMs: Number.MAX_SAFE_INTEGER }),
    expected: ['NONE'],
  },
  {
    name: 'a commit of a negative offset',
    api: offsetCommitApi,
    version: 8,
    body: commit({}, { committedOffset: -5 }),
    expected: ['NONE'],
  },
  {
    name: 'a coordinator of an unknown kind',
    api: findCoordinatorApi,
    version: 4,
    body: { keyType: 9, coordinatorKeys: ['x'] },
    expected: ['NONE', 'INVALID_REQUEST'],
  },
  {
    name: 'an unknown setting',
    api: incrementalAlterConfigsApi,
    version: 1,
    body: alter(2, 'nope', '1'),
    expected: ['INVALID_CONFIG'],
  },
  {
    name: 'a setting that is no number',
    api: incrementalAlterConfigsApi,
    version: 1,
    body: alter(2, 'retention.ms', 'abc'),
    expected: ['INVALID_CONFIG'],
  },
  {
    name: 'a setting without a value',
    api: incrementalAlterConfigsApi,
    version: 1,
    body: alter(2, 'retention.ms', null),
    expected: ['INVALID_REQUEST'],
  },
  {
    name: 'an unknown operation on a setting',
    api: incrementalAlterConfigsApi,
    version: 1,
    body: alter(2, 'retention.ms', '1', 9),
    expected: ['INVALID_REQUEST'],
    kafka: ['UNKNOWN_SERVER_ERROR'],
  },
  {
    name: 'appending to a setting that is no list',
    api: incrementalAlterConfigsApi,
    version: 1,
    body: alter(2, 'retention.ms', '1', 2),
    expected: ['INVALID_CONFIG'],
  },
  {
    name: 'settings of an unknown kind of thing',
    api: incrementalAlterConfigsApi,
    version: 1,
    body: alter(77, 'retention.ms', '1'),
    expected: ['INVALID_REQUEST'],
  },
  {
    name: 'settings of a topic that is not there',
    api: incrementalAlterConfigsApi,
    version: 1,
    body: alter(2, 'retention.ms', '1', 0, 'nowhere'),
    expected: ['UNKNOWN_TOPIC_OR_PARTITION'],
  },
  {
    name: 'a fetch from a negative offset',
    api: fetchApi,
    version: 12,
    body: fetch({}, { fetchOffset: -5 }),
    expected: ['NONE', 'OFFSET_OUT_OF_RANGE'],
  },
  {
    name: 'a fetch from beyond the end',
    api: fetchApi,
    version: 12,
    body: fetch({}, { fetchOffset: 2 ** 52 }),
    expected: ['NONE', 'OFFSET_OUT_OF_RANGE'],
  },
  {
    name: 'a fetch of a partition that is not there',
    api: fetchApi,
    version: 12,
    body: fetch({}, { partition: -1 }),
    expected: ['NONE', 'UNKNOWN_TOPIC_OR_PARTITION'],
  },
  {
    name: 'a fetch in an epoch that is to come',
    api: fetchApi,
    version: 12,
    body: fetch({}, { currentLeaderEpoch: 99 }),
    expected: ['NONE', 'UNKNOWN_LEADER_EPOCH'],
  },
  {
    name: 'CVE-2018-1288: a fetch of a client that says it is a replica',
    api: fetchApi,
    version: 12,
    body: fetch({ replicaId: 5 }),
    expected: ['NONE', 'NOT_LEADER_OR_FOLLOWER'],
  },
  {
    name: 'a fetch in a session that is not there',
    api: fetchApi,
    version: 12,
    body: fetch({ sessionId: 99, sessionEpoch: 7 }),
    expected: ['FETCH_SESSION_ID_NOT_FOUND'],
  },
  {
    name: 'an offset of an unknown kind',
    api: listOffsetsApi,
    version: 7,
    body: list([0, -9]),
    expected: ['UNSUPPORTED_VERSION'],
  },
  {
    name: 'offsets of the same partition twice',
    api: listOffsetsApi,
    version: 7,
    body: list([0, -1], [0, -1]),
    expected: ['INVALID_REQUEST'],
  },
  {
    name: 'cutting a log beyond its end',
    api: deleteRecordsApi,
    version: 2,
    body: cut(99),
    expected: ['OFFSET_OUT_OF_RANGE'],
  },
  {
    name: 'cutting a log at minus seven',
    api: deleteRecordsApi,
    version: 2,
    body: cut(-7),
    expected: ['OFFSET_OUT_OF_RANGE'],
  },
  {
    name: 'cutting a partition that is not there',
    api: deleteRecordsApi,
    version: 2,
    body: cut(0, 0),
    expected: ['NONE', 'UNKNOWN_TOPIC_OR_PARTITION'],
  },
  {
    name: 'the end of an epoch that is to come',
    api: offsetForLeaderEpochApi,
    version: 4,
    body: {
      replicaId: -1,
      topics: [{ topic: 't', partitions: [{ partition: 0, currentLeaderEpoch: 99, leaderEpoch: 0 }] }],
    },
    expected: ['UNKNOWN_LEADER_EPOCH'],
  },
  {
    name: 'a producer id for an empty transactional id',
    api: initProducerIdApi,
    version: 4,
    body: { transactionalId: '', transactionTimeoutMs: 1_000, producerId: -1, producerEpoch: -1 },
    expected: ['INVALID_REQUEST'],
  },
]

suite('asking for what can not be', () => {
  for (const { name, api, version, body, expected, kafka = expected } of cases) {
    test(`${name} is answered with ${String(expected)}`, { timeout: 60_000 }, async () => {
      using client = await RawClient.connect(port)
      const response = await client.request(api, version, body as never)
      const errors = response === null ? ['closed'] : errorsIn(response)
      assert.deepEqual(errors.toSorted(), (isApacheKafka ? kafka : expected).toSorted())
      await bystander.assertServed()
    })
  }
})

test('nothing of all this was an error of the broker', { skip: isApacheKafka }, () => {
  assert.deepEqual(unexpectedErrors(target), [])
})
