import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import type { Connection } from '@millrace/connection'
import {
  errorName,
  findCoordinatorApi,
  joinGroupApi,
  offsetCommitApi,
  offsetFetchApi,
  syncGroupApi,
} from '@millrace/protocol'
import { checkInOrder, fetchFrom } from './reader.ts'
import type { Writer } from './writer.ts'

const groupId = 'storm'
const groupInstanceId = 'storm-member'
const patienceMs = 20_000
// What a coordinator answers that was just started.
const passing = new Set(['COORDINATOR_NOT_AVAILABLE', 'COORDINATOR_LOAD_IN_PROGRESS', 'NOT_COORDINATOR'])

interface Membership {
  readonly memberId: string
  readonly generationId: number
}

/** The one member of a consumer group: reads its topic, and commits what it has read. */
export class GroupMember {
  readonly #writer: Writer
  /** The last offset whose commit was acknowledged. */
  committed = 0
  commits = 0

  constructor(writer: Writer) {
    this.#writer = writer
  }

  /** Joins, begins where it committed last, and goes on until the connection breaks. */
  async consume(connection: Connection): Promise<void> {
    try {
      const membership = await this.#join(connection)
      let at = await this.#fetchCommitted(connection)
      assert.ok(at >= this.committed, `the group stands at ${at}, a commit of ${this.committed} was acknowledged`)
      for (;;) {
        const found = await fetchFrom(connection, this.#writer.topic, at, 256 * 1024)
        checkInOrder(this.#writer, at, found)
        at += found.length
        if (found.length > 0) await this.#commit(connection, membership, at)
      }
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error
    }
  }

  async #join(connection: Connection): Promise<Membership> {
    const coordinator = { key: groupId, keyType: 0, coordinatorKeys: [] }
    await settled('FindCoordinator', () =>
      connection.request(findCoordinatorApi, coordinator, { versions: { max: 3 } }),
    )
    const protocols = [{ name: 'range', metadata: Buffer.alloc(0) }]
    const timeouts = { sessionTimeoutMs: 30_000, rebalanceTimeoutMs: 30_000 }
    const body = { groupId, ...timeouts, memberId: '', groupInstanceId, protocolType: 'consumer', protocols }
    const joined = await settled('JoinGroup', () => connection.request(joinGroupApi, body))
    const { memberId, generationId } = joined
    const assignments = joined.leader === memberId ? [{ memberId, assignment: Buffer.alloc(0) }] : []
    const types = { protocolType: 'consumer', protocolName: 'range' }
    const sync = { groupId, generationId, memberId, groupInstanceId, ...types, assignments }
    await settled('SyncGroup', () => connection.request(syncGroupApi, sync))
    return { memberId, generationId }
  }

  async #fetchCommitted(connection: Connection): Promise<number> {
    const body = { groupId, topics: [{ name: this.#writer.topic, partitionIndexes: [0] }], groups: [] }
    const { topics } = await settled('OffsetFetch', () =>
      connection.request(offsetFetchApi, body, { versions: { max: 7 } }),
    )
    return Math.max(0, topics[0]?.partitions[0]?.committedOffset ?? 0)
  }

  async #commit(connection: Connection, { memberId, generationId }: Membership, offset: number): Promise<void> {
    const partitions = [{ partitionIndex: 0, committedOffset: offset, committedMetadata: '' }]
    const topics = [{ name: this.#writer.topic, partitions }]
    const body = { groupId, generationIdOrMemberEpoch: generationId, memberId, groupInstanceId, topics }
    const answer = await connection.request(offsetCommitApi, body, { versions: { max: 9 } })
    assert.equal(errorName(answer.topics[0]?.partitions[0]?.errorCode ?? -1), 'NONE')
    this.committed = offset
    this.commits += 1
  }
}

/** Asks until the coordinator has loaded what it needs for the answer. */
async function settled<T extends { readonly errorCode: number }>(what: string, ask: () => Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + patienceMs
  for (;;) {
    const answer = await ask()
    const error = errorName(answer.errorCode)
    if (error === 'NONE') return answer
    assert.ok(passing.has(error) && performance.now() < deadlineMs, `${what}: ${error}`)
    await turn()
  }
}
