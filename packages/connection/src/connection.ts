import type { Socket } from 'node:net'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { Clock, Timer } from '@millrace/kernel'
import { errorMessage } from '@millrace/kernel'
import type { AnyApi, Api } from '@millrace/protocol'
import {
  apiVersionsApi,
  correlationIdOf,
  decodeResponse,
  encodeRequest,
  errorCode,
  FrameReader,
} from '@millrace/protocol'
import type { BrokerVersions, VersionRange } from './api-versions.ts'
import { brokerVersions, chooseVersion, decodeApiVersions, fallbackVersion } from './api-versions.ts'
import type { ErrorSource } from './broker-error.ts'
import { BadResponseError, ConnectionClosedError, RequestTimeoutError, responseError } from './broker-error.ts'
import { addressOf, openSocket } from './socket.ts'
import { systemClock } from './host-clock.ts'

export interface ConnectionOptions {
  readonly host: string
  readonly port: number
  readonly clientId?: string | null
  readonly tls?: boolean | TlsOptions
  /** How long connecting may take; default 10,000 ms. */
  readonly connectTimeoutMs?: number
  /** How long an answer may take where a request says nothing else; default 30,000 ms. */
  readonly requestTimeoutMs?: number
  /** Requests on the wire at one time; more wait their turn. Default 100. */
  readonly inFlightMax?: number
  /** The largest response taken; default 256 MiB. */
  readonly responseBytesMax?: number
  readonly clientSoftwareName?: string
  readonly clientSoftwareVersion?: string
  readonly clock?: Clock
  readonly signal?: AbortSignal
}

export interface RequestOptions {
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** Versions that the caller can live with; default all that we know. */
  readonly versions?: Partial<VersionRange>
}

/** A body, or how to make it once the version is chosen. */
export type BodyFor<Input> = Input | ((version: number) => Input)

interface Pending {
  readonly api: AnyApi
  readonly version: number
  readonly correlationId: number
  readonly timer: Timer
  /** Undefined once nobody waits any more: the answer is then read past. */
  settle: { resolve(frame: Uint8Array): void; reject(error: unknown): void } | undefined
}

interface Waiting {
  readonly write: () => void
  readonly reject: (error: unknown) => void
}

const correlationIdBytes = 4

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
  readonly #socket: Socket
  readonly #options: ConnectionOptions & typeof defaults
  readonly #clock: Clock
  readonly #frames: FrameReader
  readonly #pending: Pending[] = []
  readonly #waiting: Waiting[] = []
  readonly #closeListeners = new Set<(reason: Error) => void>()
  #versions: BrokerVersions = new Map()
  #nextCorrelationId = 1
  #closed: Error | undefined
  #corked = false

  private constructor(socket: Socket, options: ConnectionOptions & typeof defaults) {
    this.address = addressOf(options.host, options.port)
    this.#socket = socket
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#frames = new FrameReader({ sizeBytesMax: options.responseBytesMax, onFrame: (frame) => this.#onFrame(frame) })
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('error', (error) => this.#close(this.#closedError(error.message)))
    socket.on('close', () => this.#close(this.#closedError('the broker closed the connection')))
  }

  /** Connects and asks the broker which versions it takes. */
  static async connect(given: ConnectionOptions): Promise<Connection> {
    const options = { ...defaults, ...given }
    const socket = await openSocket({ ...options, clock: options.clock ?? systemClock, tls: options.tls })
    const connection = new Connection(socket, options)
    try {
      await connection.#negotiate()
    } catch (error) {
      connection.close()
      throw error
    }
    return connection
  }

  /** The versions that the broker takes, by API key. */
  get versions(): BrokerVersions {
    return this.#versions
  }

  get closed(): boolean {
    return this.#closed !== undefined
  }

  /** Requests sent or waiting to be. */
  get outstanding(): number {
    return this.#pending.length + this.#waiting.length
  }

  supports(api: Pick<AnyApi, 'key'>): boolean {
    return this.#versions.has(api.key)
  }

  /** The version that a request of this API goes out in. Throws an UnsupportedApiError where there is none in common. */
  versionOf(
    api: Pick<AnyApi, 'key' | 'name' | 'minVersion' | 'maxVersion'>,
    wanted: Partial<VersionRange> = {},
  ): number {
    return chooseVersion(api, this.#versions, wanted, this.#source(api))
  }

  /** Sends a request in the highest version that both sides know and resolves with its answer, whatever that says. */
  async request<Req, Res, ReqIn, ResIn>(
    api: Api<Req, Res, ReqIn, ResIn>,
    body: BodyFor<ReqIn>,
    options: RequestOptions = {},
  ): Promise<Res> {
    const version = this.versionOf(api, options.versions)
    const answer = await this.#exchange(api, version, body, options)
    return this.#decode(api.name, () => decodeResponse(api, version, answer).body)
  }

  /** Sends a request that is never answered (Produce with acks 0); resolves when the bytes are with the system. */
  async post<Req, Res, ReqIn, ResIn>(api: Api<Req, Res, ReqIn, ResIn>, body: BodyFor<ReqIn>): Promise<void> {
    const version = this.versionOf(api)
    if (this.#closed !== undefined) throw this.#closed
    const chunks = this.#encode(api, version, this.#takeCorrelationId(), body)
    await new Promise<void>((resolve, reject) => {
      this.#write(chunks, (error) => (error ? reject(this.#closedError(error.message, api)) : resolve()))
    })
  }

  /** Called once, when the connection is no longer usable; at once where it isn't already. */
  onClose(listener: (reason: Error) => void): void {
    if (this.#closed === undefined) this.#closeListeners.add(listener)
    else listener(this.#closed)
  }

  /** Closes at once; what waits for an answer is rejected. */
  close(): void {
    this.#close(this.#closedError('closed by us'))
  }

  async #negotiate(): Promise<void> {
    let response = await this.#askVersions(apiVersionsApi.maxVersion)
    if (response.errorCode === errorCode('UNSUPPORTED_VERSION')) {
      response = await this.#askVersions(fallbackVersion(response))
    }
    if (response.errorCode !== 0) throw responseError(response.errorCode, undefined, this.#source(apiVersionsApi))
    this.#versions = brokerVersions(response)
  }

  async #askVersions(version: number): Promise<ReturnType<typeof decodeApiVersions>> {
    const { clientSoftwareName, clientSoftwareVersion, signal } = this.#options
    const body = version >= 3 ? { clientSoftwareName, clientSoftwareVersion } : {}
    const options = signal === undefined ? {} : { signal }
    const answer = await this.#exchange(apiVersionsApi, version, body, options)
    return this.#decode(apiVersionsApi.name, () => decodeApiVersions(answer.subarray(correlationIdBytes), version))
  }

  #exchange<Req, Res, ReqIn, ResIn>(
    api: Api<Req, Res, ReqIn, ResIn>,
    version: number,
    body: BodyFor<ReqIn>,
    options: RequestOptions,
  ): Promise<Uint8Array> {
    const { signal } = options
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) return reject(this.#closed)
      if (signal?.aborted === true) return reject(signal.reason)
      const correlationId = this.#takeCorrelationId()
      // Encoded before anything is queued, so that a body that can't be written touches nobody else.
      const chunks = this.#encode(api, version, correlationId, body)
      const timeoutMs = options.timeoutMs ?? this.#options.requestTimeoutMs
      const timer = this.#clock.setTimer(timeoutMs, () => this.#timeOut(api, timeoutMs))
      const onAbort = (): void => {
        pending.settle = undefined
        reject(signal?.reason)
      }
      const done = (settle: () => void): void => {
        signal?.removeEventListener('abort', onAbort)
        settle()
      }
      const pending: Pending = {
        api,
        version,
        correlationId,
        timer,
        settle: {
          resolve: (answer) => done(() => resolve(answer)),
          reject: (error) => done(() => reject(error)),
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#whenFree(pending, chunks)
    })
  }

  // Sent at once where the pipeline has room, else in the order of the calls.
  #whenFree(pending: Pending, chunks: readonly Uint8Array[]): void {
    const write = (): void => {
      this.#pending.push(pending)
      this.#write(chunks)
    }
    if (this.#pending.length < this.#options.inFlightMax) return write()
    this.#waiting.push({
      write,
      reject: (error) => {
        pending.timer.cancel()
        pending.settle?.reject(error)
      },
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

  #takeCorrelationId(): number {
    const id = this.#nextCorrelationId
    this.#nextCorrelationId = id === 0x7fff_ffff ? 0 : id + 1
    return id
  }

  // All that one turn of the event loop writes leaves together.
  #write(chunks: readonly Uint8Array[], written?: (error?: Error | null) => void): void {
    if (!this.#corked) {
      this.#corked = true
      this.#socket.cork()
      process.nextTick(() => {
        this.#corked = false
        this.#socket.uncork()
      })
    }
    const last = chunks.length - 1
    chunks.forEach((chunk, i) => (i === last ? this.#socket.write(chunk, written) : this.#socket.write(chunk)))
  }

  #onData(chunk: Buffer): void {
    try {
      this.#frames.push(chunk)
    } catch (error) {
      this.#close(new BadResponseError(errorMessage(error), this.#source(this.#pending[0]?.api)))
    }
  }

  #onFrame(frame: Uint8Array): void {
    if (this.#closed !== undefined) return
    // Whoever waits stays in the queue until the answer is known to be theirs, for closing rejects the queue.
    const pending = this.#pending[0]
    const correlationId = correlationIdOf(frame)
    if (pending === undefined || pending.correlationId !== correlationId) {
      const expected = pending === undefined ? 'none' : String(pending.correlationId)
      const message = `a response with correlation id ${correlationId}, expected ${expected}`
      return this.#close(new BadResponseError(message, this.#source(pending?.api)))
    }
    this.#pending.shift()
    pending.timer.cancel()
    this.#waiting.shift()?.write()
    pending.settle?.resolve(frame)
  }

  #decode<Res>(api: string, decode: () => Res): Res {
    try {
      return decode()
    } catch (error) {
      const wrong = new BadResponseError(errorMessage(error), { address: this.address, api })
      this.#close(wrong)
      throw wrong
    }
  }

  #timeOut(api: { readonly name: string }, timeoutMs: number): void {
    this.#close(new RequestTimeoutError(`no answer within ${timeoutMs} ms`, this.#source(api)))
  }

  #close(reason: Error): void {
    if (this.#closed !== undefined) return
    this.#closed = reason
    this.#socket.destroy()
    for (const pending of this.#pending.splice(0)) {
      pending.timer.cancel()
      pending.settle?.reject(reason)
    }
    for (const waiting of this.#waiting.splice(0)) waiting.reject(reason)
    for (const listener of this.#closeListeners) listener(reason)
    this.#closeListeners.clear()
  }

  #closedError(why: string, api?: { readonly name: string }): ConnectionClosedError {
    return new ConnectionClosedError(why, this.#source(api))
  }

  #source(api: { readonly name: string } | undefined): ErrorSource {
    return { address: this.address, api: api?.name }
  }
}
