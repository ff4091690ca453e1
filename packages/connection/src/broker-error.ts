import type { ErrorName, KafkaErrorOptions } from '@millrace/protocol'
import { errorName, KafkaError } from '@millrace/protocol'

/** Where an error came from, for whoever reads it. */
export interface ErrorSource {
  /** `host:port` of the broker. */
  readonly address: string
  /** Kafka's name of the request that met it. */
  readonly api?: string | undefined
  /** What it was about, where a request is about several things: `orders-3`, `group payments`. */
  readonly about?: string | undefined
}

/** A fault of one broker or of the way to it: Kafka's code, the broker's address, and the request that met it. */
export class BrokerError extends KafkaError {
  override name = 'BrokerError'
  /** `host:port` of the broker. */
  readonly address: string
  /** Kafka's name of the request that met it; undefined where it was none. */
  readonly api: string | undefined

  constructor(error: ErrorName, message: string, source: ErrorSource, options: KafkaErrorOptions = {}) {
    super(error, `${error}: ${message} (${placeOf(source)})`, options)
    this.address = source.address
    this.api = source.api
  }
}

const placeOf = ({ address, api, about }: ErrorSource): string =>
  `${api === undefined ? '' : `${api} to `}${address}${about === undefined ? '' : `, ${about}`}`

/** The connection couldn't be made, broke, or was closed before the answer. */
export class ConnectionClosedError extends BrokerError {
  override name = 'ConnectionClosedError'
  constructor(message: string, source: ErrorSource, options: KafkaErrorOptions = {}) {
    super('NETWORK_EXCEPTION', message, source, options)
  }
}

/** No answer in time; the connection is closed, for nobody knows what it would have said. */
export class RequestTimeoutError extends BrokerError {
  override name = 'RequestTimeoutError'
  constructor(message: string, source: ErrorSource) {
    super('REQUEST_TIMED_OUT', message, source)
  }
}

/** The broker has no version of the request in common with us. */
export class UnsupportedApiError extends BrokerError {
  override name = 'UnsupportedApiError'
  constructor(message: string, source: ErrorSource) {
    super('UNSUPPORTED_VERSION', message, source)
  }
}

/** The broker answered with bytes that aren't an answer; the connection is closed. */
export class BadResponseError extends BrokerError {
  override name = 'BadResponseError'
  constructor(message: string, source: ErrorSource, options: KafkaErrorOptions = {}) {
    super('CORRUPT_MESSAGE', message, source, options)
  }
}

/** The broker doesn't take us for who we say we are, or we don't take it for the broker. Trying again doesn't help. */
export class AuthenticationError extends BrokerError {
  override name = 'AuthenticationError'
}

/** The broker knows who we are and doesn't let us. */
export class AuthorizationError extends BrokerError {
  override name = 'AuthorizationError'
}

type ErrorClass = new (error: ErrorName, message: string, source: ErrorSource) => BrokerError

const classes: Partial<Record<ErrorName, ErrorClass>> = {
  SASL_AUTHENTICATION_FAILED: AuthenticationError,
  UNSUPPORTED_SASL_MECHANISM: AuthenticationError,
  ILLEGAL_SASL_STATE: AuthenticationError,
  TOPIC_AUTHORIZATION_FAILED: AuthorizationError,
  GROUP_AUTHORIZATION_FAILED: AuthorizationError,
  CLUSTER_AUTHORIZATION_FAILED: AuthorizationError,
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: AuthorizationError,
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: AuthorizationError,
}

/** What a broker says goes into messages and logs: a page of it is enough. */
const detailLengthMax = 4_000

/**
 * The error of a code in a response: the one place where such errors are made. `detail` is what the broker said, where
 * it said something. A code that Kafka doesn't have is UNKNOWN_SERVER_ERROR, with the number in the message.
 */
export function responseError(code: number, detail: string | null | undefined, source: ErrorSource): BrokerError {
  const error = errorName(code)
  const ErrorClass = classes[error] ?? BrokerError
  const said =
    detail === undefined || detail === null || detail === ''
      ? `the broker answered with error ${code}`
      : detail.slice(0, detailLengthMax)
  return new ErrorClass(error, said, source)
}
