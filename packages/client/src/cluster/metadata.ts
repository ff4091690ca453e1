import type { Connection } from '@millrace/connection'
import { BrokerError, responseError } from '@millrace/connection'
import { errorMessage } from '@millrace/kernel'
import type { KafkaError, MetadataResponse } from '@millrace/protocol'
import { errorName, metadataApi } from '@millrace/protocol'
import { abortable } from './abort.ts'
import type { ClusterImage, TopicImage } from './cluster-image.ts'
import { emptyImage, withMetadata } from './cluster-image.ts'
import { followHint, type LeaderHint } from './leader-hints.ts'
import { retry } from './retry.ts'
import type { Settings } from './settings.ts'

/** One request for metadata: open for more names until it goes out. */
interface Batch {
  readonly names: Set<string>
  /** Whether it asks for every topic that was ever asked for. */
  all: boolean
  readonly done: Promise<void>
}

interface Answer {
  readonly response: MetadataResponse
  readonly connection: Connection
}

/**
 * What is known of the cluster, and when to ask again. At most one request is out at a time, and one more collects what
 * is asked for meanwhile: a thousand topics that are wanted at once cost two requests.
 */
export class Metadata {
  readonly #settings: Settings
  readonly #connect: () => Promise<Connection>
  readonly #closing: AbortSignal
  readonly #wanted = new Set<string>()
  readonly #stale = new Set<string>()
  #image: ClusterImage = emptyImage
  #out: Batch | undefined
  #next: Batch | undefined
  #refreshedAtMs = -Infinity
  /** After a refresh in the background that failed. */
  #notBeforeMs = -Infinity
  #failingSinceMs: number | undefined
  #failure: KafkaError | undefined
  /** Topics that are idle are forgotten when all are asked for. */
  isIdle: (name: string) => boolean = () => false
  /** Whether brokers may create topics that are asked for. */
  create = false

  constructor(settings: Settings, connect: () => Promise<Connection>, closing: AbortSignal) {
    this.#settings = settings
    this.#connect = connect
    this.#closing = closing
  }

  get image(): ClusterImage {
    return this.#image
  }

  /** What the last attempt to ask failed of, while there was no answer since. */
  get failure(): KafkaError | undefined {
    return this.#failure
  }

  /** How long ago an answer came about all topics in use, in ms; Infinity before the first. */
  get ageMs(): number {
    return this.#settings.clock.monotonicMs() - this.#refreshedAtMs
  }

  /** The topic if it is known and nothing has shown that to be out of date. */
  known(name: string): TopicImage | undefined {
    return this.#stale.has(name) ? undefined : this.#image.topics.get(name)
  }

  invalidate(name: string): void {
    this.#stale.add(name)
  }

  forget(name: string): void {
    this.#wanted.delete(name)
    this.#stale.delete(name)
    if (!this.#image.topics.has(name)) return
    const topics = new Map(this.#image.topics)
    topics.delete(name)
    this.#image = { ...this.#image, topics }
  }

  /** Asks for these topics; without names for all that were ever asked for. One answer serves everybody who waits. */
  refresh(names: readonly string[], signal?: AbortSignal): Promise<void> {
    for (const name of names) this.#wanted.add(name)
    const out = this.#out
    const isOut = out !== undefined && (out.all || names.length > 0) && names.every((name) => out.names.has(name))
    if (out !== undefined && isOut) return abortable(out.done, signal)
    this.#next ??= this.#collect()
    for (const name of names) this.#next.names.add(name)
    this.#next.all ||= names.length === 0
    return abortable(this.#next.done, signal)
  }

  /** Starts a refresh in the background where the last one is older than `metadataMaxAgeMs`. */
  refreshWhenOld(): void {
    if (this.ageMs < this.#settings.metadataMaxAgeMs || this.#out !== undefined || this.#next !== undefined) return
    const { clock, logger, retryBackoffMaxMs } = this.#settings
    if (clock.monotonicMs() < this.#notBeforeMs) return
    this.refresh([]).catch((error: unknown) => {
      this.#notBeforeMs = clock.monotonicMs() + retryBackoffMaxMs
      if (!this.#closing.aborted) logger.warn('metadata could not be refreshed', { error: errorMessage(error) })
    })
  }

  /** Takes in an answer that somebody else asked for. */
  apply(response: MetadataResponse, { address }: Pick<Connection, 'address'>): void {
    const image = withMetadata(this.#image, response, address)
    const { clusterId } = this.#image
    if (clusterId !== null && image.clusterId !== null && clusterId !== image.clusterId) {
      const fields = { was: clusterId, now: image.clusterId }
      this.#settings.logger.warn('the brokers belong to another cluster now', fields)
    }
    this.#image = image
  }

  /** Takes in who leads a partition, as a refusal says it. True where that broker may be asked at once. */
  follow(hint: LeaderHint): boolean {
    const { clock, retryBackoffMs } = this.#settings
    const { image, atOnce } = followHint(this.#image, hint, clock.monotonicMs(), retryBackoffMs)
    this.#image = image
    return atOnce
  }

  // What is asked for in one turn goes together, and behind the request that is out.
  #collect(): Batch {
    const before = this.#out?.done ?? Promise.resolve()
    const send = (): Promise<void> => this.#send(batch)
    const batch: Batch = { names: new Set(), all: false, done: before.then(send, send) }
    return batch
  }

  async #send(batch: Batch): Promise<void> {
    this.#next = undefined
    this.#out = batch
    if (batch.all) {
      for (const name of this.#wanted) if (!batch.names.has(name) && this.isIdle(name)) this.forget(name)
      for (const name of this.#wanted) batch.names.add(name)
    }
    try {
      const { response, connection } = await this.#ask([...batch.names])
      // What nobody asked for isn't kept.
      const topics = response.topics.filter(({ name }) => name !== null && batch.names.has(name))
      this.apply({ ...response, topics }, connection)
      for (const name of batch.names) this.#stale.delete(name)
      const isWhole = [...this.#wanted].every((name) => batch.names.has(name))
      if (isWhole) this.#refreshedAtMs = this.#settings.clock.monotonicMs()
    } finally {
      this.#out = undefined
    }
  }

  // Ended by nobody's signal but the client's own: others wait for it too.
  async #ask(names: readonly string[]): Promise<Answer> {
    const topics = names.map((name) => ({ name }))
    const body = (version: number): { topics: { name: string }[] | null; allowAutoTopicCreation?: boolean } => ({
      // In version 0 an empty list means all; that version is too old for everything else here.
      topics,
      ...(version >= 4 ? { allowAutoTopicCreation: this.create } : {}),
    })
    const ask = async (): Promise<Answer> => {
      const connection = await this.#connect()
      const response = await connection.request(metadataApi, body, { signal: this.#closing })
      this.#check(response, connection)
      this.#failingSinceMs = undefined
      this.#failure = undefined
      return { response, connection }
    }
    return retry(this.#settings, ask, { signal: this.#closing, onFailure: (error) => this.#failed(error) })
  }

  #check(response: MetadataResponse, { address }: Connection): void {
    const source = { address, api: metadataApi.name }
    if (errorName(response.errorCode) === 'REBOOTSTRAP_REQUIRED') {
      this.#rebootstrap('a broker asks for it')
      throw new BrokerError('REBOOTSTRAP_REQUIRED', 'the broker sends us away', source, { retriable: true })
    }
    if (response.errorCode !== 0) throw responseError(response.errorCode, null, source)
    // A broker that has just started may know nobody yet.
    if (response.brokers.length > 0) return
    throw new BrokerError('BROKER_NOT_AVAILABLE', 'the broker knows of no brokers', source, { retriable: true })
  }

  #failed(error: KafkaError): void {
    this.#failure = error
    const nowMs = this.#settings.clock.monotonicMs()
    this.#failingSinceMs ??= nowMs
    const failingMs = nowMs - this.#failingSinceMs
    if (failingMs >= this.#settings.rebootstrapTriggerMs) this.#rebootstrap(`no metadata for ${failingMs} ms`)
  }

  /** Forgets the brokers, so that the ones to start from are asked (KIP-899, KIP-1102). */
  #rebootstrap(why: string): void {
    if (this.#settings.metadataRecovery === 'none') return
    this.#settings.logger.info('starting anew from bootstrapServers', { why })
    this.#failingSinceMs = undefined
    this.#image = { ...this.#image, brokers: new Map(), controllerId: -1 }
  }
}
