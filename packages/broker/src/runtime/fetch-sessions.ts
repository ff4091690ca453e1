import type { Clock, Random } from '@millrace/kernel'
import type { ErrorName, FetchRequest } from '@millrace/protocol'
import { FetchInterest } from './fetch-interest.ts'
import type { FetchPartition } from './fetch-partition.ts'
import type { FetchAnswer, FetchSession } from './fetch-session.ts'
import { noteAnswer, noteSent } from './fetch-session.ts'

export type FetchContext =
  | { readonly kind: 'refused'; readonly error: ErrorName }
  | { readonly kind: 'sessionless'; readonly interest: FetchInterest }
  | { readonly kind: 'full'; readonly interest: FetchInterest; readonly follower: boolean }
  | {
      readonly kind: 'incremental'
      readonly interest: FetchInterest
      readonly session: FetchSession
      readonly epoch: number
    }

export type ServedContext = Exclude<FetchContext, { kind: 'refused' }>

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
    for (const session of this.#sessions.values()) count += session.interest.size
    return count
  }

  begin(request: FetchRequest, version: number, topicName: (topicId: string) => string | undefined): FetchContext {
    const usesTopicIds = version >= 13
    if (request.sessionEpoch === firstEpoch || request.sessionEpoch === finalEpoch) {
      const replaced = this.#sessions.get(request.sessionId)
      if (replaced !== undefined) this.#end(replaced)
      const interest = new FetchInterest(request, usesTopicIds, topicName)
      return request.sessionEpoch === finalEpoch
        ? { kind: 'sessionless', interest }
        : { kind: 'full', interest, follower: replicaOf(request) >= 0 }
    }
    const session = this.#sessions.get(request.sessionId)
    if (session === undefined) return { kind: 'refused', error: 'FETCH_SESSION_ID_NOT_FOUND' }
    if (session.epoch !== request.sessionEpoch) return { kind: 'refused', error: 'INVALID_FETCH_SESSION_EPOCH' }
    if (session.usesTopicIds !== usesTopicIds) return { kind: 'refused', error: 'FETCH_SESSION_TOPIC_ID_ERROR' }
    return this.#continue(session, request, topicName)
  }

  /**
   * Which session the response carries and whether `answers[i]`, of `asked[i]`, has to be in it. It notes in the session
   * what the client now knows.
   */
  finish(
    context: ServedContext,
    asked: readonly FetchPartition[],
    answers: readonly FetchAnswer[],
    usesTopicIds: boolean,
  ): { readonly error: ErrorName; readonly sessionId: number; readonly included: (index: number) => boolean } {
    if (context.kind === 'sessionless') {
      context.interest.close()
      return { error: 'NONE', sessionId: noSession, included: () => true }
    }
    if (context.kind === 'full') {
      for (const [i, answer] of answers.entries()) if (asked[i] !== undefined) noteSent(asked[i], answer)
      const sessionId = this.#create(context.interest, context.follower, usesTopicIds)
      return { error: 'NONE', sessionId, included: () => true }
    }
    const { session } = context
    if (session.epoch !== nextEpoch(context.epoch)) {
      return { error: 'INVALID_FETCH_SESSION_EPOCH', sessionId: session.id, included: () => false }
    }
    const included = answers.map((answer, i) => {
      const partition = asked[i]
      return partition !== undefined && noteAnswer(session.interest, partition, answer)
    })
    return { error: 'NONE', sessionId: session.id, included: (index) => included[index] === true }
  }

  /** Of a fetch that nothing came of. */
  abandon(context: ServedContext): void {
    if (context.kind !== 'incremental') context.interest.close()
  }

  #continue(
    session: FetchSession,
    request: FetchRequest,
    topicName: (topicId: string) => string | undefined,
  ): FetchContext {
    const { interest } = session
    interest.update(request, topicName)
    if (interest.size === 0) {
      this.#end(session)
      return { kind: 'sessionless', interest }
    }
    this.#touch(session)
    const epoch = session.epoch
    session.epoch = nextEpoch(epoch)
    return { kind: 'incremental', interest, session, epoch }
  }

  #create(interest: FetchInterest, privileged: boolean, usesTopicIds: boolean): number {
    const nowMs = this.#options.clock.sessions.monotonicMs()
    if (this.#sessions.size >= this.#options.maxSessions && !this.#evict(privileged, interest.size, nowMs)) {
      interest.close()
      return noSession
    }
    const session: FetchSession = {
      id: this.#newId(),
      privileged,
      usesTopicIds,
      createdMs: nowMs,
      usedMs: nowMs,
      epoch: nextEpoch(firstEpoch),
      interest,
    }
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
      if (least === undefined || compareValue(session.privileged, session.interest.size, least) < 0) least = session
    }
    return least
  }

  #drop(session: FetchSession): true {
    this.#end(session)
    this.#evictions += 1
    return true
  }

  #end(session: FetchSession): void {
    this.#sessions.delete(session.id)
    session.interest.close()
  }
}

/** The broker that fetches as a follower; -1 for consumers. */
export const replicaOf = (request: FetchRequest): number =>
  request.replicaState.replicaId >= 0 ? request.replicaState.replicaId : request.replicaId

function compareValue(privileged: boolean, size: number, other: FetchSession): number {
  if (privileged !== other.privileged) return privileged ? 1 : -1
  return size - other.interest.size
}
