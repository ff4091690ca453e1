import type { Assignor } from '@millrace/machines'
import { cooperativeStickyAssignor, rangeAssignor, roundRobinAssignor, stickyAssignor } from '@millrace/machines'
import { decompressedBytesMaxDefault } from '@millrace/protocol'
import type { AssignorName, ConsumerOptions, ManualAssignment, StartPosition } from './consumer-api.ts'

/** A consumer's options with everything decided. */
export interface ConsumerSettings {
  readonly groupId: string | undefined
  readonly groupInstanceId: string | null
  readonly topics: readonly string[]
  readonly assignment: readonly ManualAssignment[] | undefined
  readonly start: StartPosition | undefined
  readonly autoOffsetReset: 'earliest' | 'latest' | 'none'
  readonly stopAtEnd: boolean
  readonly autoCommit: boolean
  readonly autoCommitIntervalMs: number
  readonly isolationLevel: 'read_uncommitted' | 'read_committed'
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  readonly maxPollIntervalMs: number
  readonly assignors: readonly Assignor[]
  readonly fetchMinBytes: number
  readonly fetchMaxWaitMs: number
  readonly fetchMaxBytes: number
  readonly partitionFetchBytes: number
  readonly decompressedBytesMax: number
  readonly checkCrcs: boolean
  readonly createTopics: boolean
}

const assignors: Readonly<Record<AssignorName, Assignor>> = {
  range: rangeAssignor,
  roundrobin: roundRobinAssignor,
  sticky: stickyAssignor,
  'cooperative-sticky': cooperativeStickyAssignor,
}

export function consumerSettings(options: ConsumerOptions): ConsumerSettings {
  const topics = typeof options.topics === 'string' ? [options.topics] : (options.topics ?? [])
  if ((topics.length === 0) === (options.assignment === undefined)) {
    throw new RangeError('a consumer needs topics or an assignment, and not both')
  }
  const strategies = options.partitionAssignmentStrategy ?? ['range', 'cooperative-sticky']
  if (strategies.length === 0) throw new RangeError('partitionAssignmentStrategy is empty, expected at least one name')
  return {
    groupId: options.groupId,
    groupInstanceId: options.groupInstanceId ?? null,
    topics,
    assignment: options.assignment,
    start: options.start,
    autoOffsetReset: options.autoOffsetReset ?? 'latest',
    stopAtEnd: options.stopAtEnd ?? false,
    autoCommit: options.groupId !== undefined && (options.enableAutoCommit ?? true),
    autoCommitIntervalMs: options.autoCommitIntervalMs ?? 5_000,
    isolationLevel: options.isolationLevel ?? 'read_uncommitted',
    sessionTimeoutMs: options.sessionTimeoutMs ?? 45_000,
    heartbeatIntervalMs: options.heartbeatIntervalMs ?? 3_000,
    maxPollIntervalMs: options.maxPollIntervalMs ?? 300_000,
    assignors: strategies.map((name) => assignors[name]),
    fetchMinBytes: options.fetchMinBytes ?? 1,
    fetchMaxWaitMs: options.fetchMaxWaitMs ?? 500,
    fetchMaxBytes: options.fetchMaxBytes ?? 52_428_800,
    partitionFetchBytes: options.maxPartitionFetchBytes ?? 1_048_576,
    decompressedBytesMax: options.maxDecompressedBytes ?? decompressedBytesMaxDefault,
    checkCrcs: options.checkCrcs ?? true,
    createTopics: options.allowAutoTopicCreation ?? true,
  }
}
