import type { ClientOptions } from '../client-options.ts'
import type { TopicPartitionOffset } from '../record.ts'

export interface ConsumerOptions extends ClientOptions {
  /** The group whose members share the topics; without it, `assignment` says what to read and nothing is committed. */
  readonly groupId?: string
  readonly topics?: readonly string[]
  /** What to read by hand, each from its offset: no group is joined. */
  readonly assignment?: readonly TopicPartitionOffset[]
  /** Where to begin where nothing was committed, or what was committed is gone; 'latest'. */
  readonly autoOffsetReset?: 'earliest' | 'latest' | 'none'
  /** Commits what is done every `autoCommitIntervalMs` and when the consumer closes; true. */
  readonly enableAutoCommit?: boolean
  /** 5,000. */
  readonly autoCommitIntervalMs?: number
  /** A name that this member keeps over restarts (static membership). */
  readonly groupInstanceId?: string
  /** Strategies that this member offers, best first; ['range', 'cooperative-sticky']. */
  readonly partitionAssignmentStrategy?: readonly ('range' | 'roundrobin' | 'sticky' | 'cooperative-sticky')[]
  /** 45,000. */
  readonly sessionTimeoutMs?: number
  /** 3,000. */
  readonly heartbeatIntervalMs?: number
  /** 300,000. */
  readonly maxPollIntervalMs?: number
  readonly isolationLevel?: 'read_uncommitted' | 'read_committed'
  /** 1. */
  readonly fetchMinBytes?: number
  /** 500. */
  readonly fetchMaxWaitMs?: number
  /** Bound of one answer in bytes; 52,428,800. */
  readonly fetchMaxBytes?: number
  /** Bound of one partition's share of it in bytes; 1,048,576. */
  readonly maxPartitionFetchBytes?: number
  /** Checks the CRC of every batch read; true. */
  readonly checkCrcs?: boolean
}
