import type { Connection } from '@millrace/connection'
import { BadResponseError, responseError } from '@millrace/connection'
import { errorMessage } from '@millrace/kernel'
import type { ErrorName, FetchResponse } from '@millrace/protocol'
import { errorName, fetchApi } from '@millrace/protocol'
import { delay } from '../../cluster/abort.ts'
import { backoffMs, isRetriableError } from '../../cluster/retry.ts'
import type { ConsumerContext } from '../consumer-context.ts'
import { checkEpoch, needsEpochCheck } from '../offsets/epoch-check.ts'
import type { PartitionState } from '../reading/partition-state.ts'
import type { Asked } from './fetch-answers.ts'
import { takeAnswers } from './fetch-answers.ts'
import { closeSessions } from './close-sessions.ts'
import type { FetchBounds, FetchPlan, Wanted } from './fetch-session.ts'
import { answerBytesMax, fetchBody, FetchSession, firstWithTopicIds, planOnce } from './fetch-session.ts'
import { FetchRoom } from './fetch-room.ts'
import type { Source } from './fetch-sources.ts'
import { hasTopicId, sourceOf } from './fetch-sources.ts'

const brokenSession = new Set<ErrorName>([
  'FETCH_SESSION_ID_NOT_FOUND',
  'INVALID_FETCH_SESSION_EPOCH',
  'FETCH_SESSION_TOPIC_ID_ERROR',
])

/**
 * Fetches the partitions of a consumer: one request at a time to each broker, never more in memory than `fetchMaxBytes`
 * and a batch.
 */
export class Fetcher {
  readonly #context: ConsumerContext
  readonly #room: FetchRoom
  readonly #loops = new Set<number>()
  readonly #sessions = new Map<number, FetchSession>()
  /** Brokers that have been asked and haven't answered: they may wait for records. */
  readonly #asked = new Set<number>()
  #lookingForLeaders = false
  #wakeAtMs = Infinity

  constructor(context: ConsumerContext) {
    this.#context = context
    this.#room = new FetchRoom(context)
  }

  /** Something may be worth fetching that wasn't before. */
  wake(): void {
    const { cluster, partitions, stop } = this.#context
    if (stop.aborted) return
    this.#room.taken()
    cluster.refreshWhenOld()
    const brokers = new Set<number>()
    const hurried = new Set<number>()
    for (const state of partitions) {
      const source = this.#wantedFrom(state)
      if (source === undefined) continue
      brokers.add(source.broker)
      if (state.hurries && this.#asked.has(source.broker)) hurried.add(source.broker)
    }
    this.#room.brokers = Math.max(this.#sessions.size, brokers.size)
    for (const broker of brokers) if (!this.#loops.has(broker)) void this.#run(broker)
    for (const broker of hurried) void this.#fetchAside(broker)
  }

  /** Tells brokers that they may forget us. Never rejects. */
  closeSessions(): Promise<void> {
    return closeSessions(this.#context.cluster, this.#sessions)
  }

  #nowMs(): number {
    return this.#context.cluster.settings.clock.monotonicMs()
  }

  // Where the partition should be fetched from now; undefined where it shouldn't, or something has to happen before.
  #wantedFrom(state: PartitionState): Source | undefined {
    if (state.paused || state.held || state.finished || state.resetting) return undefined
    if (state.bufferedBytes >= this.#context.settings.partitionFetchBytes) {
      // Once it has room again it doesn't wait for a fetch of others.
      state.hurries ||= this.#room.isSlow
      return undefined
    }
    const nowMs = this.#nowMs()
    if (state.retryAtMs > nowMs) {
      this.#wakeAt(state.retryAtMs)
      return undefined
    }
    const source = this.#sourceOf(state)
    if (source === undefined) this.#lookForLeaders()
    else if (needsEpochCheck(state, source.leaderEpoch)) void checkEpoch(this.#context, state, source.leaderEpoch)
    else return source
    return undefined
  }

  #sourceOf(state: PartitionState): Source | undefined {
    return sourceOf(this.#context.cluster, state, this.#nowMs())
  }

  #wakeAt(atMs: number): void {
    if (atMs >= this.#wakeAtMs) return
    this.#wakeAtMs = atMs
    const { cluster, stop } = this.#context
    delay(cluster.settings.clock, Math.max(1, atMs - this.#nowMs()), stop)
      .then(() => {
        this.#wakeAtMs = Infinity
        return this.wake()
      })
      .catch((error: unknown) => this.#log('the fetcher stopped', error))
  }

  #lookForLeaders(): void {
    if (this.#lookingForLeaders) return
    this.#lookingForLeaders = true
    const { cluster, partitions, stop } = this.#context
    const topics = [...new Set(Array.from(partitions, ({ topic }) => topic))]
    cluster
      .refresh(topics, stop)
      .catch((error: unknown) => this.#log('metadata could not be refreshed', error))
      .then(() => {
        this.#lookingForLeaders = false
        // Not over and over: an election takes its time.
        const missing = Array.from(partitions).some((state) => this.#sourceOf(state) === undefined)
        return missing ? this.#wakeAt(this.#nowMs() + cluster.settings.retryBackoffMs) : this.wake()
      })
      .catch((error: unknown) => this.#log('the fetcher stopped', error))
  }

  async #run(broker: number): Promise<void> {
    const { stop } = this.#context
    this.#loops.add(broker)
    let failures = 0
    let answeredAtMs = this.#nowMs()
    try {
      while (!stop.aborted) {
        const wanted = this.#wantedOf(broker)
        const maxBytes = Math.min(this.#room.freeBytes(), this.#room.shareOf(wanted.length))
        if (wanted.length === 0 || maxBytes < this.#room.worthBytes) return
        const putOffMs = this.#room.putOffMs(wanted, maxBytes, answeredAtMs)
        if (putOffMs > 0) {
          await this.#room.whenTaken(putOffMs)
          continue
        }
        try {
          await this.#fetch(broker, wanted, maxBytes)
          failures = 0
        } catch (error) {
          failures += 1
          await this.#afterFailure(broker, wanted, error, failures)
        }
        answeredAtMs = this.#nowMs()
      }
    } catch (error) {
      if (!stop.aborted) this.#context.fail(error)
    } finally {
      this.#loops.delete(broker)
      // What became worth fetching while this loop was ending.
      if (!stop.aborted && this.#room.freeBytes() >= this.#room.worthBytes) queueMicrotask(() => this.wake())
    }
  }

  async #afterFailure(broker: number, wanted: readonly Wanted[], error: unknown, failures: number): Promise<void> {
    const { cluster, stop } = this.#context
    this.#sessions.get(broker)?.reset()
    if (stop.aborted || !isRetriableError(error)) throw error
    this.#log(`a fetch from broker ${broker} failed`, error)
    for (const { state } of wanted) {
      if (state.readFrom?.broker === broker) state.readFrom = undefined
      cluster.invalidate(state.topic)
    }
    await delay(cluster.settings.clock, backoffMs(cluster.settings, failures), stop)
    // However long it takes: a consumer outlives an outage.
    await cluster.refresh([], stop).catch((why: unknown) => this.#log('metadata could not be refreshed', why))
  }

  #wantedOf(broker: number): Wanted[] {
    const wanted: Wanted[] = []
    for (const state of this.#context.partitions) {
      const source = this.#wantedFrom(state)
      if (source?.broker === broker) wanted.push({ state, topicId: source.topicId, leaderEpoch: source.leaderEpoch })
    }
    // The one that brought something longest ago comes first: the first is served even when it is too large.
    return wanted.toSorted((a, b) => a.state.bufferedBytes - b.state.bufferedBytes)
  }

  async #fetch(broker: number, wanted: readonly Wanted[], maxBytes: number): Promise<void> {
    const { cluster, stop } = this.#context
    this.#room.take(maxBytes)
    try {
      const connection = await cluster.connection(broker, 'fetch', stop)
      const session = this.#sessions.get(broker) ?? new FetchSession()
      this.#sessions.set(broker, session)
      const asked = askedOf(broker, wanted)
      const sentAtMs = this.#nowMs()
      this.#asked.add(broker)
      const bounds = this.#bounds(maxBytes, this.#room.nextWaitMs())
      const response = await this.#request(connection, session.plan(wanted), wanted, bounds)
      this.#context.counts.fetched(this.#nowMs() - sentAtMs)
      if (brokenSession.has(errorName(response.errorCode))) return session.reset()
      throwRefused(response, connection)
      session.accepted(response.sessionId, wanted, asked.offsets)
      for (const { state, leaderEpoch } of wanted) state.checkedEpoch = leaderEpoch
      this.#take(response, asked, connection)
    } finally {
      this.#asked.delete(broker)
      this.#room.give(maxBytes)
    }
  }

  // What a seek, a resume or an assignment asks for comes at once, while the broker waits for records of other places.
  async #fetchAside(broker: number): Promise<void> {
    const wanted = this.#wantedOf(broker).filter(({ state }) => state.hurries)
    const maxBytes = Math.min(this.#room.freeBytes(), this.#room.shareOf(wanted.length))
    if (wanted.length === 0 || maxBytes < this.#room.worthBytes) return
    const { cluster, stop } = this.#context
    this.#room.take(maxBytes)
    for (const { state } of wanted) state.hurries = false
    try {
      const connection = await cluster.connection(broker, 'main', stop)
      const asked = askedOf(broker, wanted)
      const response = await this.#request(connection, planOnce(wanted), wanted, this.#bounds(maxBytes, 0))
      throwRefused(response, connection)
      this.#take(response, asked, connection)
    } catch (error) {
      // The fetch that waits with the broker, or the one after it, brings what this one didn't.
      this.#log(`a fetch aside from broker ${broker} failed`, error)
    } finally {
      this.#room.give(maxBytes)
    }
  }

  #take(response: FetchResponse, asked: Asked, connection: Connection): void {
    if (takeAnswers(this.#context, response, asked, connection)) this.#context.wake()
    // Another broker is to be asked from now on: a replica that is near, or a new leader.
    else if (asked.wanted.some(({ state }) => this.#sourceOf(state)?.broker !== asked.broker)) this.wake()
  }

  #bounds(maxBytes: number, maxWaitMs: number): FetchBounds {
    const { settings } = this.#context
    return {
      maxWaitMs,
      minBytes: settings.fetchMinBytes,
      maxBytes,
      partitionMaxBytes: settings.partitionFetchBytes,
      isolationLevel: settings.isolationLevel === 'read_committed' ? 1 : 0,
      rackId: settings.clientRack,
    }
  }

  #request(
    connection: Connection,
    plan: FetchPlan,
    wanted: readonly Wanted[],
    bounds: FetchBounds,
  ): Promise<FetchResponse> {
    const { settings, cluster, stop } = this.#context
    return connection.request(fetchApi, (version) => fetchBody(version, plan, bounds), {
      signal: stop,
      timeoutMs: cluster.settings.requestTimeoutMs + bounds.maxWaitMs,
      responseBytesMax: answerBytesMax(bounds, settings.decompressedBytesMax, wanted.length),
      versions: wanted.every(hasTopicId) ? {} : { max: firstWithTopicIds - 1 },
    })
  }

  #log(message: string, error: unknown): void {
    const { stop, cluster } = this.#context
    if (stop.aborted) return
    // What is no answer is no outage that passes by itself: somebody should look at it.
    const level = error instanceof BadResponseError ? 'warn' : 'debug'
    cluster.settings.logger[level](message, { error: errorMessage(error) })
  }
}

function throwRefused({ errorCode }: FetchResponse, { address }: Connection): void {
  if (errorCode !== 0) throw responseError(errorCode, undefined, { address, api: fetchApi.name })
}

// From here on the fetch has what hurried.
function askedOf(broker: number, wanted: readonly Wanted[]): Asked {
  for (const { state } of wanted) state.hurries = false
  return { broker, wanted, offsets: new Map(wanted.map(({ state }) => [state, state.fetchOffset])) }
}
