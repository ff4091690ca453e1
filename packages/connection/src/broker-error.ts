import type { ErrorName } from '@millrace/protocol'
import { errorName, isRetriable, KafkaError } from '@millrace/protocol'

/** Where an error came from, for whoever reads it. */
export interface ErrorSource {
  /** `host:port` of the broker. */
  readonly address: string
  /** Kafka's name of the request that met it. */
  readonly api?: string | undefined
}

/** A fault of one broker or of the way to it: Kafka's code, the broker's address, and the request that met it. */
export class BrokerError extends KafkaError {
  override name = 'BrokerError'
  readonly address: string
  readonly api: string | undefined

  constructor(error: ErrorName, message: string, source: ErrorSource) {
    super(error, `${error}: ${message} (${source.api === undefined ? '' : `${source.api} to `}${source.address})`)
    this.address = source.address
    this.api = source.api
  }

  /** Whether the same request may succeed later without any change. */
  get retriable(): boolean {
    return isRetriable(this.error)
  }
}

/** The connection couldn't be made, broke, or was closed before the answer. */
export class ConnectionClosedError extends BrokerError {
  override name = 'ConnectionClosedError'
  constructor(message: string, source: ErrorSource) {
    super('NETWORK_EXCEPTION', message, source)
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
  constructor(message: string, source: ErrorSource) {
    super('CORRUPT_MESSAGE', message, source)
  }
}

/** The error of a code in a response. `detail` is what the broker said, where it said something. */
export function responseError(code: number, detail: string | null | undefined, source: ErrorSource): BrokerError {
  const error = errorName(code)
  return new BrokerError(error, detail ?? `the broker answered with error ${code}`, source)
}
