import type { BodyFor, Connection, RequestOptions } from '@millrace/connection'
import { BrokerError, responseError } from '@millrace/connection'
import { errorMessage } from '@millrace/kernel'
import type { Api } from '@millrace/protocol'
import { findCoordinatorApi, KafkaError, metadataApi } from '@millrace/protocol'
import type { ClientOptions } from '../client-options.ts'
import { abortable, whichever } from './abort.ts'
import type { Broker, ClusterImage, TopicImage } from './cluster-image.ts'
import { emptyImage, withMetadata } from './cluster-image.ts'
import type { Lane } from './connection-pool.ts'
import { ConnectionPool } from './connection-pool.ts'
import { retry } from './retry.ts'
import type { Address, Settings } from './settings.ts'
import { settingsOf } from './settings.ts'

interface Refresh {
  readonly names: ReadonlySet<string>
  readonly done: Promise<void>
}

export interface TopicOptions {
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number
  /** Whether the broker may create the topic. Default false. */
  readonly create?: boolean
}

/** The cluster as one client sees it: what it knows of brokers and topics, and its connections to them. */
export class Cluster {
  readonly settings: Settings
  readonly #pool: ConnectionPool
  readonly #wanted = new Set<string>()
  readonly #stale = new Set<string>()
  readonly #coordinators = new Map<string, Broker>()
  #image: ClusterImage = emptyImage
  #refresh: Refresh | undefined
  #refreshedAtMs = -Infinity
  #create = false

  constructor(options: ClientOptions) {
    this.settings = settingsOf(options)
    this.#pool = new ConnectionPool(this.settings)
  }

  get image(): ClusterImage {
    return this.#image
  }

  /** The topic if it is known and nothing has shown that to be out of date. */
  knownTopic(name: string): TopicImage | undefined {
    return this.#stale.has(name) ? undefined : this.#image.topics.get(name)
  }

  /** The topic, asked for where it isn't known. Rejects with UNKNOWN_TOPIC_OR_PARTITION when it isn't there in time. */
  async topic(name: string, options: TopicOptions = {}): Promise<TopicImage> {
    this.#create ||= options.create === true
    return retry(
      this.settings,
      async () => {
        const known = this.knownTopic(name)
        if (known !== undefined) return known
        await this.refresh([name], options.signal)
        const topic = this.#image.topics.get(name)
        if (topic !== undefined) return topic
        const error = this.#image.topicErrors.get(name) ?? 'UNKNOWN_TOPIC_OR_PARTITION'
        throw new KafkaError(error, `${error}: no metadata of topic '${name}'`)
      },
      options,
    )
  }

  /** Something has shown that what is known of the topic is out of date. */
  invalidate(name: string): void {
    this.#stale.add(name)
  }

  /** Forgets a topic: it is no longer asked for. */
  forget(name: string): void {
    this.#wanted.delete(name)
  }

  /** Asks for these topics and all that were asked for before. One answer serves everybody who waits. */
  refresh(names: readonly string[] = [], signal?: AbortSignal): Promise<void> {
    for (const name of names) this.#wanted.add(name)
    const running = this.#refresh
    if (running !== undefined && names.every((name) => running.names.has(name))) {
      return abortable(running.done, signal)
    }
    const done = this.#askMetadata([...this.#wanted]).finally(() => {
      if (this.#refresh === refresh) this.#refresh = undefined
    })
    const refresh: Refresh = { names: new Set(this.#wanted), done }
    this.#refresh = refresh
    return abortable(done, signal)
  }

  /** Starts a refresh in the background where the last one is older than `metadataMaxAgeMs`. */
  refreshWhenOld(): void {
    const { clock, metadataMaxAgeMs, logger } = this.settings
    if (clock.monotonicMs() - this.#refreshedAtMs < metadataMaxAgeMs || this.#refresh !== undefined) return
    this.#refreshedAtMs = clock.monotonicMs()
    this.refresh().catch((error: unknown) =>
      logger.warn('metadata could not be refreshed', { error: errorMessage(error) }),
    )
  }

  /** Every topic of the cluster. */
  async allTopics(signal?: AbortSignal): Promise<readonly TopicImage[]> {
    const response = await this.ask(metadataApi, { topics: null, allowAutoTopicCreation: false }, { signal })
    this.#apply(withMetadata(this.#image, response))
    return response.topics.flatMap(({ name }) => {
      const topic = name === null ? undefined : this.#image.topics.get(name)
      return topic === undefined ? [] : [topic]
    })
  }

  /** A connection to a broker by its id, which metadata has to know. */
  connection(brokerId: number, lane: Lane, signal?: AbortSignal): Promise<Connection> {
    const broker = this.#image.brokers.get(brokerId)
    if (broker !== undefined) return this.#pool.get(broker, lane, signal)
    return Promise.reject(new KafkaError('BROKER_NOT_AVAILABLE', `no address of broker ${brokerId} is known`))
  }

  connectionTo(address: Address, lane: Lane, signal?: AbortSignal): Promise<Connection> {
    return this.#pool.get(address, lane, signal)
  }

  /** A connection to whichever broker answers first: those that are known, then the ones to start from. */
  async anyConnection(signal?: AbortSignal): Promise<Connection> {
    const candidates = [...shuffled([...this.#image.brokers.values()]), ...shuffled(this.settings.bootstrap)]
    let last: unknown
    for (const candidate of candidates) {
      try {
        return await this.#pool.get(candidate, 'main', signal)
      } catch (error) {
        if (signal?.aborted === true) throw error
        last = error
      }
    }
    throw last
  }

  /** Asks any broker, retrying while there is time. */
  ask<Req, Res, ReqIn, ResIn>(
    api: Api<Req, Res, ReqIn, ResIn>,
    body: BodyFor<ReqIn>,
    options: Omit<RequestOptions, 'signal'> & { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Res> {
    const { signal, ...rest } = options
    return retry(
      this.settings,
      async () => {
        const connection = await this.anyConnection(signal)
        return connection.request(api, body, signal === undefined ? rest : { ...rest, signal })
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

  /** Set once the client is closed: ends what goes on in the background. */
  get closing(): AbortSignal {
    return this.#pool.closing
  }

  close(): void {
    this.#pool.close()
  }

  // Ended by nobody's signal but the client's own: others wait for it too.
  async #askMetadata(names: readonly string[]): Promise<void> {
    const topics = names.map((name) => ({ name }))
    const body = (version: number): { topics: { name: string }[] | null; allowAutoTopicCreation?: boolean } => ({
      // In version 0 an empty list means all; that version is too old for everything else here.
      topics,
      ...(version >= 4 ? { allowAutoTopicCreation: this.#create } : {}),
    })
    const response = await this.ask(metadataApi, body)
    this.#apply(withMetadata(this.#image, response))
    for (const name of names) this.#stale.delete(name)
    this.#refreshedAtMs = this.settings.clock.monotonicMs()
  }

  #apply(image: ClusterImage): void {
    const { clusterId } = this.#image
    if (clusterId !== null && image.clusterId !== null && clusterId !== image.clusterId) {
      this.settings.logger.warn('the brokers belong to another cluster now', { was: clusterId, now: image.clusterId })
    }
    this.#image = image
  }
}

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

/** The outcome's error of one of many things asked for. */
export const partError = (code: number, connection: Connection, api: string, detail?: string | null): BrokerError =>
  responseError(code, detail, { address: connection.address, api })
