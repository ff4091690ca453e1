import type { Clock, Random } from '@millrace/kernel'
import type { ErrorName, FetchRequest } from '@millrace/protocol'

type RequestedPartition = FetchRequest['topics'][number]['partitions'][number]

/** What a client asks of one partition, and what it was last told. A session keeps one of these per partition. */
export interface FetchPartition {
  /** Empty where the request names the topic by an id that nobody knows (yet). */
  topic: string
  readonly topicId: string
  readonly partition: number
  fetchOffset: number
  maxBytes: number
  /** -1 where the client doesn't say. */
  currentLeaderEpoch: number
  lastFetchedEpoch: number
  /** The follower's own log start; -1 from consumers. */
  logStartOffset: number
  sentHighWatermark: number
  sentLogStartOffset: number
}

/** What of an answer decides whether an incremental response has to carry the partition. */
export interface FetchAnswer {
  readonly errorCode: number
  readonly highWatermark: number
  readonly logStartOffset: number
  readonly sizeBytes: number
  readonly divergingEpoch?: object | undefined
}

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

export interface FetchSession {
  readonly id: number
  readonly privileged: boolean
  readonly usesTopicIds: boolean
  readonly createdMs: number
  /** In the order in which they are served: who was given records goes to the end, so that nobody starves. */
  readonly partitions: Map<string, FetchPartition>
  usedMs: number
  epoch: number
}

const firstEpoch = 0
const finalEpoch = -1
const noSession = 0
const maxEpoch = 0x7fffffff

const nextEpoch = (epoch: number): number => (epoch < 0 ? finalEpoch : epoch === maxEpoch ? 1 : epoch + 1)
const partitionKey = (topic: string, topicId: string, partition: number, usesTopicIds: boolean): string =>
  `${usesTopicIds ? topicId : topic}:${partition}`

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

function requested(
  request: FetchRequest,
  usesTopicIds: boolean,
  topicName: (topicId: string) => string | undefined,
): Map<string, FetchPartition> {
  const partitions = new Map<string, FetchPartition>()
  for (const topic of request.topics) {
    const name = usesTopicIds ? (topicName(topic.topicId) ?? '') : topic.topic
    for (const partition of topic.partitions) {
      const key = partitionKey(name, topic.topicId, partition.partition, usesTopicIds)
      partitions.set(key, newPartition(name, topic.topicId, partition))
    }
  }
  return partitions
}

function newPartition(topic: string, topicId: string, asked: RequestedPartition): FetchPartition {
  return {
    topic,
    topicId,
    partition: asked.partition,
    fetchOffset: asked.fetchOffset,
    maxBytes: asked.partitionMaxBytes,
    currentLeaderEpoch: asked.currentLeaderEpoch,
    lastFetchedEpoch: asked.lastFetchedEpoch,
    logStartOffset: asked.logStartOffset,
    sentHighWatermark: -1,
    sentLogStartOffset: -1,
  }
}

function addOrUpdate(session: FetchSession, key: string, asked: FetchPartition): void {
  const known = session.partitions.get(key)
  if (known === undefined) {
    session.partitions.set(key, asked)
    return
  }
  known.fetchOffset = asked.fetchOffset
  known.maxBytes = asked.maxBytes
  known.currentLeaderEpoch = asked.currentLeaderEpoch
  known.lastFetchedEpoch = asked.lastFetchedEpoch
  known.logStartOffset = asked.logStartOffset
}

// An error makes the high watermark that was sent invalid, so that the partition is sent again when the error is gone.
function noteAnswer(session: FetchSession, partition: FetchPartition, answer: FetchAnswer): boolean {
  const failed = answer.errorCode !== 0
  const moved =
    partition.sentHighWatermark !== answer.highWatermark || partition.sentLogStartOffset !== answer.logStartOffset
  partition.sentHighWatermark = failed ? -1 : answer.highWatermark
  partition.sentLogStartOffset = answer.logStartOffset
  if (answer.sizeBytes > 0) moveToEnd(session, partition)
  return failed || moved || answer.sizeBytes > 0 || answer.divergingEpoch !== undefined
}

function moveToEnd(session: FetchSession, partition: FetchPartition): void {
  const key = partitionKey(partition.topic, partition.topicId, partition.partition, session.usesTopicIds)
  if (session.partitions.get(key) !== partition) return
  session.partitions.delete(key)
  session.partitions.set(key, partition)
}
