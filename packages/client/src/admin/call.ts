import { KafkaError } from '@millrace/protocol'
import type { CallOptions } from '../client-options.ts'
import { inRange } from '../cluster/checked.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { retry } from '../cluster/retry.ts'
import type { NewTopics } from './new-topics.ts'

/** What every call of `Admin` may be given. */
export interface AdminCallOptions extends CallOptions {
  /** How long the call may take in all, retries included, in ms; default `defaultApiTimeoutMs`. */
  readonly timeoutMs?: number
}

/** One call of a user, however many requests it takes. */
export interface Call {
  readonly cluster: Cluster
  /** Made by this client a moment ago: not every broker knows of them yet. */
  readonly newTopics: NewTopics
  /** Set by the caller, at the deadline, or when the client is closed. */
  readonly signal: AbortSignal
  readonly deadlineMs: number
  /** Whether the deadline, and nothing else, has ended it. */
  readonly timedOut: () => boolean
  /** What went wrong last: it says more than that the time is up. */
  failure: KafkaError | undefined
}

/** Runs a call, and ends whatever it waits for when its time is up. */
export async function runCall<T>(
  cluster: Cluster,
  newTopics: NewTopics,
  options: AdminCallOptions,
  work: (call: Call) => Promise<T>,
): Promise<T> {
  const { clock, apiTimeoutMs } = cluster.settings
  const timeoutMs = inRange('timeoutMs', options.timeoutMs, apiTimeoutMs, 0)
  const ending = new AbortController()
  const late = new KafkaError('REQUEST_TIMED_OUT', `REQUEST_TIMED_OUT: it was not done within ${timeoutMs} ms`)
  const timer = clock.setTimer(timeoutMs, () => ending.abort(late))
  const signals = [ending.signal, cluster.closing, ...(options.signal === undefined ? [] : [options.signal])]
  const signal = AbortSignal.any(signals)
  const call: Call = {
    cluster,
    newTopics,
    signal,
    deadlineMs: clock.monotonicMs() + timeoutMs,
    timedOut: () => signal.reason === late,
    failure: undefined,
  }
  try {
    signal.throwIfAborted()
    return await work(call)
  } catch (error) {
    throw error === late ? (call.failure ?? cluster.metadataFailure ?? late) : error
  } finally {
    timer.cancel()
  }
}

/** Milliseconds until the call's time is up. */
export const remainingMs = (call: Call): number =>
  Math.max(0, call.deadlineMs - call.cluster.settings.clock.monotonicMs())

/** How long a broker may work on one request of the call, as requests that wait for others say it. */
export const brokerTimeoutMs = (call: Call): number =>
  Math.floor(Math.min(call.cluster.settings.requestTimeoutMs, remainingMs(call)))

/** Does `work` again while what it fails with may pass and there is time. */
export function retrying<T>(call: Call, work: (attempt: number) => Promise<T>): Promise<T> {
  return retry(call.cluster.settings, work, {
    signal: call.signal,
    timeoutMs: remainingMs(call),
    onFailure: (error) => {
      call.failure = error
    },
  })
}
