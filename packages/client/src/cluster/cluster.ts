import type { BodyFor, Connection, RequestOptions } from '@millrace/connection'
import { BrokerError, responseError } from '@millrace/connection'
import type { Api, ErrorName } from '@millrace/protocol'
import { findCoordinatorApi, KafkaError, metadataApi } from '@millrace/protocol'
import type { ClientOptions } from '../client-options.ts'
import { whichever } from './abort.ts'
import { bootstrapAddresses } from './bootstrap.ts'
import type { Broker, ClusterImage, TopicImage } from './cluster-image.ts'
import { type ClientMetrics, clientMetrics } from './client-metrics.ts'
import type { Lane } from './connection-pool.ts'
import { ConnectionPool } from './connection-pool.ts'
import type { FetchMemory } from './fetch-memory.ts'
import { hintedErrors, type LeaderHint } from './leader-hints.ts'
import { Metadata } from './metadata.ts'
import { isRetriableError, retry } from './retry.ts'
import type { Address, Settings } from './settings.ts'
import { settingsOf } from './settings.ts'

export interface TopicOptions {
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number
  /** False for who has a deadline of their own. Default true. */
  readonly interrupts?: boolean
  /** Whether the broker may create the topic. Default false. */
  readonly create?: boolean
}

type AskOptions = Omit<RequestOptions, 'signal'> & { readonly signal?: AbortSignal | undefined }

/** The cluster as one client sees it: what it knows of brokers and topics, and its connections to them. */
export class Cluster {
  readonly settings: Settings
  readonly #pool: ConnectionPool
  readonly #metadata: Metadata
  readonly #coordinators = new Map<string, Broker>()

  constructor(options: ClientOptions) {
    this.settings = settingsOf(options)
    this.#pool = new ConnectionPool(this.settings)
    this.#metadata = new Metadata(this.settings, () => this.anyConnection(this.closing), this.closing)
  }

  get image(): ClusterImage {
    return this.#metadata.image
  }

  /** The topic if it is known and nothing has shown that to be out of date. */
  knownTopic(name: string): TopicImage | undefined {
    return this.#metadata.known(name)
  }

  /** The topic, asked for where it isn't known. Rejects with UNKNOWN_TOPIC_OR_PARTITION when it isn't there in time. */
  async topic(name: string, options: TopicOptions = {}): Promise<TopicImage> {
    this.#metadata.create ||= options.create === true
    return retry(
      this.settings,
      async () => {
        const known = this.knownTopic(name)
        if (known !== undefined) return known
        await this.refresh([name], options.signal)
        const topic = this.image.topics.get(name)
        if (topic !== undefined) return topic
        throw this.image.topicErrors.get(name) ?? leftOut(name)
      },
      { ...options, blockedBy: () => this.#metadata.failure },
    )
  }

  /** Something has shown that what is known of the topic is out of date. */
  invalidate(name: string): void {
    this.#metadata.invalidate(name)
  }

  /**
   * A broker has refused a request for a partition, and may have said who leads it (KIP-951). True where that one may be
   * asked at once; else metadata is to be asked for first, after a pause.
   */
  refused(error: ErrorName, hint: LeaderHint): boolean {
    return hintedErrors.has(error) && this.#metadata.follow(hint)
  }

  /** Which topics to forget when all are asked for: those that nobody has used for long. */
  set isIdle(isIdle: (name: string) => boolean) {
    this.#metadata.isIdle = isIdle
  }

  /** Forgets a topic: it is no longer asked for, or known. */
  forget(name: string): void {
    this.#metadata.forget(name)
  }

  /** Asks for these topics; without names for all that were ever asked for. One answer serves everybody who waits. */
  refresh(names: readonly string[] = [], signal?: AbortSignal): Promise<void> {
    return this.#metadata.refresh(names, signal)
  }

  /** What the last attempt to ask for metadata failed of, while there was no answer since. */
  get metadataFailure(): KafkaError | undefined {
    return this.#metadata.failure
  }

  /** Starts a refresh in the background where the last one is older than `metadataMaxAgeMs`. */
  refreshWhenOld(): void {
    this.#metadata.refreshWhenOld()
  }

  /** Every topic of the cluster. */
  async allTopics(signal?: AbortSignal): Promise<readonly TopicImage[]> {
    const body = { topics: null, allowAutoTopicCreation: false }
    const { response, connection } = await this.#answer(metadataApi, body, { signal })
    this.#metadata.apply(response, connection)
    return response.topics.flatMap(({ name }) => {
      const topic = name === null ? undefined : this.image.topics.get(name)
      return topic === undefined ? [] : [topic]
    })
  }

  /** A connection to a broker by its id, which metadata has to know. */
  connection(brokerId: number, lane: Lane, signal?: AbortSignal): Promise<Connection> {
    const broker = this.image.brokers.get(brokerId)
    if (broker !== undefined) return this.#pool.get(broker, lane, signal)
    const message = `BROKER_NOT_AVAILABLE: no address of broker ${brokerId} is known`
    return Promise.reject(new KafkaError('BROKER_NOT_AVAILABLE', message, { retriable: true }))
  }

  /** Where answers on the lane `fetch` lie. */
  get fetchMemory(): FetchMemory {
    return this.#pool.fetchMemory
  }

  connectionTo(address: Address, lane: Lane, signal?: AbortSignal): Promise<Connection> {
    return this.#pool.get(address, lane, signal)
  }

  /**
   * A connection to any broker: one that is open, the least busy first; then those that are known, then the ones to
   * start from; last those that could not be reached a moment ago.
   */
  async anyConnection(signal?: AbortSignal): Promise<Connection> {
    let last: unknown
    for (const candidate of await this.#candidates()) {
      try {
        return await this.#pool.get(candidate, 'main', signal)
      } catch (error) {
        if (signal?.aborted === true || !isRetriableError(error)) throw error
        last = error
      }
    }
    throw last
  }

  async #candidates(): Promise<readonly Address[]> {
    const known = [...this.image.brokers.values()]
    const start = known.length === 0 || this.settings.metadataRecovery === 'rebootstrap'
    const bootstrap = start ? await bootstrapAddresses(this.settings) : []
    return [...shuffled(known), ...shuffled(bootstrap)]
      .map((address) => ({ address, distance: this.#pool.distance(address) }))
      .toSorted((a, b) => order(a.distance) - order(b.distance) || a.distance.outstanding - b.distance.outstanding)
      .map(({ address }) => address)
  }

  /** Asks any broker, retrying while there is time. */
  async ask<Req, Res, ReqIn, ResIn>(
    api: Api<Req, Res, ReqIn, ResIn>,
    body: BodyFor<ReqIn>,
    options: AskOptions = {},
  ): Promise<Res> {
    const { response } = await this.#answer(api, body, options)
    return response
  }

  #answer<Req, Res, ReqIn, ResIn>(
    api: Api<Req, Res, ReqIn, ResIn>,
    body: BodyFor<ReqIn>,
    { signal, ...rest }: AskOptions,
  ): Promise<{ readonly response: Res; readonly connection: Connection }> {
    return retry(
      this.settings,
      async () => {
        const connection = await this.anyConnection(signal)
        const response = await connection.request(api, body, signal === undefined ? rest : { ...rest, signal })
        return { response, connection }
      },
      { signal: whichever(signal, this.#pool.closing) },
    )
  }

  /** The broker that coordinates the group, asked for where it isn't known. */
  async coordinator(groupId: string, signal?: AbortSignal): Promise<Broker> {
    const known = this.#coordinators.get(groupId)
    if (known !== undefined) return known
    const connection = await this.anyConnection(signal)
    const response = await connection.request(
      findCoordinatorApi,
      (version) => (version >= 4 ? { keyType: 0, coordinatorKeys: [groupId] } : { key: groupId, keyType: 0 }),
      signal === undefined ? {} : { signal },
    )
    const found = response.coordinators[0] ?? response
    const source = { address: connection.address, api: findCoordinatorApi.name }
    if (found.errorCode !== 0) throw responseError(found.errorCode, found.errorMessage, source)
    const broker: Broker = { id: found.nodeId, host: found.host, port: found.port, rack: null }
    this.#coordinators.set(groupId, broker)
    return broker
  }

  forgetCoordinator(groupId: string): void {
    this.#coordinators.delete(groupId)
  }

  /** What went over the connections so far. */
  metrics(): ClientMetrics {
    return clientMetrics(this.#pool.traffic, this.#metadata.ageMs)
  }

  /** Set once the client is closed: ends what goes on in the background. */
  get closing(): AbortSignal {
    return this.#pool.closing
  }

  close(): void {
    this.#pool.close()
  }
}

const leftOut = (name: string): KafkaError =>
  new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `UNKNOWN_TOPIC_OR_PARTITION: no metadata of topic '${name}'`)

/** 0 where a connection is open, 1 where one may be made, and more the longer that has to wait. */
const order = ({ open, waitMs }: { readonly open: boolean; readonly waitMs: number }): number => (open ? 0 : 1 + waitMs)

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ item }) => item)
}

/** Throws where a response says that the request as a whole failed. */
export function throwOnError(code: number, connection: Connection, api: string, detail?: string | null): void {
  if (code !== 0) throw responseError(code, detail, { address: connection.address, api })
}

/** The outcome's error of one of many things asked for; `about` says which. */
export const partError = (
  code: number,
  connection: Connection,
  api: string,
  detail?: string | null,
  about?: string,
): BrokerError =>
  responseError(code, detail, { address: connection.address, api, ...(about !== undefined && { about }) })
