import type { Connection } from '@millrace/connection'
import { responseError } from '@millrace/connection'
import type { Api, ErrorName, JoinGroupResponse } from '@millrace/protocol'
import { errorName, heartbeatApi, joinGroupApi, KafkaError, leaveGroupApi, syncGroupApi } from '@millrace/protocol'
import type { Committer } from '../../admin/group-offsets.ts'
import type { Lane } from '../../cluster/connection-pool.ts'
import type { ConsumerContext } from '../consumer-context.ts'
import { Rejoin } from './rejoin.ts'

const leaveTimeoutMs = 5_000

const coordinatorMoved = new Set<ErrorName>([
  'NOT_COORDINATOR',
  'COORDINATOR_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'REQUEST_TIMED_OUT',
])

export interface Protocol {
  readonly name: string
  readonly metadata: Uint8Array
}

export interface Share {
  readonly memberId: string
  readonly assignment: Uint8Array
}

/** What a member asks of its group's coordinator, and who it is there. */
export class GroupRequests {
  readonly #context: ConsumerContext
  readonly #groupId: string
  #memberId = ''
  #generation = -1
  #joining = false

  constructor(context: ConsumerContext, groupId: string) {
    this.#context = context
    this.#groupId = groupId
  }

  get memberId(): string {
    return this.#memberId
  }

  get generation(): number {
    return this.#generation
  }

  /** Whether the group may be in a generation that we haven't heard of yet. */
  get joining(): boolean {
    return this.#joining
  }

  get committer(): Committer {
    const { groupInstanceId } = this.#context.settings
    return { memberId: this.#memberId, generationId: this.#generation, groupInstanceId }
  }

  /** The coordinator is looked for anew where the error says that it moved. */
  mindMove(error: unknown): void {
    const moved = error instanceof KafkaError && coordinatorMoved.has(error.error)
    if (moved) this.#context.cluster.forgetCoordinator(this.#groupId)
  }

  /**
   * Ends with the round's beginning: who is in it, who leads. `protocols` is asked for in each attempt. A round may take
   * as long as its slowest member. Still there is no longer wait than for other answers: the group takes a member that
   * asks again for the same, and a connection that died unnoticed would keep it out for minutes.
   */
  async join(protocols: () => Protocol[], reason: string, signal: AbortSignal): Promise<JoinGroupResponse> {
    const response = await this.#join(protocols(), reason, signal)
    if (errorName(response.errorCode) !== 'MEMBER_ID_REQUIRED') return response
    // Once: the broker has given us the id that it wants to see.
    return this.#join(protocols(), reason, signal)
  }

  async #join(protocols: Protocol[], reason: string, signal: AbortSignal): Promise<JoinGroupResponse> {
    const { sessionTimeoutMs, maxPollIntervalMs, groupInstanceId } = this.#context.settings
    const isFirst = this.#memberId === ''
    this.#joining = true
    const { response, connection } = await this.#request(
      joinGroupApi,
      (version) => ({
        groupId: this.#groupId,
        sessionTimeoutMs,
        memberId: this.#memberId,
        protocolType: 'consumer',
        protocols,
        ...(version >= 1 ? { rebalanceTimeoutMs: maxPollIntervalMs } : {}),
        ...(version >= 5 ? { groupInstanceId } : {}),
        ...(version >= 8 ? { reason } : {}),
      }),
      { signal, timeoutMs: this.#context.cluster.settings.requestTimeoutMs },
    )
    if (isFirst && errorName(response.errorCode) === 'MEMBER_ID_REQUIRED') {
      this.#memberId = response.memberId
      return response
    }
    this.#check(response.errorCode, connection, joinGroupApi.name)
    this.#joining = false
    this.#memberId = response.memberId
    this.#generation = response.generationId
    return response
  }

  /** Gives the leader's shares to the group, and brings ours. */
  async sync(protocolName: string | null, assignments: Share[], signal: AbortSignal): Promise<Uint8Array> {
    const { groupInstanceId } = this.#context.settings
    const { response, connection } = await this.#request(
      syncGroupApi,
      (version) => ({
        groupId: this.#groupId,
        generationId: this.#generation,
        memberId: this.#memberId,
        assignments,
        ...(version >= 3 ? { groupInstanceId } : {}),
        ...(version >= 5 ? { protocolType: 'consumer', protocolName } : {}),
      }),
      { signal, timeoutMs: this.#context.cluster.settings.requestTimeoutMs },
    )
    this.#check(response.errorCode, connection, syncGroupApi.name)
    return response.assignment
  }

  async heartbeat(signal: AbortSignal): Promise<void> {
    const { groupInstanceId, sessionTimeoutMs } = this.#context.settings
    const { requestTimeoutMs } = this.#context.cluster.settings
    const { response, connection } = await this.#request(
      heartbeatApi,
      (version) => ({
        groupId: this.#groupId,
        generationId: this.#generation,
        memberId: this.#memberId,
        ...(version >= 3 ? { groupInstanceId } : {}),
      }),
      { signal, timeoutMs: Math.min(sessionTimeoutMs, requestTimeoutMs) },
    )
    this.#check(response.errorCode, connection, heartbeatApi.name)
  }

  /** Not where nobody knows us. */
  async leave(reason: string): Promise<void> {
    const { groupInstanceId } = this.#context.settings
    const memberId = this.#memberId
    this.#memberId = ''
    this.#generation = -1
    if (memberId === '') return
    await this.#request(
      leaveGroupApi,
      (version) => {
        const member = { memberId, groupInstanceId, ...(version >= 5 ? { reason } : {}) }
        return { groupId: this.#groupId, ...(version >= 3 ? { members: [member] } : { memberId }) }
      },
      // Not behind a JoinGroup that waits for others.
      { signal: this.#context.cluster.closing, timeoutMs: leaveTimeoutMs, lane: 'main' },
    )
  }

  async #request<Req, Res extends { readonly errorCode: number }, ReqIn, ResIn>(
    api: Api<Req, Res, ReqIn, ResIn>,
    body: (version: number) => ReqIn,
    options: { readonly timeoutMs: number; readonly signal: AbortSignal; readonly lane?: Lane },
  ): Promise<{ readonly response: Res; readonly connection: Connection }> {
    const { lane = 'group', signal, timeoutMs } = options
    const { cluster } = this.#context
    const coordinator = await cluster.coordinator(this.#groupId, signal)
    const connection = await cluster.connectionTo(coordinator, lane, signal)
    const response = await connection.request(api, body, { timeoutMs, signal })
    return { response, connection }
  }

  #check(code: number, connection: Connection, api: string): void {
    const error = errorName(code)
    if (error === 'NONE') return
    if (error === 'REBALANCE_IN_PROGRESS') throw new Rejoin(false, 'the group is rebalancing')
    if (error === 'UNKNOWN_MEMBER_ID') this.#memberId = ''
    if (error === 'UNKNOWN_MEMBER_ID' || error === 'ILLEGAL_GENERATION') {
      this.#generation = -1
      this.#joining = false
      throw new Rejoin(true, `the group answered ${error} to ${api}`)
    }
    throw responseError(code, undefined, { address: connection.address, api })
  }
}
