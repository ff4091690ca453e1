import type { ConsumerContext } from './consumer-context.ts'
import { lagOf } from './offsets/positions.ts'

/**
 * What a consumer did since it was made: Kafka's names in camelCase, sizes in bytes, times in milliseconds. Averages and
 * maxima are over all that time, not over a window as in Kafka.
 */
export interface ConsumerMetrics {
  /** Records that were handed out, and the bytes of their keys and values. */
  readonly recordsConsumedTotal: number
  readonly bytesConsumedTotal: number
  readonly fetchTotal: number
  /** From a fetch's request to its answer, the broker's waiting for records included. */
  readonly fetchLatencyAvg: number
  readonly fetchLatencyMax: number
  /** The largest lag of a partition that is read now; -1 where none is known. */
  readonly recordsLagMax: number
  readonly assignedPartitions: number
  /** Bytes that were fetched and wait to be handed out. */
  readonly bufferedBytes: number
  readonly commitTotal: number
  /** Rounds of the group that ended with an assignment. */
  readonly rebalanceTotal: number
  /** Rounds that ended with an error, or with the group having dropped us. */
  readonly failedRebalanceTotal: number
}

/** Counts what a consumer does. */
export class ConsumerCounts {
  records = 0
  bytes = 0
  commits = 0
  rebalances = 0
  failedRebalances = 0
  #fetches = 0
  #latencySumMs = 0
  #latencyMaxMs = 0

  fetched(latencyMs: number): void {
    this.#fetches += 1
    this.#latencySumMs += latencyMs
    this.#latencyMaxMs = Math.max(this.#latencyMaxMs, latencyMs)
  }

  metrics({ partitions }: Pick<ConsumerContext, 'partitions'>): ConsumerMetrics {
    let recordsLagMax = -1
    for (const state of partitions) recordsLagMax = Math.max(recordsLagMax, lagOf(state) ?? -1)
    return {
      recordsConsumedTotal: this.records,
      bytesConsumedTotal: this.bytes,
      fetchTotal: this.#fetches,
      fetchLatencyAvg: this.#fetches === 0 ? 0 : this.#latencySumMs / this.#fetches,
      fetchLatencyMax: this.#latencyMaxMs,
      recordsLagMax,
      assignedPartitions: partitions.size,
      bufferedBytes: partitions.bufferedBytes,
      commitTotal: this.commits,
      rebalanceTotal: this.rebalances,
      failedRebalanceTotal: this.failedRebalances,
    }
  }
}
