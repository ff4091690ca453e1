import type { Clock, Logger, Metrics } from '@millrace/kernel'
import { errorMessage } from '@millrace/kernel'
import type { MetadataImage } from '@millrace/machines'
import type { ErrorName, FrameHead } from '@millrace/protocol'
import {
  apiVersionsApi,
  decodeRequestHeader,
  encodeResponse,
  isRetriable,
  KafkaError,
  metadataApi,
} from '@millrace/protocol'

import { unsupportedApiVersions } from '../handlers/18-api-versions.ts'
import type { BrokerServices } from '../runtime/services.ts'
import type { Authorizer } from './authorizer.ts'
import { allowAll, refusal } from './authorizer.ts'
import type { ResponsePort, Surroundings } from './exchange.ts'
import { Exchange } from './exchange.ts'
import type { AnyHandler, HandlerTable } from './handler.ts'
import type { Interceptors } from './intercept.ts'
import { isDisconnected, isDropped, throughInterceptors } from './intercept.ts'
import { RefusalLog } from './refusal-log.ts'
import { RequestMetrics } from './request-metrics.ts'
import { isServed } from './versions.ts'

export interface DispatcherOptions {
  readonly handlers: HandlerTable
  readonly services: BrokerServices
  readonly image: () => MetadataImage
  readonly interceptors: Interceptors
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly authorizer?: Authorizer
  /** Quotas: how long the connection is left alone after this answer, which tells the client so. */
  readonly throttleMs?: (exchange: Exchange, responseBytes: number) => number
}

/** What the first 8 bytes of a request decide: the memory it needs, or why it ends the connection. */
export type Admission =
  | { readonly kind: 'admitted'; readonly handler: AnyHandler; readonly memoryBytes: number }
  | { readonly kind: 'refused'; readonly reason: string }

type InterceptorsOfOneApi = NonNullable<ReturnType<Interceptors['of']>>

// A client of the future asks for versions in a few hundred bytes; what else claims to may be anything.
const unknownVersionBytesMax = 64 * 1024

// librdkafka 2.16 writes three bytes too many when it asks for all topics. See docs/decisions/0011-over-long-bodies.md.
const metadataBytesLeftMax = 3

function decodeBody(handler: AnyHandler, bytes: Uint8Array, version: number): unknown {
  const { key, request } = handler.api
  if (key !== metadataApi.key) return request.decode(bytes, version)
  const { value, sizeBytes } = request.decodePrefix(bytes, version)
  return bytes.length - sizeBytes <= metadataBytesLeftMax ? value : request.decode(bytes, version)
}

/** Takes a request from its frame through decoding, authorization and interceptors to its handler and its answer. */
export class Dispatcher {
  readonly #handlers: HandlerTable
  readonly #image: () => MetadataImage
  readonly #around: Surroundings
  readonly #authorizer: Authorizer
  readonly #interceptors: Interceptors
  readonly #metrics: RequestMetrics
  readonly #throttleMs: DispatcherOptions['throttleMs']

  constructor(options: DispatcherOptions) {
    const { services, clock, log } = options
    this.#handlers = options.handlers
    this.#image = options.image
    this.#around = { services, clock, log, refusals: new RefusalLog(log, clock) }
    this.#authorizer = options.authorizer ?? allowAll
    this.#interceptors = options.interceptors
    this.#metrics = new RequestMetrics(options.metrics, clock)
    this.#throttleMs = options.throttleMs
  }

  /** Asked before a request's body is read, so that nothing is held for what nobody will answer. */
  admit({ apiKey, apiVersion, sizeBytes }: FrameHead): Admission {
    const handler = this.#handlers.get(apiKey)
    if (handler === undefined) return { kind: 'refused', reason: `request with api key ${apiKey}, which isn't served` }
    const isAnswerable = isServed(handler, apiVersion) || apiKey === apiVersionsApi.key
    const isTooLong = !isServed(handler, apiVersion) && sizeBytes > unknownVersionBytesMax
    if (!isAnswerable || isTooLong) {
      const { name, minVersion, maxVersion } = handler.api
      const reason = `${name} request with version ${apiVersion} and ${sizeBytes} bytes, served are ${minVersion} to ${maxVersion}`
      return { kind: 'refused', reason }
    }
    return { kind: 'admitted', handler, memoryBytes: handler.memoryBytes?.(sizeBytes) ?? 2 * sizeBytes }
  }

  /** Reads the header; throws WireError. `run` comes next, before this turn is over: the frame is only lent. */
  open(lent: Uint8Array, { handler }: { readonly handler: AnyHandler }, port: ResponsePort): Exchange {
    const isIntercepted = this.#interceptors.of(handler.api.name) !== undefined
    const frame = handler.usesRequestInPlace === true && !isIntercepted ? lent : lent.slice()
    const version = new DataView(frame.buffer, frame.byteOffset, frame.byteLength).getInt16(2)
    const isKnown = isServed(handler, version)
    const head = isKnown ? decodeRequestHeader(frame) : unknownVersionHead(frame)
    const exchange = new Exchange(head, handler, port, this.#image(), this.#around)
    exchange.requestBytes = frame.length
    exchange.bodyBytes = isKnown && 'body' in head ? head.body : undefined
    return exchange
  }

  run(exchange: Exchange): void {
    const { handler, apiVersion, bodyBytes } = exchange
    if (bodyBytes === undefined) return this.#answer(exchange, unsupportedApiVersions)
    exchange.bodyBytes = undefined
    let body: unknown
    try {
      body = decodeBody(handler, bodyBytes, apiVersion)
    } catch (error) {
      return exchange.port.close(`${handler.api.name} v${apiVersion} that can't be read: ${errorMessage(error)}`)
    }
    this.#handle(exchange, body)
  }

  #handle(exchange: Exchange, body: unknown): void {
    const { handler } = exchange
    const interceptors = this.#interceptors.of(handler.api.name)
    let answer: unknown
    try {
      const refused = refusal(this.#authorizer, exchange.connection, handler.access(body))
      if (refused !== null) return this.#fail(exchange, body, refused, null)
      answer =
        interceptors === undefined ? handler.handle(body, exchange) : this.#intercepted(exchange, body, interceptors)
    } catch (error) {
      return this.#failed(exchange, body, error)
    }
    if (answer instanceof Promise) this.#later(exchange, body, answer)
    else this.#answer(exchange, answer)
  }

  #intercepted(exchange: Exchange, body: unknown, interceptors: InterceptorsOfOneApi): Promise<unknown> {
    const { handler, apiVersion, clientId, connection } = exchange
    const facts = { apiName: handler.api.name, apiVersion, clientId, connection, body }
    return throughInterceptors(interceptors, facts, async () => handler.handle(body, exchange))
  }

  #later(exchange: Exchange, body: unknown, answer: Promise<unknown>): void {
    answer.then(
      (response) => this.#answer(exchange, response),
      (error: unknown) => this.#failed(exchange, body, error),
    )
  }

  #failed(exchange: Exchange, body: unknown, error: unknown): void {
    if (exchange.isAnswered) return
    if (error instanceof KafkaError) {
      if (!isRetriable(error.error)) exchange.refused(error.error, error.message)
      return this.#fail(exchange, body, error.error, error.message)
    }
    this.#logBug(exchange, 'a handler failed', error)
    this.#fail(exchange, body, 'UNKNOWN_SERVER_ERROR', null)
  }

  #fail(exchange: Exchange, body: unknown, error: ErrorName, message: string | null): void {
    const { handler, port } = exchange
    this.#metrics.failed(exchange, error)
    if (handler.silent?.(body) === true) {
      return port.close(`${handler.api.name} that waits for no answer failed with ${error}: ${message ?? error}`)
    }
    try {
      this.#answer(exchange, handler.failure(body, error, message))
    } catch (failure) {
      this.#logBug(exchange, 'no answer could be made for an error', failure)
      port.close(`no answer could be made for ${error}`)
    }
  }

  #answer(exchange: Exchange, body: unknown): void {
    if (exchange.isAnswered) return
    if (isDisconnected(body)) return exchange.port.close('a test that intercepts requests cut it')
    if (body === null || body === undefined || isDropped(body)) return this.#send(exchange, null)
    let response: readonly Uint8Array[]
    try {
      response = this.#encode(exchange, body)
    } catch (error) {
      this.#logBug(exchange, 'a response could not be written', error)
      return exchange.port.close('its response could not be written')
    }
    this.#send(exchange, response)
  }

  #encode(exchange: Exchange, body: unknown): readonly Uint8Array[] {
    const { handler, apiVersion, correlationId } = exchange
    const { api } = handler
    const version = isServed(handler, apiVersion) ? apiVersion : 0
    const response = encodeResponse(api, version, correlationId, body)
    if (this.#throttleMs === undefined) return response
    exchange.throttleMs = this.#throttleMs(exchange, sizeOf(response))
    if (exchange.throttleMs === 0) return response
    return encodeResponse(api, version, correlationId, { ...(body as object), throttleTimeMs: exchange.throttleMs })
  }

  #send(exchange: Exchange, response: readonly Uint8Array[] | null): void {
    const { clock, log } = this.#around
    const tookMs = clock.monotonicMs() - exchange.startedAtMs
    const responseBytes = response === null ? 0 : sizeOf(response)
    this.#metrics.answered(exchange, responseBytes, tookMs)
    if (log.debugEnabled) this.#tellStory(exchange, responseBytes, tookMs)
    exchange.port.answered(exchange, response)
  }

  #tellStory(exchange: Exchange, responseBytes: number, tookMs: number): void {
    const { handler, apiVersion, correlationId, clientId, connection, requestBytes } = exchange
    this.#around.log.debug(`${handler.api.name} answered`, {
      connection: connection.id,
      principal: connection.principal,
      clientId,
      apiVersion,
      correlationId,
      requestBytes,
      responseBytes,
      tookMs: Math.round(tookMs * 1000) / 1000,
    })
  }

  #logBug(exchange: Exchange, what: string, error: unknown): void {
    const { handler, apiVersion, clientId, connection } = exchange
    this.#around.log.error(`${what}: ${errorMessage(error)}`, {
      api: handler.api.name,
      apiVersion,
      clientId,
      connection: connection.id,
      stack: error instanceof Error ? error.stack : undefined,
    })
  }
}

// Of a version that nobody here knows only the correlation id can be trusted to be where it is.
const unknownVersionHead = (frame: Uint8Array) => ({
  apiVersion: new DataView(frame.buffer, frame.byteOffset, frame.byteLength).getInt16(2),
  correlationId: new DataView(frame.buffer, frame.byteOffset, frame.byteLength).getInt32(4),
  clientId: null,
})

const sizeOf = (chunks: readonly Uint8Array[]): number => chunks.reduce((sum, chunk) => sum + chunk.length, 0)
