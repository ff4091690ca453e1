import type { Clock, Random } from '@millrace/kernel'
import type { ErrorName, FetchRequest } from '@millrace/protocol'
import type { FetchAnswer, FetchPartition, FetchSession } from './fetch-session.ts'
import { addOrUpdate, noteAnswer, partitionKey, requested } from './fetch-session.ts'

export type FetchContext =
  | { readonly kind: 'refused'; readonly error: ErrorName }
  | { readonly kind: 'sessionless'; readonly partitions: readonly FetchPartition[] }
  | { readonly kind: 'full'; readonly partitions: readonly FetchPartition[]; readonly follower: boolean }
  | {
      readonly kind: 'incremental'
      readonly partitions: readonly FetchPartition[]
      readonly session: FetchSession
      readonly epoch: number
    }

const firstEpoch = 0
const finalEpoch = -1
const noSession = 0
const maxEpoch = 0x7fffffff

const nextEpoch = (epoch: number): number => (epoch < 0 ? finalEpoch : epoch === maxEpoch ? 1 : epoch + 1)
export interface FetchSessionOptions {
  readonly clock: Clock
  readonly random: Random
  readonly maxSessions: number
  /** A session that was used less long ago than this only gives way to a bigger one. */
  readonly evictionMs: number
}

/**
 * Incremental fetch sessions (KIP-227). The map of sessions is kept in the order of their last use, so the first one
 * is the stalest.
 */
export class FetchSessions {
  readonly #options: FetchSessionOptions
  readonly #sessions = new Map<number, FetchSession>()
  #evictions = 0

  constructor(options: FetchSessionOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#sessions.size
  }

  get evictions(): number {
    return this.#evictions
  }

  get partitionCount(): number {
    let count = 0
    for (const session of this.#sessions.values()) count += session.partitions.size
    return count
  }

  begin(request: FetchRequest, version: number, topicName: (topicId: string) => string | undefined): FetchContext {
    const usesTopicIds = version >= 13
    if (request.sessionEpoch === firstEpoch || request.sessionEpoch === finalEpoch) {
      this.#sessions.delete(request.sessionId)
      const partitions = [...requested(request, usesTopicIds, topicName).values()]
      return request.sessionEpoch === finalEpoch
        ? { kind: 'sessionless', partitions }
        : { kind: 'full', partitions, follower: replicaOf(request) >= 0 }
    }
    const session = this.#sessions.get(request.sessionId)
    if (session === undefined) return { kind: 'refused', error: 'FETCH_SESSION_ID_NOT_FOUND' }
    if (session.epoch !== request.sessionEpoch) return { kind: 'refused', error: 'INVALID_FETCH_SESSION_EPOCH' }
    if (session.usesTopicIds !== usesTopicIds) return { kind: 'refused', error: 'FETCH_SESSION_TOPIC_ID_ERROR' }
    return this.#continue(session, request, topicName)
  }

  /**
   * Which session the response carries and whether `answers[i]`, of `context.partitions[i]`, has to be in it.
   * It notes in the session what the client now knows.
   */
  finish(
    context: Exclude<FetchContext, { kind: 'refused' }>,
    answers: readonly FetchAnswer[],
    usesTopicIds: boolean,
  ): { readonly error: ErrorName; readonly sessionId: number; readonly included: (index: number) => boolean } {
    if (context.kind === 'sessionless') return { error: 'NONE', sessionId: noSession, included: () => true }
    if (context.kind === 'full') {
      const sessionId = this.#create(context.partitions, answers, context.follower, usesTopicIds)
      return { error: 'NONE', sessionId, included: () => true }
    }
    const { session } = context
    if (session.epoch !== nextEpoch(context.epoch)) {
      return { error: 'INVALID_FETCH_SESSION_EPOCH', sessionId: session.id, included: () => false }
    }
    const included = answers.map((answer, i) => {
      const partition = context.partitions[i]
      return partition !== undefined && noteAnswer(session, partition, answer)
    })
    return { error: 'NONE', sessionId: session.id, included: (index) => included[index] === true }
  }

  #continue(
    session: FetchSession,
    request: FetchRequest,
    topicName: (topicId: string) => string | undefined,
  ): FetchContext {
    const asked = requested(request, session.usesTopicIds, topicName)
    for (const [key, partition] of asked) addOrUpdate(session, key, partition)
    for (const forgotten of request.forgottenTopicsData) {
      for (const partition of forgotten.partitions) {
        session.partitions.delete(partitionKey(forgotten.topic, forgotten.topicId, partition, session.usesTopicIds))
      }
    }
    if (session.partitions.size === 0) {
      this.#sessions.delete(session.id)
      return { kind: 'sessionless', partitions: [...asked.values()] }
    }
    this.#touch(session)
    const epoch = session.epoch
    session.epoch = nextEpoch(epoch)
    const partitions = [...session.partitions.values()]
    for (const partition of partitions) {
      if (partition.topic === '' && session.usesTopicIds) partition.topic = topicName(partition.topicId) ?? ''
    }
    return { kind: 'incremental', partitions, session, epoch }
  }

  #create(
    partitions: readonly FetchPartition[],
    answers: readonly FetchAnswer[],
    privileged: boolean,
    usesTopicIds: boolean,
  ): number {
    const nowMs = this.#options.clock.sessions.monotonicMs()
    if (this.#sessions.size >= this.#options.maxSessions && !this.#evict(privileged, partitions.length, nowMs)) {
      return noSession
    }
    const session: FetchSession = {
      id: this.#newId(),
      privileged,
      usesTopicIds,
      createdMs: nowMs,
      usedMs: nowMs,
      epoch: nextEpoch(firstEpoch),
      partitions: new Map(),
    }
    partitions.forEach((partition, i) => {
      const answer = answers[i]
      partition.sentHighWatermark = answer === undefined || answer.errorCode !== 0 ? -1 : answer.highWatermark
      partition.sentLogStartOffset = answer?.logStartOffset ?? -1
      session.partitions.set(
        partitionKey(partition.topic, partition.topicId, partition.partition, usesTopicIds),
        partition,
      )
    })
    this.#sessions.set(session.id, session)
    return session.id
  }

  #newId(): number {
    for (;;) {
      const id = 1 + this.#options.random.below(maxEpoch)
      if (!this.#sessions.has(id)) return id
    }
  }

  #touch(session: FetchSession): void {
    session.usedMs = this.#options.clock.sessions.monotonicMs()
    this.#sessions.delete(session.id)
    this.#sessions.set(session.id, session)
  }

  // A newcomer takes the place of the stalest session, else of the least valuable one that is worth no more than it:
  // followers are worth more than consumers, many partitions more than few, and a young session of equals is spared.
  #evict(privileged: boolean, size: number, nowMs: number): boolean {
    const stalest = this.#sessions.values().next().value
    if (stalest === undefined) return false
    if (nowMs - stalest.usedMs > this.#options.evictionMs) return this.#drop(stalest)
    const victim = this.#leastValuable(privileged, nowMs)
    if (victim === undefined || compareValue(privileged, size, victim) < 0) return false
    return this.#drop(victim)
  }

  #leastValuable(byPrivileged: boolean, nowMs: number): FetchSession | undefined {
    let least: FetchSession | undefined
    for (const session of this.#sessions.values()) {
      const settled = nowMs - session.createdMs > this.#options.evictionMs
      if (!settled && !(byPrivileged && !session.privileged)) continue
      if (least === undefined || compareValue(session.privileged, session.partitions.size, least) < 0) least = session
    }
    return least
  }

  #drop(session: FetchSession): true {
    this.#sessions.delete(session.id)
    this.#evictions += 1
    return true
  }
}

/** The broker that fetches as a follower; -1 for consumers. */
export const replicaOf = (request: FetchRequest): number =>
  request.replicaState.replicaId >= 0 ? request.replicaState.replicaId : request.replicaId

function compareValue(privileged: boolean, size: number, other: FetchSession): number {
  if (privileged !== other.privileged) return privileged ? 1 : -1
  return size - other.partitions.size
}
