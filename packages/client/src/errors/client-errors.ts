import type { KafkaErrorOptions } from '@millrace/protocol'
import { KafkaError } from '@millrace/protocol'

/** What ends a call when its client is closed. */
export class ClientClosedError extends Error {
  override name = 'ClientClosedError'
  readonly retriable = false
  readonly advice = 'make a new client: a closed one stays closed'
}

/**
 * A call that had no success in the time it has. `cause` is the last error of what it tried, where there was one; the
 * message says it too.
 */
export class TimeoutError extends KafkaError {
  override name = 'TimeoutError'
  constructor(message: string, options: KafkaErrorOptions = {}) {
    const why = options.cause instanceof Error ? `; the last failure was ${options.cause.message}` : ''
    super('REQUEST_TIMED_OUT', `REQUEST_TIMED_OUT: ${message}${why}`, options)
  }
}
