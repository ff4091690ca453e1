import { KafkaError } from '@millrace/protocol'
import { TimeoutError } from '../errors/client-errors.ts'
import { delay } from './abort.ts'
import { pauseOf } from './reconnects.ts'
import type { Settings } from './settings.ts'

export interface RetryOptions {
  readonly signal?: AbortSignal | undefined
  /** Default: `defaultApiTimeoutMs`. */
  readonly timeoutMs?: number
  /** Whether an attempt that isn't over when the time is up is waited for no longer; default true. */
  readonly interrupts?: boolean
  /** What has kept an attempt that isn't over when the time is up: comes out where none failed before. */
  readonly blockedBy?: () => KafkaError | undefined
  /** Told of each failure before the pause, to forget what it proved wrong. */
  readonly onFailure?: (error: KafkaError) => void
}

/** Whether trying again may help: Kafka says so of each of its errors, and we of some of their cases. */
export const isRetriableError = (error: unknown): error is KafkaError => error instanceof KafkaError && error.retriable

/** How long to wait after so many failures: doubling, with a fifth of chance. */
export const backoffMs = (settings: Settings, failures: number): number =>
  pauseOf(settings.retryBackoffMs, settings.retryBackoffMaxMs, failures - 1)

/**
 * Does `work` until it succeeds, fails for good, or the time is up: then its last error comes out, or a TimeoutError
 * where it is still at its first attempt.
 */
export async function retry<T>(
  settings: Settings,
  work: (attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const timeoutMs = options.timeoutMs ?? settings.apiTimeoutMs
  const deadlineMs = settings.clock.monotonicMs() + timeoutMs
  const late = Promise.withResolvers<never>()
  let last: KafkaError | undefined
  const onTime = (): void => {
    if (options.interrupts === false) return
    late.reject(last ?? options.blockedBy?.() ?? new TimeoutError(`no success within ${timeoutMs} ms`))
  }
  const timer = settings.clock.setTimer(timeoutMs, onTime)
  try {
    for (let attempt = 1; ; attempt += 1) {
      options.signal?.throwIfAborted()
      try {
        return await Promise.race([work(attempt), late.promise])
      } catch (error) {
        if (options.signal?.aborted === true || !isRetriableError(error)) throw error
        last = error
        settings.logger.debug('what failed is tried again', { attempt, error: error.message })
        options.onFailure?.(error)
        const pauseMs = backoffMs(settings, attempt)
        if (settings.clock.monotonicMs() + pauseMs >= deadlineMs) throw error
        await delay(settings.clock, pauseMs, options.signal)
      }
    }
  } finally {
    timer.cancel()
  }
}
