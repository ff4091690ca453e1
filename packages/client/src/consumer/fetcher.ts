import type { Connection } from '@millrace/connection'
import { responseError } from '@millrace/connection'
import { errorMessage } from '@millrace/kernel'
import type { ErrorName, FetchResponse } from '@millrace/protocol'
import { errorName, fetchApi } from '@millrace/protocol'
import { delay } from '../cluster/abort.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { backoffMs, isRetriableError } from '../cluster/retry.ts'
import { Chunk } from './chunk.ts'
import type { ConsumerSettings } from './consumer-settings.ts'
import type { Wanted } from './fetch-session.ts'
import { fetchBody, FetchSession, firstWithTopicIds } from './fetch-session.ts'
import type { PartitionState } from './partition-state.ts'

/** What a fetcher tells its consumer. */
export interface FetchEvents {
  /** Records came, or a partition moved on. */
  onData(): void
  /** The offset asked for isn't there (any more). */
  onOutOfRange(state: PartitionState): void
  /** Reading can't go on. */
  onFatal(error: unknown): void
}

const noTopicId = 'AAAAAAAAAAAAAAAAAAAAAA'
/** Less than this isn't worth a fetch: it waits until the loop has taken more. */
const worthFetchingBytes = 16 * 1024
/** Where a partition is left out because it has enough, the others wait no longer than this for more of theirs. */
const shortWaitMs = 10

const staleMetadata = new Set<ErrorName>([
  'NOT_LEADER_OR_FOLLOWER',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNKNOWN_TOPIC_ID',
  'INCONSISTENT_TOPIC_ID',
  'LEADER_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'KAFKA_STORAGE_ERROR',
  'OFFSET_NOT_AVAILABLE',
])

const brokenSession = new Set<ErrorName>([
  'FETCH_SESSION_ID_NOT_FOUND',
  'INVALID_FETCH_SESSION_EPOCH',
  'FETCH_SESSION_TOPIC_ID_ERROR',
])

/**
 * Fetches the partitions of a consumer from their leaders: one request at a time to each broker, never more in memory
 * than `fetchMaxBytes` and a batch.
 */
export class Fetcher {
  readonly #cluster: Cluster
  readonly #settings: ConsumerSettings
  readonly #states: ReadonlyMap<string, PartitionState>
  readonly #events: FetchEvents
  readonly #loops = new Set<number>()
  readonly #sessions = new Map<number, FetchSession>()
  readonly #stop = new AbortController()
  #reservedBytes = 0
  #lookingForLeaders = false
  #wakeAtMs = Infinity

  constructor(
    cluster: Cluster,
    settings: ConsumerSettings,
    states: ReadonlyMap<string, PartitionState>,
    events: FetchEvents,
  ) {
    this.#cluster = cluster
    this.#settings = settings
    this.#states = states
    this.#events = events
  }

  /** Something may be worth fetching that wasn't before. */
  wake(): void {
    if (this.#stop.signal.aborted) return
    this.#cluster.refreshWhenOld()
    const leaders = new Set<number>()
    for (const state of this.#states.values()) {
      if (!this.#isWanted(state)) continue
      const leader = this.#leaderOf(state)
      if (leader === undefined) this.#lookForLeaders()
      else leaders.add(leader)
    }
    for (const leader of leaders) if (!this.#loops.has(leader)) void this.#run(leader)
  }

  close(): void {
    this.#stop.abort(new Error('the consumer is closed'))
  }

  #nowMs(): number {
    return this.#cluster.settings.clock.monotonicMs()
  }

  #isWanted(state: PartitionState): boolean {
    if (state.paused || state.held || state.finished || state.resetting) return false
    if (state.bufferedBytes >= this.#settings.partitionFetchBytes) return false
    if (state.retryAtMs <= this.#nowMs()) return true
    this.#wakeAt(state.retryAtMs)
    return false
  }

  #leaderOf(state: PartitionState): number | undefined {
    const leader = this.#cluster.knownTopic(state.topic)?.partitions[state.partition]?.leader ?? -1
    return leader >= 0 && this.#cluster.image.brokers.has(leader) ? leader : undefined
  }

  #wakeAt(atMs: number): void {
    if (atMs >= this.#wakeAtMs) return
    this.#wakeAtMs = atMs
    delay(this.#cluster.settings.clock, Math.max(1, atMs - this.#nowMs()), this.#stop.signal)
      .then(() => {
        this.#wakeAtMs = Infinity
        return this.wake()
      })
      .catch((error: unknown) => this.#log('the fetcher stopped', error))
  }

  #lookForLeaders(): void {
    if (this.#lookingForLeaders) return
    this.#lookingForLeaders = true
    const topics = [...new Set([...this.#states.values()].map(({ topic }) => topic))]
    this.#cluster
      .refresh(topics, this.#stop.signal)
      .catch((error: unknown) => this.#log('metadata could not be refreshed', error))
      .then(() => {
        this.#lookingForLeaders = false
        // Not over and over: an election takes its time.
        const missing = [...this.#states.values()].some((state) => this.#leaderOf(state) === undefined)
        return missing ? this.#wakeAt(this.#nowMs() + this.#cluster.settings.retryBackoffMs) : this.wake()
      })
      .catch((error: unknown) => this.#log('the fetcher stopped', error))
  }

  async #run(broker: number): Promise<void> {
    this.#loops.add(broker)
    let failures = 0
    try {
      while (!this.#stop.signal.aborted) {
        const wanted = this.#wantedOf(broker)
        const freeBytes = this.#freeBytes()
        if (wanted.length === 0 || freeBytes < worthFetchingBytes) return
        try {
          await this.#fetch(broker, wanted, Math.min(freeBytes, this.#settings.fetchMaxBytes))
          failures = 0
        } catch (error) {
          failures += 1
          await this.#afterFailure(broker, wanted, error, failures)
        }
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#events.onFatal(error)
    } finally {
      this.#loops.delete(broker)
      // What became worth fetching while this loop was ending.
      if (!this.#stop.signal.aborted && this.#freeBytes() >= worthFetchingBytes) queueMicrotask(() => this.wake())
    }
  }

  async #afterFailure(broker: number, wanted: readonly Wanted[], error: unknown, failures: number): Promise<void> {
    this.#sessions.delete(broker)
    if (this.#stop.signal.aborted || !isRetriableError(error)) throw error
    this.#log(`a fetch from broker ${broker} failed`, error)
    for (const { state } of wanted) this.#cluster.invalidate(state.topic)
    await delay(this.#cluster.settings.clock, backoffMs(this.#cluster.settings, failures), this.#stop.signal)
    await this.#cluster.refresh([], this.#stop.signal)
  }

  #freeBytes(): number {
    let buffered = this.#reservedBytes
    for (const state of this.#states.values()) buffered += state.bufferedBytes
    return this.#settings.fetchMaxBytes - buffered
  }

  #wantedOf(broker: number): Wanted[] {
    const wanted: Wanted[] = []
    for (const state of this.#states.values()) {
      if (!this.#isWanted(state) || this.#leaderOf(state) !== broker) continue
      const topic = this.#cluster.knownTopic(state.topic)
      const leaderEpoch = topic?.partitions[state.partition]?.leaderEpoch ?? -1
      wanted.push({ state, topicId: topic?.topicId ?? noTopicId, leaderEpoch })
    }
    // The one that brought something longest ago comes first: the first is served even when it is too large.
    return wanted.toSorted((a, b) => a.state.bufferedBytes - b.state.bufferedBytes)
  }

  async #fetch(broker: number, wanted: readonly Wanted[], maxBytes: number): Promise<void> {
    this.#reservedBytes += maxBytes
    try {
      const connection = await this.#cluster.connection(broker, 'fetch', this.#stop.signal)
      const session = this.#sessions.get(broker) ?? new FetchSession()
      this.#sessions.set(broker, session)
      const plan = session.plan(wanted)
      const offsets = new Map(wanted.map(({ state }) => [state, state.fetchOffset]))
      const bounds = {
        maxWaitMs: this.#someHaveEnough()
          ? Math.min(shortWaitMs, this.#settings.fetchMaxWaitMs)
          : this.#settings.fetchMaxWaitMs,
        minBytes: this.#settings.fetchMinBytes,
        maxBytes,
        partitionMaxBytes: this.#settings.partitionFetchBytes,
        isolationLevel: this.#settings.isolationLevel === 'read_committed' ? 1 : 0,
      }
      const withIds = wanted.every(({ topicId }) => topicId !== noTopicId)
      const response = await connection.request(fetchApi, (version) => fetchBody(version, plan, bounds), {
        signal: this.#stop.signal,
        timeoutMs: this.#cluster.settings.requestTimeoutMs + bounds.maxWaitMs,
        versions: withIds ? {} : { max: firstWithTopicIds - 1 },
      })
      if (brokenSession.has(errorName(response.errorCode))) return session.reset()
      if (response.errorCode !== 0) throw this.#error(response.errorCode, connection)
      session.accepted(response.sessionId, wanted, offsets)
      this.#takeAll(response, wanted, offsets, connection)
    } finally {
      this.#reservedBytes -= maxBytes
    }
  }

  #someHaveEnough(): boolean {
    for (const state of this.#states.values()) {
      if (state.flowing && state.bufferedBytes >= this.#settings.partitionFetchBytes) return true
    }
    return false
  }

  #takeAll(
    response: FetchResponse,
    wanted: readonly Wanted[],
    offsets: ReadonlyMap<PartitionState, number>,
    connection: Connection,
  ): void {
    const byName = new Map(wanted.map((each) => [`${each.state.topic} ${each.state.partition}`, each]))
    const byId = new Map(wanted.map((each) => [`${each.topicId} ${each.state.partition}`, each]))
    let moved = false
    for (const { topic, topicId, partitions } of response.responses) {
      for (const answer of partitions) {
        const each =
          topic === ''
            ? byId.get(`${topicId} ${answer.partitionIndex}`)
            : byName.get(`${topic} ${answer.partitionIndex}`)
        if (each === undefined) continue
        const { state } = each
        // It was taken away or moved meanwhile: what came is of no use.
        const current = this.#states.get(`${state.topic}-${state.partition}`) === state
        if (!current || state.fetchOffset !== offsets.get(state) || state.resetting) continue
        moved = this.#take(state, answer, connection) || moved
      }
    }
    if (moved) this.#events.onData()
  }

  #take(
    state: PartitionState,
    answer: FetchResponse['responses'][number]['partitions'][number],
    connection: Connection,
  ): boolean {
    if (answer.errorCode !== 0) return this.#refused(state, answer.errorCode, connection)
    state.failures = 0
    const committedOnly = this.#settings.isolationLevel === 'read_committed'
    state.endOffset = committedOnly ? answer.lastStableOffset : answer.highWatermark
    if (answer.records === null || answer.records.length === 0) return false
    const aborted = committedOnly ? answer.abortedTransactions : null
    return state.add(new Chunk(state, answer.records, aborted, this.#settings))
  }

  #refused(state: PartitionState, code: number, connection: Connection): boolean {
    const error = errorName(code)
    if (error === 'OFFSET_OUT_OF_RANGE') {
      state.resetting = true
      this.#events.onOutOfRange(state)
      return false
    }
    const failure = this.#error(code, connection)
    if (!staleMetadata.has(error) && !failure.retriable) {
      this.#events.onFatal(failure)
      return false
    }
    state.failures += 1
    state.retryAtMs = this.#nowMs() + backoffMs(this.#cluster.settings, state.failures)
    this.#cluster.invalidate(state.topic)
    this.#log(`${state.topic}-${state.partition} can't be fetched now`, failure)
    return false
  }

  #error(code: number, connection: Connection): ReturnType<typeof responseError> {
    return responseError(code, undefined, { address: connection.address, api: fetchApi.name })
  }

  #log(message: string, error: unknown): void {
    if (!this.#stop.signal.aborted) this.#cluster.settings.logger.debug(message, { error: errorMessage(error) })
  }
}
