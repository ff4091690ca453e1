import type { GroupSettings } from '@millrace/machines'
import type { BrokerSettings } from '../config/settings.ts'

/** The broker's settings that classic groups go by, as they are now. */
export const groupSettings = (settings: BrokerSettings): GroupSettings => ({
  groupMinSessionTimeoutMs: settings.number('group.min.session.timeout.ms'),
  groupMaxSessionTimeoutMs: settings.number('group.max.session.timeout.ms'),
  groupInitialRebalanceDelayMs: settings.number('group.initial.rebalance.delay.ms'),
  groupMaxSize: settings.number('group.max.size'),
  offsetMetadataMaxBytes: settings.number('offset.metadata.max.bytes'),
  offsetsRetentionMinutes: settings.number('offsets.retention.minutes'),
  offsetsRetentionCheckIntervalMs: settings.number('offsets.retention.check.interval.ms'),
})
