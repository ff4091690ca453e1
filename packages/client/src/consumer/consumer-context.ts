import { errorMessage } from '@millrace/kernel'
import type { Cluster } from '../cluster/cluster.ts'
import { backoffMs } from '../cluster/retry.ts'
import type { ConsumerCounts } from './consumer-metrics.ts'
import type { ConsumerSettings } from './consumer-settings.ts'
import type { PartitionState } from './reading/partition-state.ts'
import type { Partitions } from './reading/partitions.ts'

/** What the parts of a consumer share. */
export interface ConsumerContext {
  readonly cluster: Cluster
  readonly settings: ConsumerSettings
  readonly partitions: Partitions
  readonly counts: ConsumerCounts
  /** Set when the consumer is closed. */
  readonly stop: AbortSignal
  /** There may be something to hand out, or to fetch. */
  wake(): void
  /** Reading can't go on: whoever reads is told, or who reads next, if it still holds then. */
  fail(error: unknown, stillHolds?: () => boolean): void
}

/** A broker that answers with an error answers fast, also while nobody reads on: it is asked again a little later. */
export function notAtOnce({ cluster: { settings } }: ConsumerContext, state: PartitionState): void {
  state.failures += 1
  state.retryAtMs = settings.clock.monotonicMs() + backoffMs(settings, state.failures)
}

export function logDebug({ cluster, settings }: ConsumerContext, message: string, error?: unknown): void {
  const why = error === undefined ? {} : { error: errorMessage(error) }
  cluster.settings.logger.debug(message, { group: settings.groupId, ...why })
}
