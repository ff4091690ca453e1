import type { Clock, LogFields, Logger } from '@millrace/kernel'
import type { Api, ErrorName } from '@millrace/protocol'
import type { MetadataImage } from '@millrace/machines'
import type { BrokerServices } from '../runtime/services.ts'

/** What one request may know of the connection it came by. */
export interface ConnectionInfo {
  readonly id: string
  /** Name of the listener, such as PLAINTEXT. */
  readonly listener: string
  /** The address the client connected to: what it is told where `advertised.listeners` isn't set. */
  readonly localHost: string
  readonly localPort: number
  readonly remoteHost: string
  readonly remotePort: number
  readonly principal: string
}

/** Everything a handler works with. It reads one metadata image from start to end. */
export interface RequestContext {
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
  readonly connection: ConnectionInfo
  readonly image: MetadataImage
  readonly services: BrokerServices
  readonly clock: Clock
  readonly log: Logger
  /**
   * Produce calls it when its batches are in the log: the next request of the connection may then start, and the
   * request's bytes no longer count against the budget. Other handlers needn't.
   */
  readonly appended: () => void
  /**
   * Runs `work` once the response has been handed to the kernel, or at once when the connection closes before that:
   * gives back memory that the response refers to (a fetch's records).
   */
  readonly afterResponse: (work: () => void) => void
  /** Runs `work` if the connection closes before the response is there: ends a wait whose answer nobody will read. */
  readonly onDisconnect: (work: () => void) => void
  /** Closes the connection instead of answering (Produce with acks=0 that failed: there is no other way to say it). */
  readonly closeConnection: (reason: string) => void
  /** Says in the log why something was refused that no client should send: an error code alone helps nobody who looks. */
  readonly refused: (error: ErrorName, reason: string | null, fields?: LogFields) => void
}

export type ResourceType = 'TOPIC' | 'GROUP' | 'CLUSTER' | 'TRANSACTIONAL_ID' | 'DELEGATION_TOKEN' | 'USER'
export type AclOperation =
  | 'READ'
  | 'WRITE'
  | 'CREATE'
  | 'DELETE'
  | 'ALTER'
  | 'DESCRIBE'
  | 'CLUSTER_ACTION'
  | 'DESCRIBE_CONFIGS'
  | 'ALTER_CONFIGS'
  | 'IDEMPOTENT_WRITE'
  | 'CREATE_TOKENS'
  | 'DESCRIBE_TOKENS'

export interface Access {
  readonly operation: AclOperation
  readonly resource: ResourceType
  readonly name: string
}

export const need = (operation: AclOperation, resource: ResourceType, name: string): Access => ({
  operation,
  resource,
  name,
})

/**
 * One API. `handle` does one thing through a partition, coordinator or controller and returns the response; it
 * touches no socket and no file. `null` is "no response" (Produce with acks=0). What it throws is answered by
 * `failure`: a KafkaError with its own error, anything else with UNKNOWN_SERVER_ERROR and a line in the log.
 */
export interface Handler<Request, Response> {
  readonly api: Api<Request, unknown, never, Response>
  /** Versions advertised where they differ from the message's own (Produce: 0-13, of which 0-2 are refused). */
  readonly advertised?: { readonly min: number; readonly max: number }
  /** Memory that a request of this frame size needs while it is handled; twice the frame where not said. */
  memoryBytes?(frameSizeBytes: number): number
  access(request: Request): readonly Access[]
  handle(request: Request, context: RequestContext): Response | null | Promise<Response | null>
  /** The response that says `error` for the whole request: for faults, refusals of access and failures in a handler. */
  failure(request: Request, error: ErrorName, message: string | null): Response
  /** Whether the client waits for no response (acks=0): a failure then closes the connection. */
  silent?(request: Request): boolean
  /** Produce only: the next request of the connection may start when this one has called `context.appended()`. */
  readonly pipelined?: boolean
  /**
   * Produce only: `handle` is done with the bytes of the request when it returns, though the answer comes later. Their
   * memory is used for the next request then; others get a copy that stays.
   */
  readonly usesRequestInPlace?: boolean
}

/** Keeps the types of request and response together where a handler is written. */
export const defineHandler = <Request, Response, RequestInput, ResponseInput>(
  api: Api<Request, Response, RequestInput, ResponseInput>,
  handler: Omit<Handler<Request, ResponseInput>, 'api'>,
): Handler<Request, ResponseInput> => ({ api, ...handler })

/** A handler in the table of all of them. */
export type AnyHandler = Handler<unknown, unknown>

/** Handlers by API key. */
export type HandlerTable = ReadonlyMap<number, AnyHandler>
