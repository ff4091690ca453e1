import type { Socket } from 'node:net'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { Clock } from '@millrace/kernel'
import { errorMessage } from '@millrace/kernel'
import type { AnyApi, Api } from '@millrace/protocol'
import {
  apiVersionsApi,
  decodeResponse,
  encodeRequest,
  errorCode,
  saslAuthenticateApi,
  saslHandshakeApi,
} from '@millrace/protocol'
import type { TakeMemory } from './answer-memory.ts'
import { answerMemory } from './answer-memory.ts'
import type { BrokerVersions, VersionRange } from './api-versions.ts'
import { brokerVersions, chooseVersion, decodeApiVersions, fallbackVersion } from './api-versions.ts'
import { BadResponseError, ConnectionClosedError, responseError } from './broker-error.ts'
import { isTraced, traced } from './diagnostics.ts'
import { systemClock } from './host-clock.ts'
import { Pipeline } from './pipeline.ts'
import { authenticate, notSasl } from './sasl/authenticate.ts'
import type { SaslOptions } from './sasl/sasl-options.ts'
import { addressOf, openSocket } from './socket.ts'
import { Traffic } from './traffic.ts'

export interface ConnectionOptions {
  readonly host: string
  readonly port: number
  readonly clientId?: string | null
  readonly tls?: boolean | TlsOptions
  /** Who we are, where the listener asks. */
  readonly sasl?: SaslOptions | undefined
  /** How long connecting may take; default 10,000 ms. */
  readonly connectTimeoutMs?: number
  /** How long an answer may take where a request says nothing else; default 30,000 ms. */
  readonly requestTimeoutMs?: number
  /** Requests on the wire at one time; more wait their turn. Default 100. */
  readonly inFlightMax?: number
  /** The largest response taken; default 256 MiB. */
  readonly responseBytesMax?: number
  /** Where an answer goes that comes in pieces, for who uses its memory again; default new memory for each. */
  readonly takeMemory?: TakeMemory
  readonly clientSoftwareName?: string
  readonly clientSoftwareVersion?: string
  readonly clock?: Clock
  readonly signal?: AbortSignal
  /** Where what goes over the connection is counted. */
  readonly traffic?: Traffic
}

export interface RequestOptions {
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** The largest answer taken, where it is known better than by the connection's `responseBytesMax`. */
  readonly responseBytesMax?: number
  /** Versions that the caller can live with; default all that we know. */
  readonly versions?: Partial<VersionRange>
}

/** A body, or how to make it once the version is chosen. */
export type BodyFor<Input> = Input | ((version: number) => Input)

type NamedApi = Pick<AnyApi, 'key' | 'name' | 'minVersion' | 'maxVersion'>

const correlationIdBytes = 4
// Apache Kafka takes a second handshake within a second of the last for a mistake.
const reauthenticationPauseMsMin = 1_100

const defaults = {
  connectTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  inFlightMax: 100,
  responseBytesMax: 256 * 1024 * 1024,
  clientSoftwareName: 'millrace',
  clientSoftwareVersion: '0.1.0',
}

/**
 * One connection to one broker. Requests are pipelined and answered in order; whatever breaks that order (a wrong
 * correlation id, bytes that don't decode, no answer in time) closes the connection and rejects all that wait.
 */
export class Connection {
  readonly address: string
  readonly #options: ConnectionOptions & typeof defaults
  readonly #clock: Clock
  readonly #traffic: Traffic
  readonly #pipeline: Pipeline
  readonly #closed = new AbortController()
  #versions: BrokerVersions = new Map()
  /** When the next request authenticates anew first (KIP-368). */
  #reauthenticateAtMs = Infinity
  #lastUsedAtMs: number

  private constructor(socket: Socket, options: ConnectionOptions & typeof defaults, traffic: Traffic) {
    this.address = addressOf(options.host, options.port)
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#traffic = traffic
    const { inFlightMax } = options
    const memory = answerMemory(options.takeMemory)
    this.#pipeline = new Pipeline(socket, { address: this.address, inFlightMax, clock: this.#clock, traffic, memory })
    this.#lastUsedAtMs = this.#clock.monotonicMs()
    traffic.connectionsMade += 1
    this.#pipeline.onClose((reason) => {
      traffic.connectionsClosed += 1
      this.#closed.abort(reason)
    })
  }

  /** Connects, asks the broker which versions it takes, and says who we are. */
  static connect(given: ConnectionOptions): Promise<Connection> {
    if (!isTraced('connect')) return Connection.#connect(given)
    const context = { address: addressOf(given.host, given.port), clientId: given.clientId ?? null }
    return traced('connect', context, () => Connection.#connect(given))
  }

  static async #connect(given: ConnectionOptions): Promise<Connection> {
    const options = { ...defaults, ...given }
    // Brokers say nothing before they are asked.
    let pipeline: Pipeline | undefined
    const clock = options.clock ?? systemClock
    const socket = await openSocket({
      ...options,
      clock,
      tls: options.tls,
      room: () => pipeline?.room,
      received: (chunk) => pipeline?.received(chunk),
    })
    const connection = new Connection(socket, options, options.traffic ?? new Traffic())
    pipeline = connection.#pipeline
    const giveUp = (): void => connection.#pipeline.close(asError(options.signal?.reason))
    options.signal?.addEventListener('abort', giveUp)
    try {
      await connection.#negotiate()
      if (options.sasl !== undefined) await connection.#authenticate(options.sasl)
      connection.#pipeline.responseBytesMax = options.responseBytesMax
    } catch (error) {
      connection.close()
      throw error
    } finally {
      options.signal?.removeEventListener('abort', giveUp)
    }
    return connection
  }

  /** The versions that the broker takes, by API key. */
  get versions(): BrokerVersions {
    return this.#versions
  }

  get closed(): boolean {
    return this.#pipeline.closed !== undefined
  }

  /** Requests sent or waiting to be. */
  get outstanding(): number {
    return this.#pipeline.outstanding
  }

  /** Since when nothing was asked, on the clock's monotonic time; now where an answer is outstanding. */
  get idleSinceMs(): number {
    return this.outstanding > 0 ? this.#clock.monotonicMs() : this.#lastUsedAtMs
  }

  supports(api: Pick<AnyApi, 'key'>): boolean {
    return this.#versions.has(api.key)
  }

  /** The version that a request of this API goes out in. Throws an UnsupportedApiError where there is none in common. */
  versionOf(api: NamedApi, wanted: Partial<VersionRange> = {}): number {
    return chooseVersion(api, this.#versions, wanted, { address: this.address, api: api.name })
  }

  /** Sends a request in the highest version that both sides know and resolves with its answer, whatever that says. */
  async request<Req, Res, ReqIn, ResIn>(
    api: Api<Req, Res, ReqIn, ResIn>,
    body: BodyFor<ReqIn>,
    options: RequestOptions = {},
  ): Promise<Res> {
    const version = this.versionOf(api, options.versions)
    this.#use()
    if (!isTraced('request')) return this.#ask(api, version, body, options)
    const { address } = this
    const context = { address, clientId: this.#options.clientId ?? null, api: api.name, version }
    return traced('request', context, () => this.#ask(api, version, body, options))
  }

  /** Sends a request that is never answered (Produce with acks 0); resolves when the bytes are with the system. */
  async post<Req, Res, ReqIn, ResIn>(api: Api<Req, Res, ReqIn, ResIn>, body: BodyFor<ReqIn>): Promise<void> {
    const version = this.versionOf(api)
    this.#use()
    await this.#pipeline.post({ api, encode: (correlationId) => this.#encode(api, version, correlationId, body) })
  }

  /** Called once, when the connection is no longer usable; at once where it isn't already. */
  onClose(listener: (reason: Error) => void): void {
    this.#pipeline.onClose(listener)
  }

  /** Closes at once; what waits for an answer is rejected. */
  close(why = 'closed by us'): void {
    this.#pipeline.close(new ConnectionClosedError(why, { address: this.address }))
  }

  #use(): void {
    const nowMs = this.#clock.monotonicMs()
    this.#lastUsedAtMs = nowMs
    if (nowMs >= this.#reauthenticateAtMs) void this.#reauthenticate()
  }

  async #negotiate(): Promise<void> {
    let response = await this.#askVersions(apiVersionsApi.maxVersion)
    if (response.errorCode === errorCode('UNSUPPORTED_VERSION')) {
      response = await this.#askVersions(fallbackVersion(response))
    }
    if (response.errorCode !== 0) {
      throw responseError(response.errorCode, undefined, { address: this.address, api: apiVersionsApi.name })
    }
    this.#versions = brokerVersions(response)
  }

  async #askVersions(version: number): Promise<ReturnType<typeof decodeApiVersions>> {
    const { clientSoftwareName, clientSoftwareVersion } = this.#options
    const body = version >= 3 ? { clientSoftwareName, clientSoftwareVersion } : {}
    const answer = await this.#exchange(apiVersionsApi, version, body, this.#setUpOptions())
    return this.#decode(apiVersionsApi.name, () => decodeApiVersions(answer.subarray(correlationIdBytes), version))
  }

  async #authenticate(sasl: SaslOptions): Promise<void> {
    if (!this.supports(saslHandshakeApi)) throw notSasl({ address: this.address, api: saslHandshakeApi.name })
    const { host, port, requestTimeoutMs } = this.#options
    const wire = { host, port, address: this.address, clock: this.#clock, timeoutMs: requestTimeoutMs }
    const ask = <Req, Res, ReqIn, ResIn>(api: Api<Req, Res, ReqIn, ResIn>, body: ReqIn): Promise<Res> =>
      this.#ask(api, this.versionOf(api), body, this.#setUpOptions())
    try {
      const lifetimeMs = await authenticate(
        {
          ...wire,
          closed: this.#closed.signal,
          handshake: (mechanism) => ask(saslHandshakeApi, { mechanism }),
          authenticate: (authBytes) => ask(saslAuthenticateApi, { authBytes }),
        },
        sasl,
      )
      this.#authenticatedFor(lifetimeMs)
    } catch (error) {
      this.#traffic.authenticationsFailed += 1
      throw error
    }
  }

  // As Kafka's clients: at a random 85 to 95 per cent of the session, so that not all come at once.
  #authenticatedFor(lifetimeMs: number): void {
    this.#traffic.authentications += 1
    const waitMs = Math.max(reauthenticationPauseMsMin, lifetimeMs * (0.85 + 0.1 * Math.random()))
    this.#reauthenticateAtMs = lifetimeMs > 0 ? this.#clock.monotonicMs() + waitMs : Infinity
  }

  /** No other request may come between the messages of a conversation: all wait until it is over. */
  async #reauthenticate(): Promise<void> {
    const { sasl } = this.#options
    if (sasl === undefined) return
    this.#reauthenticateAtMs = Infinity
    try {
      await this.#pipeline.hold()
      await this.#authenticate(sasl)
      this.#traffic.reauthentications += 1
      this.#pipeline.release()
    } catch (error) {
      this.#pipeline.close(asError(error))
    }
  }

  #setUpOptions(): RequestOptions & { readonly urgent: true } {
    const { signal } = this.#options
    return signal === undefined ? { urgent: true } : { urgent: true, signal }
  }

  async #ask<Req, Res, ReqIn, ResIn>(
    api: Api<Req, Res, ReqIn, ResIn>,
    version: number,
    body: BodyFor<ReqIn>,
    options: RequestOptions & { readonly urgent?: boolean },
  ): Promise<Res> {
    const bytes = await this.#exchange(api, version, body, options)
    const answer = this.#decode(api.name, () => decodeResponse(api, version, bytes).body)
    const throttledMs = throttleTimeOf(answer)
    if (throttledMs > 0) this.#pipeline.throttle(throttledMs)
    return answer
  }

  #exchange<Req, Res, ReqIn, ResIn>(
    api: Api<Req, Res, ReqIn, ResIn>,
    version: number,
    body: BodyFor<ReqIn>,
    options: RequestOptions & { readonly urgent?: boolean },
  ): Promise<Uint8Array> {
    return this.#pipeline.exchange({
      api,
      encode: (correlationId) => this.#encode(api, version, correlationId, body),
      timeoutMs: options.timeoutMs ?? this.#options.requestTimeoutMs,
      signal: options.signal,
      responseBytesMax: options.responseBytesMax,
      urgent: options.urgent === true,
    })
  }

  #encode<Req, Res, ReqIn, ResIn>(
    api: Api<Req, Res, ReqIn, ResIn>,
    version: number,
    correlationId: number,
    body: BodyFor<ReqIn>,
  ): Uint8Array[] {
    const value = typeof body === 'function' ? (body as (version: number) => ReqIn)(version) : body
    return encodeRequest(api, version, { correlationId, clientId: this.#options.clientId ?? null }, value)
  }

  #decode<Res>(api: string, decode: () => Res): Res {
    try {
      return decode()
    } catch (error) {
      const wrong = new BadResponseError(errorMessage(error), { address: this.address, api }, { cause: error })
      this.#pipeline.close(wrong)
      throw wrong
    }
  }
}

const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(errorMessage(reason)))

/** How long the broker will not read after this answer, in ms. */
const throttleTimeOf = (answer: unknown): number => (answer as { readonly throttleTimeMs?: number }).throttleTimeMs ?? 0
