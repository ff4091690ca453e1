import { KafkaError } from '@millrace/protocol'
import { delay } from './abort.ts'
import type { Settings } from './settings.ts'

export interface RetryOptions {
  readonly signal?: AbortSignal | undefined
  /** Default: `defaultApiTimeoutMs`. */
  readonly timeoutMs?: number
  /** Told of each failure before the pause, to forget what it proved wrong. */
  readonly onFailure?: (error: KafkaError) => void
}

/** Whether trying again may help: Kafka says so of each of its errors, and we of some of their cases. */
export const isRetriableError = (error: unknown): error is KafkaError => error instanceof KafkaError && error.retriable

/** How long to wait after so many failures: doubling, with a fifth of chance, as Kafka's clients do. */
export function backoffMs(settings: Settings, failures: number): number {
  const ms = Math.min(settings.retryBackoffMaxMs, settings.retryBackoffMs * 2 ** Math.min(failures - 1, 20))
  return ms * (0.8 + 0.4 * Math.random())
}

/** Does `work` until it succeeds, fails for good, or the time is up: then its last error comes out. */
export async function retry<T>(
  settings: Settings,
  work: (attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const deadlineMs = settings.clock.monotonicMs() + (options.timeoutMs ?? settings.apiTimeoutMs)
  for (let attempt = 1; ; attempt += 1) {
    options.signal?.throwIfAborted()
    try {
      return await work(attempt)
    } catch (error) {
      if (!isRetriableError(error)) throw error
      options.onFailure?.(error)
      const pauseMs = backoffMs(settings, attempt)
      if (settings.clock.monotonicMs() + pauseMs >= deadlineMs) throw error
      await delay(settings.clock, pauseMs, options.signal)
    }
  }
}
