import type { Clock, Logger } from '@millrace/kernel'
import type { MetadataImage } from '@millrace/machines'

import type { BrokerServices } from '../runtime/services.ts'
import type { AnyHandler, ConnectionInfo, RequestContext } from './handler.ts'
import type { RefusalLog } from './refusal-log.ts'

/** What a connection does for the requests that came by it. */
export interface ResponsePort {
  readonly info: ConnectionInfo
  /** The next request may start. */
  appended(exchange: Exchange): void
  /** Called once per request, in any order: responses leave in the order of requests. Null is no response. */
  answered(exchange: Exchange, response: readonly Uint8Array[] | null): void
  close(reason: string): void
}

/** What every request of a broker is given. */
export interface Surroundings {
  readonly services: BrokerServices
  readonly clock: Clock
  readonly log: Logger
  readonly refusals: RefusalLog
}

interface RequestHead {
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
}

/** One request from its frame to its answer, and the context of its handler. */
export class Exchange implements RequestContext {
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
  readonly connection: ConnectionInfo
  readonly image: MetadataImage
  readonly services: BrokerServices
  readonly clock: Clock
  readonly log: Logger
  readonly #refusals: RefusalLog
  readonly handler: AnyHandler
  readonly port: ResponsePort
  readonly startedAtMs: number
  /** Held for it from the request budget. */
  grantedBytes = 0
  requestBytes = 0
  /** What comes after the header, until it is decoded; undefined where it can't be. */
  bodyBytes: Uint8Array | undefined
  /** Set with the answer: how long its connection isn't read from afterwards. */
  throttleMs = 0
  #state: 'running' | 'appended' | 'answered' = 'running'
  /** What goes out when it is this request's turn; undefined until there is an answer, null where there is none. */
  response: readonly Uint8Array[] | null | undefined
  #afterResponse: (() => void)[] | undefined
  #onDisconnect: (() => void)[] | undefined
  /** The response is with the kernel, or the connection is gone. */
  #isDone = false

  constructor(head: RequestHead, handler: AnyHandler, port: ResponsePort, image: MetadataImage, around: Surroundings) {
    this.apiVersion = head.apiVersion
    this.correlationId = head.correlationId
    this.clientId = head.clientId
    this.connection = port.info
    this.image = image
    this.services = around.services
    this.clock = around.clock
    this.log = around.log
    this.#refusals = around.refusals
    this.handler = handler
    this.port = port
    this.startedAtMs = around.clock.monotonicMs()
  }

  get isAnswered(): boolean {
    return this.#state === 'answered'
  }

  /** Takes the answer; false where there is one already (the connection was closed meanwhile). */
  answer(response: readonly Uint8Array[] | null): boolean {
    if (this.#state === 'answered') return false
    this.#state = 'answered'
    this.response = response
    this.#onDisconnect = undefined
    return true
  }

  get appended(): () => void {
    return () => {
      if (this.#state !== 'running') return
      this.#state = 'appended'
      this.port.appended(this)
    }
  }

  get afterResponse(): (work: () => void) => void {
    return (work) => {
      if (this.#isDone) work()
      else if (this.#afterResponse === undefined) this.#afterResponse = [work]
      else this.#afterResponse.push(work)
    }
  }

  get onDisconnect(): (work: () => void) => void {
    return (work) => {
      if (this.#isDone) work()
      else if (this.#onDisconnect === undefined) this.#onDisconnect = [work]
      else this.#onDisconnect.push(work)
    }
  }

  get closeConnection(): (reason: string) => void {
    return (reason) => this.port.close(reason)
  }

  get refused(): RequestContext['refused'] {
    return (error, reason, fields) => {
      const { clientId, apiVersion } = this
      this.#refusals.refused(this.connection, this.handler.api.name, error, { reason, ...fields, clientId, apiVersion })
    }
  }

  /** The kernel has the response, or nobody will ever get it. */
  responseDone(): void {
    const works = this.#afterResponse
    this.#afterResponse = undefined
    this.#isDone = true
    if (works !== undefined) for (const work of works) work()
  }

  /** The connection is gone: ends what waits for the answer. */
  disconnected(): void {
    const works = this.#onDisconnect
    this.#onDisconnect = undefined
    this.#state = 'answered'
    if (works !== undefined) for (const work of works) work()
    this.responseDone()
  }
}
