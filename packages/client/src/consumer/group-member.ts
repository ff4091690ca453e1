import { responseError } from '@millrace/connection'
import type { Connection } from '@millrace/connection'
import { errorMessage } from '@millrace/kernel'
import type { Assignor, GroupMember as Subscriber } from '@millrace/machines'
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from '@millrace/machines'
import type { Api, ErrorName, JoinGroupResponse } from '@millrace/protocol'
import { errorName, heartbeatApi, joinGroupApi, KafkaError, leaveGroupApi, syncGroupApi } from '@millrace/protocol'
import type { Committer } from '../admin/group-offsets.ts'
import { delay } from '../cluster/abort.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Lane } from '../cluster/connection-pool.ts'
import { backoffMs, isRetriableError } from '../cluster/retry.ts'
import type { TopicPartition } from '../record.ts'
import type { ConsumerSettings } from './consumer-settings.ts'

/** What a member does with what the group gives it. Each may take its time; the group waits for `revoke`. */
export interface MemberEvents {
  /** These go to somebody else: commit what is done, then let go of them. */
  revoke(partitions: readonly TopicPartition[]): Promise<void>
  /** These are somebody else's already. */
  lose(partitions: readonly TopicPartition[]): Promise<void>
  /** These are ours now. */
  assign(partitions: readonly TopicPartition[]): Promise<void>
  /** The group can't be joined. */
  fatal(error: unknown): void
}

/** The group begins anew, or says that we are out of date: join again. */
class Rejoin extends Error {
  readonly lost: boolean
  constructor(lost: boolean) {
    super('the group is joined again')
    this.lost = lost
  }
}

const coordinatorMoved = new Set<ErrorName>([
  'NOT_COORDINATOR',
  'COORDINATOR_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'REQUEST_TIMED_OUT',
])

/** More than the broker may take for a rebalance: its answer comes first. */
const joinGraceMs = 5_000
const leaveTimeoutMs = 5_000

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}-${partition}`

const without = (all: readonly TopicPartition[], some: readonly TopicPartition[]): TopicPartition[] => {
  const keys = new Set(some.map(keyOf))
  return all.filter((each) => !keys.has(keyOf(each)))
}

/** One member of a classic consumer group: joins, is told its partitions, says that it is alive, joins again. */
export class GroupMember {
  readonly #cluster: Cluster
  readonly #settings: ConsumerSettings
  readonly #groupId: string
  readonly #events: MemberEvents
  readonly #stop = new AbortController()
  readonly #cooperative: boolean
  #memberId = ''
  #generation = -1
  #owned: readonly TopicPartition[] = []
  #ownedSince = -1
  /** Partition counts of the topics that the leader shared out; undefined in a follower. */
  #sharedOut: ReadonlyMap<string, number> | undefined
  #running: Promise<void> | undefined
  /** While it has left for now: settled when the loop comes back, by `#left`. */
  #away: Promise<void> | undefined
  #left: (() => void) | undefined
  #rejoin: (() => void) | undefined

  constructor(cluster: Cluster, settings: ConsumerSettings, groupId: string, events: MemberEvents) {
    this.#cluster = cluster
    this.#settings = settings
    this.#groupId = groupId
    this.#events = events
    this.#cooperative = settings.assignors.every(({ protocols }) => protocols.includes('COOPERATIVE'))
  }

  /** Who commits, as the group knows it. */
  get committer(): Committer {
    const { groupInstanceId } = this.#settings
    return { memberId: this.#memberId, generationId: this.#generation, groupInstanceId }
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Leaves because the loop takes too long; it joins again when the loop comes back (`comeBack`). */
  async leaveForNow(): Promise<void> {
    if (this.#left !== undefined) return
    const back = new Promise<void>((resolve) => (this.#left = resolve))
    this.#away = back
    await this.#sendLeave('the poll timeout has expired')
    this.#rejoin?.()
  }

  comeBack(): void {
    this.#left?.()
    this.#left = undefined
    this.#away = undefined
  }

  /** Leaves for good. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('the consumer is closed'))
    this.comeBack()
    await this.#running
    await this.#sendLeave('the consumer is being closed')
  }

  async #run(): Promise<void> {
    let failures = 0
    while (!this.#stop.signal.aborted) {
      try {
        await this.#away
        await this.#joinAndStay(() => (failures = 0))
      } catch (error) {
        if (this.#stop.signal.aborted) return
        if (error instanceof Rejoin) {
          if (error.lost) await this.#loseAll()
          continue
        }
        failures += 1
        if (!this.#passes(error)) return this.#events.fatal(error)
        this.#log('the group could not be joined, and is joined again', error)
        await this.#pause(failures)
      }
    }
  }

  async #pause(failures: number): Promise<void> {
    try {
      await delay(this.#cluster.settings.clock, backoffMs(this.#cluster.settings, failures), this.#stop.signal)
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error
    }
  }

  #passes(error: unknown): boolean {
    if (error instanceof KafkaError && coordinatorMoved.has(error.error)) this.#cluster.forgetCoordinator(this.#groupId)
    return isRetriableError(error)
  }

  async #joinAndStay(joined: () => void): Promise<void> {
    if (!this.#cooperative && this.#owned.length > 0) await this.#giveUp(this.#owned)
    const join = await this.#join()
    const assigned = await this.#sync(join)
    joined()
    const stop = new AbortController()
    const staying = this.#beatUntilRebalance(AbortSignal.any([stop.signal, this.#stop.signal]))
    // Whatever ends it is looked at after the assignment is settled; where that fails first, this is all that tells of it.
    staying.catch((error: unknown) => stop.signal.aborted || this.#log('the heartbeats ended', error))
    try {
      const revoked = without(this.#owned, assigned)
      const added = without(assigned, this.#owned)
      if (revoked.length > 0) await this.#giveUp(revoked)
      this.#owned = assigned
      this.#ownedSince = this.#generation
      await this.#events.assign(added)
      // What we gave up is shared out in a round that starts when we join again.
      if (this.#cooperative && revoked.length > 0) throw new Rejoin(false)
      await staying
    } finally {
      stop.abort()
    }
  }

  async #giveUp(partitions: readonly TopicPartition[]): Promise<void> {
    await this.#events.revoke(partitions)
    this.#owned = without(this.#owned, partitions)
  }

  async #loseAll(): Promise<void> {
    const lost = this.#owned
    this.#owned = []
    if (lost.length > 0) await this.#events.lose(lost)
  }

  async #request<Req, Res extends { readonly errorCode: number }, ReqIn, ResIn>(
    api: Api<Req, Res, ReqIn, ResIn>,
    body: (version: number) => ReqIn,
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal; readonly lane?: Lane } = {},
  ): Promise<{ readonly response: Res; readonly connection: Connection }> {
    const { lane = 'group', signal = this.#stop.signal, ...rest } = options
    const coordinator = await this.#cluster.coordinator(this.#groupId, signal)
    const connection = await this.#cluster.connectionTo(coordinator, lane, signal)
    const response = await connection.request(api, body, { ...rest, signal })
    return { response, connection }
  }

  async #join(): Promise<JoinGroupResponse> {
    const { sessionTimeoutMs, maxPollIntervalMs, groupInstanceId, assignors } = this.#settings
    const { response, connection } = await this.#request(
      joinGroupApi,
      (version) => ({
        groupId: this.#groupId,
        sessionTimeoutMs,
        memberId: this.#memberId,
        protocolType: 'consumer',
        protocols: assignors.map((assignor) => ({ name: assignor.name, metadata: this.#subscription(assignor) })),
        ...(version >= 1 ? { rebalanceTimeoutMs: maxPollIntervalMs } : {}),
        ...(version >= 5 ? { groupInstanceId } : {}),
      }),
      { timeoutMs: maxPollIntervalMs + joinGraceMs },
    )
    if (errorName(response.errorCode) === 'MEMBER_ID_REQUIRED') {
      this.#memberId = response.memberId
      return this.#join()
    }
    this.#check(response.errorCode, connection, joinGroupApi.name)
    this.#memberId = response.memberId
    this.#generation = response.generationId
    return response
  }

  #subscription(assignor: Assignor): Uint8Array {
    const previous = this.#ownedSince < 0 ? null : { partitions: this.#owned, generation: this.#ownedSince }
    return encodeSubscription({
      topics: this.#settings.topics,
      userData: assignor.userData(previous),
      ownedPartitions: this.#owned,
      generationId: this.#owned.length > 0 ? this.#ownedSince : null,
      rackId: null,
    })
  }

  async #sync(join: JoinGroupResponse): Promise<readonly TopicPartition[]> {
    const assignments = join.leader === this.#memberId ? await this.#shareOut(join) : []
    const { groupInstanceId } = this.#settings
    const { response, connection } = await this.#request(
      syncGroupApi,
      (version) => ({
        groupId: this.#groupId,
        generationId: this.#generation,
        memberId: this.#memberId,
        assignments,
        ...(version >= 3 ? { groupInstanceId } : {}),
        ...(version >= 5 ? { protocolType: 'consumer', protocolName: join.protocolName } : {}),
      }),
      { timeoutMs: this.#settings.maxPollIntervalMs + joinGraceMs },
    )
    this.#check(response.errorCode, connection, syncGroupApi.name)
    return decodeAssignment(response.assignment).partitions
  }

  async #shareOut(join: JoinGroupResponse): Promise<{ memberId: string; assignment: Uint8Array }[]> {
    this.#sharedOut = undefined
    const members = join.members.map((member): Subscriber => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      subscription: decodeSubscription(member.metadata),
    }))
    const counts = await this.#partitionCounts(members.flatMap(({ subscription }) => subscription.topics))
    this.#sharedOut = counts
    // A static leader that came back: everybody keeps what they have.
    if (join.skipAssignment) return []
    const assignor = this.#settings.assignors.find(({ name }) => name === join.protocolName)
    if (assignor === undefined) {
      throw new KafkaError('INCONSISTENT_GROUP_PROTOCOL', `the group chose '${join.protocolName}', which we don't have`)
    }
    const shares = assignor.assign(members, counts)
    return Array.from(shares, ([memberId, partitions]) => ({
      memberId,
      assignment: encodeAssignment({ partitions, userData: null }),
    }))
  }

  async #partitionCounts(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const names = [...new Set(topics)]
    await this.#cluster.refresh(names, this.#stop.signal)
    return this.#knownCounts(names)
  }

  #knownCounts(names: Iterable<string>): ReadonlyMap<string, number> {
    const counts = new Map<string, number>()
    for (const name of names) {
      const topic = this.#cluster.image.topics.get(name)
      if (topic !== undefined) counts.set(name, topic.partitions.length)
    }
    return counts
  }

  // Resolves never; rejects with a Rejoin when the group rebalances.
  async #beatUntilRebalance(signal: AbortSignal): Promise<void> {
    let failures = 0
    const asked = new Promise<void>((resolve) => (this.#rejoin = resolve))
    for (;;) {
      const pauseMs = failures === 0 ? this.#settings.heartbeatIntervalMs : backoffMs(this.#cluster.settings, failures)
      await Promise.race([delay(this.#cluster.settings.clock, pauseMs, signal), asked])
      signal.throwIfAborted()
      if (this.#away !== undefined) throw new Rejoin(true)
      await this.#watchTopics()
      try {
        await this.#beat(signal)
        failures = 0
      } catch (error) {
        if (signal.aborted || !this.#passes(error)) throw error
        failures += 1
        this.#log('a heartbeat failed', error)
      }
    }
  }

  async #beat(signal: AbortSignal): Promise<void> {
    const { groupInstanceId } = this.#settings
    const { response, connection } = await this.#request(
      heartbeatApi,
      (version) => ({
        groupId: this.#groupId,
        generationId: this.#generation,
        memberId: this.#memberId,
        ...(version >= 3 ? { groupInstanceId } : {}),
      }),
      { signal, timeoutMs: Math.min(this.#settings.sessionTimeoutMs, this.#cluster.settings.requestTimeoutMs) },
    )
    this.#check(response.errorCode, connection, heartbeatApi.name)
  }

  // The leader begins a new round when topics come, go or grow.
  async #watchTopics(): Promise<void> {
    const shared = this.#sharedOut
    const missing = this.#settings.topics.filter((name) => !this.#cluster.image.topics.has(name))
    if (missing.length > 0) await this.#refreshQuietly(missing)
    else this.#cluster.refreshWhenOld()
    if (shared === undefined) return
    const now = this.#knownCounts(new Set([...shared.keys(), ...this.#settings.topics]))
    const changed = now.size !== shared.size || [...now].some(([name, count]) => shared.get(name) !== count)
    if (changed) throw new Rejoin(false)
  }

  async #refreshQuietly(names: readonly string[]): Promise<void> {
    try {
      await this.#cluster.refresh(names, this.#stop.signal)
    } catch (error) {
      this.#log('metadata could not be refreshed', error)
    }
  }

  #check(code: number, connection: Connection, api: string): void {
    const error = errorName(code)
    if (error === 'NONE') return
    if (error === 'REBALANCE_IN_PROGRESS') throw new Rejoin(false)
    if (error === 'UNKNOWN_MEMBER_ID') this.#memberId = ''
    if (error === 'UNKNOWN_MEMBER_ID' || error === 'ILLEGAL_GENERATION') {
      this.#generation = -1
      throw new Rejoin(true)
    }
    throw responseError(code, undefined, { address: connection.address, api })
  }

  async #sendLeave(reason: string): Promise<void> {
    const { groupInstanceId } = this.#settings
    const memberId = this.#memberId
    // A static member stays until its session ends, so that it may come back unnoticed.
    if (memberId === '' || groupInstanceId !== null) return
    this.#memberId = ''
    this.#generation = -1
    try {
      await this.#request(
        leaveGroupApi,
        (version) => {
          const member = { memberId, groupInstanceId, ...(version >= 5 ? { reason } : {}) }
          return { groupId: this.#groupId, ...(version >= 3 ? { members: [member] } : { memberId }) }
        },
        // Not behind a JoinGroup that waits for others.
        { signal: this.#cluster.closing, timeoutMs: leaveTimeoutMs, lane: 'main' },
      )
    } catch (error) {
      // The session timeout does the same, later.
      this.#log('leaving the group failed', error)
    }
  }

  #log(message: string, error: unknown): void {
    this.#cluster.settings.logger.debug(message, { group: this.#groupId, error: errorMessage(error) })
  }
}
