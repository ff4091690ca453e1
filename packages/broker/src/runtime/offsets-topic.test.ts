import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { Connection } from '@millrace/connection'
import { encodeSubscription } from '@millrace/machines'
import {
  createTopicsApi,
  describeLogDirsApi,
  errorName,
  joinGroupApi,
  leaveGroupApi,
  listGroupsApi,
  offsetCommitApi,
  offsetFetchApi,
  syncGroupApi,
} from '@millrace/protocol'
import type { Broker, StartBrokerOptions } from '../broker.ts'
import { startBroker } from '../broker.ts'

const settings = { 'offsets.topic.num.partitions': 2, 'offsets.topic.segment.bytes': 1_048_576 }
const versions = { max: 9 }

function folder(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-offsets-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

const start = (storage: NonNullable<StartBrokerOptions['storage']> = 'memory'): Promise<Broker> =>
  startBroker({ storage, settings })

async function connect(broker: Broker, t: TestContext): Promise<Connection> {
  const connection = await Connection.connect({ host: broker.host, port: broker.port })
  t.after(() => connection.close())
  return connection
}

/** A connection to a broker that has the topic `orders` now. */
async function connectWithOrders(broker: Broker, t: TestContext): Promise<Connection> {
  const connection = await connect(broker, t)
  const orders = { name: 'orders', numPartitions: 60, replicationFactor: 1, assignments: [], configs: [] }
  await connection.request(createTopicsApi, { topics: [orders] })
  return connection
}

interface Committer {
  readonly generationIdOrMemberEpoch: number
  readonly memberId: string
}

const noMember: Committer = { generationIdOrMemberEpoch: -1, memberId: '' }

/** Commits `offset` for the partitions 0 to `count`, each with 4,000 bytes of metadata. */
async function commit(connection: Connection, groupId: string, offset: number, count = 1, as = noMember) {
  const partitions = Array.from({ length: count }, (_, partitionIndex) => ({
    partitionIndex,
    committedOffset: offset,
    committedMetadata: 'm'.repeat(4_000),
  }))
  const body = { groupId, ...as, topics: [{ name: 'orders', partitions }] }
  const { topics } = await connection.request(offsetCommitApi, body, { versions })
  assert.ok(topics[0]?.partitions.every(({ errorCode }) => errorCode === 0))
}

async function committed(connection: Connection, groupId: string): Promise<number[]> {
  const body = { groups: [{ groupId, topics: null }], requireStable: true }
  const { groups } = await connection.request(offsetFetchApi, body, { versions })
  // As clients do: after a start the coordinator first reads its log.
  if (errorName(groups[0]?.errorCode ?? 0) === 'COORDINATOR_LOAD_IN_PROGRESS') return committed(connection, groupId)
  assert.equal(groups[0]?.errorCode, 0)
  return groups[0].topics.flatMap(({ partitions }) => partitions.map((one) => one.committedOffset))
}

async function bytesOfOffsets(connection: Connection): Promise<number> {
  const { results } = await connection.request(describeLogDirsApi, { topics: null })
  const topics = results.flatMap((result) => result.topics).filter(({ name }) => name === '__consumer_offsets')
  return topics.flatMap(({ partitions }) => partitions).reduce((sum, { partitionSize }) => sum + partitionSize, 0)
}

/** Joins alone and gets its assignment. */
async function joinAlone(connection: Connection, groupId: string): Promise<Committer> {
  const metadata = encodeSubscription({
    topics: ['orders'],
    userData: null,
    ownedPartitions: [],
    generationId: null,
    rackId: null,
  })
  const ask = (memberId: string) =>
    connection.request(joinGroupApi, {
      groupId,
      memberId,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata }],
    })
  const { memberId, generationId } = await ask((await ask('')).memberId)
  const assignments = [{ memberId, assignment: new Uint8Array(0) }]
  const as = { generationId, memberId, protocolType: 'consumer', protocolName: 'range' }
  assert.equal((await connection.request(syncGroupApi, { groupId, ...as, assignments })).errorCode, 0)
  return { generationIdOrMemberEpoch: generationId, memberId }
}

test('commits that were overwritten go when __consumer_offsets is compacted, and a restart finds the last ones', async (t) => {
  const directory = folder(t)
  {
    await using broker = await start({ directory })
    const connection = await connectWithOrders(broker, t)
    for (let offset = 1; offset <= 12; offset += 1) await commit(connection, 'g', offset, 60)
    const before = await bytesOfOffsets(connection)
    await broker.clock.advance('10m', { keepSessions: true })
    const after = await bytesOfOffsets(connection)
    assert.ok(before > 2_500_000 && after < before / 2, `${before} bytes before, ${after} after`)
    assert.deepEqual(
      await committed(connection, 'g'),
      Array.from({ length: 60 }, () => 12),
    )
  }
  await using broker = await start({ directory })
  const connection = await connect(broker, t)
  assert.deepEqual(
    await committed(connection, 'g'),
    Array.from({ length: 60 }, () => 12),
  )
})

test('offsets of a group without members expire after offsets.retention.minutes, those of one with members stay', async (t) => {
  await using broker = await start()
  const connection = await connectWithOrders(broker, t)
  await commit(connection, 'simple', 5)
  const member = await joinAlone(connection, 'live')
  await commit(connection, 'live', 6, 1, member)
  await broker.clock.advance('6d', { keepSessions: true })
  assert.deepEqual([await committed(connection, 'simple'), await committed(connection, 'live')], [[5], [6]])
  await broker.clock.advance('2d', { keepSessions: true })
  assert.deepEqual([await committed(connection, 'simple'), await committed(connection, 'live')], [[], [6]])
  const members = [{ memberId: member.memberId, groupInstanceId: null }]
  await connection.request(leaveGroupApi, { groupId: 'live', members }, { versions: { min: 3 } })
  await broker.clock.advance('6d', { keepSessions: true })
  assert.deepEqual(await committed(connection, 'live'), [6], 'from the moment when it became empty')
  await broker.clock.advance('2d', { keepSessions: true })
  assert.deepEqual(await committed(connection, 'live'), [])
  assert.deepEqual((await connection.request(listGroupsApi, {})).groups, [])
})

test('__consumer_offsets alone, copied to an empty broker, restores every group', async (t) => {
  const [from, to] = [folder(t), folder(t)]
  {
    await using broker = await start({ directory: from })
    const connection = await connectWithOrders(broker, t)
    for (const groupId of ['a', 'b', 'c']) await commit(connection, groupId, groupId.charCodeAt(0))
    await commit(connection, 'live', 6, 1, await joinAlone(connection, 'live'))
  }
  for (const name of readdirSync(from).filter((one) => one.startsWith('__consumer_offsets-'))) {
    cpSync(join(from, name), join(to, name), { recursive: true })
  }
  await using broker = await start({ directory: to })
  const connection = await connect(broker, t)
  for (const groupId of ['a', 'b', 'c']) {
    assert.deepEqual(await committed(connection, groupId), [groupId.charCodeAt(0)])
  }
  assert.deepEqual(await committed(connection, 'live'), [6])
  const { groups } = await connection.request(listGroupsApi, {})
  const states = groups.map(({ groupId, groupState }) => `${groupId} ${groupState}`).toSorted()
  assert.deepEqual(states, ['a Empty', 'b Empty', 'c Empty', 'live Stable'])
})
