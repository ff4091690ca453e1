import {
  type GroupAnswer,
  type GroupCommand,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  rangeAssignor,
} from '@millrace/machines'
import { errorName, zeroUuid } from '@millrace/protocol'

export const simulatedGroup = 'g'
export const simulatedTopic = 'orders'

type JoinBody = Extract<GroupAnswer, { kind: 'joinGroup' }>['body']

/** What one consumer got, as a name that says where: `orders-3`. */
export type Owned = readonly string[]

/** A consumer of the classic protocol in one group, as much of it as a simulation needs: it asks, and minds the answers. */
export class SimulatedConsumer {
  readonly name: string
  readonly instanceId: string | null
  readonly #partitions: number
  memberId = ''
  generation = -1
  /** What to do next; a consumer that waits for an answer does nothing. */
  next: 'join' | 'sync' | 'run' | 'wait' = 'join'
  owned: Owned = []
  #assignments: readonly { memberId: string; assignment: Uint8Array }[] = []

  constructor(name: string, instanceId: string | null, partitions: number) {
    this.name = name
    this.instanceId = instanceId
    this.#partitions = partitions
  }

  /** The process dies: what it knew is gone, and an answer that is under way reaches nobody. */
  crash(): void {
    this.memberId = ''
    this.startOver()
  }

  /** What is left of it when it stalls, while a new process takes its place: it still believes to be a member. */
  zombie(): SimulatedConsumer {
    const zombie = new SimulatedConsumer(this.name, this.instanceId, this.#partitions)
    zombie.memberId = this.memberId
    zombie.generation = this.generation
    return zombie
  }

  startOver(): void {
    this.generation = -1
    this.owned = []
    this.next = 'join'
  }

  join(token: number): GroupCommand {
    this.next = 'wait'
    const subscription = {
      topics: [simulatedTopic],
      userData: null,
      ownedPartitions: [],
      generationId: null,
      rackId: null,
    }
    return {
      kind: 'joinGroup',
      token,
      apiVersion: 9,
      clientId: this.name,
      remoteHost: '10.0.0.1',
      request: {
        groupId: simulatedGroup,
        sessionTimeoutMs: 10_000,
        rebalanceTimeoutMs: 5_000,
        memberId: this.memberId,
        groupInstanceId: this.instanceId,
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: encodeSubscription(subscription) }],
        reason: null,
      },
    }
  }

  sync(token: number): GroupCommand {
    this.next = 'wait'
    return {
      kind: 'syncGroup',
      token,
      apiVersion: 5,
      request: {
        groupId: simulatedGroup,
        generationId: this.generation,
        memberId: this.memberId,
        groupInstanceId: this.instanceId,
        protocolType: 'consumer',
        protocolName: 'range',
        assignments: [...this.#assignments],
      },
    }
  }

  heartbeat(token: number): GroupCommand {
    const { generation: generationId, memberId, instanceId: groupInstanceId } = this
    return {
      kind: 'heartbeat',
      token,
      apiVersion: 4,
      request: { groupId: simulatedGroup, generationId, memberId, groupInstanceId },
    }
  }

  leave(token: number): GroupCommand {
    const member = { memberId: this.memberId, groupInstanceId: this.instanceId, reason: null }
    this.crash()
    return {
      kind: 'leaveGroup',
      token,
      apiVersion: 5,
      request: { groupId: simulatedGroup, memberId: '', members: [member] },
    }
  }

  commit(token: number, partition: number, offset: number): GroupCommand {
    const committed = {
      partitionIndex: partition,
      committedOffset: offset,
      committedLeaderEpoch: -1,
      committedMetadata: '',
    }
    return {
      kind: 'offsetCommit',
      token,
      apiVersion: 9,
      request: {
        groupId: simulatedGroup,
        generationIdOrMemberEpoch: this.generation,
        memberId: this.memberId,
        groupInstanceId: this.instanceId,
        retentionTimeMs: -1,
        topics: [{ name: simulatedTopic, topicId: zeroUuid, partitions: [committed] }],
      },
    }
  }

  answered(answer: GroupAnswer): void {
    if (answer.kind === 'joinGroup') this.#joined(answer.body)
    else if (answer.kind === 'syncGroup') this.#synced(answer.body.errorCode, answer.body.assignment)
    else if (answer.kind === 'heartbeat') this.#mind(answer.body.errorCode)
    else if (answer.kind === 'offsetCommit') this.#mind(answer.body.topics[0]?.partitions[0]?.errorCode ?? 0)
  }

  #joined(body: JoinBody): void {
    if (errorName(body.errorCode) === 'MEMBER_ID_REQUIRED') {
      this.memberId = body.memberId
      this.next = 'join'
    } else if (this.#mind(body.errorCode)) {
      this.memberId = body.memberId
      this.generation = body.generationId
      this.#assignments = body.leader === body.memberId && !body.skipAssignment ? this.#assign(body) : []
      this.next = 'sync'
    }
  }

  #assign(body: JoinBody): { memberId: string; assignment: Uint8Array }[] {
    const members = body.members.map(({ memberId, groupInstanceId, metadata }) => ({
      memberId,
      groupInstanceId,
      subscription: decodeSubscription(metadata),
    }))
    return [...rangeAssignor.assign(members, new Map([[simulatedTopic, this.#partitions]]))].map(
      ([memberId, partitions]) => ({ memberId, assignment: encodeAssignment({ partitions, userData: null }) }),
    )
  }

  #synced(code: number, assignment: Uint8Array): void {
    if (!this.#mind(code)) return
    this.owned = decodeAssignment(assignment).partitions.map(({ topic, partition }) => `${topic}-${partition}`)
    this.next = 'run'
  }

  /** Whether it went well; if not, what to do about it. */
  #mind(code: number): boolean {
    const error = errorName(code)
    if (error === 'NONE') return true
    if (error === 'UNKNOWN_MEMBER_ID' || error === 'ILLEGAL_GENERATION') this.memberId = ''
    // Another one with this instance id has taken its place.
    if (error === 'FENCED_INSTANCE_ID') this.memberId = ''
    this.startOver()
    return false
  }
}
