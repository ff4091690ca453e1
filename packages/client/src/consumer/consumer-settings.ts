import type { Assignor } from '@millrace/machines'
import { cooperativeStickyAssignor, rangeAssignor, roundRobinAssignor, stickyAssignor } from '@millrace/machines'
import { decompressedBytesMaxDefault } from '@millrace/protocol'
import { inRange, oneOf } from '../cluster/checked.ts'
import type {
  AssignorName,
  AutoOffsetReset,
  PlainConsumerOptions,
  ManualAssignment,
  StartPosition,
} from './consumer-api.ts'
import { parseDuration } from './iso-duration.ts'
import { keyOf } from './reading/partition-state.ts'

/** A consumer's options with everything decided. */
export interface ConsumerSettings {
  readonly groupId: string | undefined
  readonly groupInstanceId: string | null
  readonly topics: readonly string[] | RegExp
  readonly assignment: readonly ManualAssignment[] | undefined
  readonly start: StartPosition | undefined
  /** A number is so many milliseconds ago. */
  readonly autoOffsetReset: 'earliest' | 'latest' | 'none' | number
  readonly stopAtEnd: boolean
  readonly autoCommit: boolean
  readonly atMostOnce: boolean
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
  /** '' where it isn't known. */
  readonly clientRack: string
  readonly createTopics: boolean
}

const assignors: Readonly<Record<AssignorName, Assignor>> = {
  range: rangeAssignor,
  roundrobin: roundRobinAssignor,
  sticky: stickyAssignor,
  'cooperative-sticky': cooperativeStickyAssignor,
}

export function consumerSettings(options: PlainConsumerOptions): ConsumerSettings {
  const { groupId } = options
  const topics = topicsOf(options)
  const autoCommit = groupId !== undefined && (options.enableAutoCommit ?? true)
  const atMostOnce = options.atMostOnce ?? false
  if (atMostOnce && groupId === undefined)
    throw new RangeError('atMostOnce needs a groupId: it is the commit that counts')
  return {
    groupId,
    groupInstanceId: options.groupInstanceId ?? null,
    topics,
    assignment: assignmentOf(options),
    start: options.start,
    autoOffsetReset: resetOf(options.autoOffsetReset ?? 'latest'),
    stopAtEnd: options.stopAtEnd ?? false,
    autoCommit,
    atMostOnce,
    autoCommitIntervalMs: inRange('autoCommitIntervalMs', options.autoCommitIntervalMs, 5_000, 0),
    isolationLevel: oneOf('isolationLevel', options.isolationLevel, ['read_uncommitted', 'read_committed']),
    sessionTimeoutMs: inRange('sessionTimeoutMs', options.sessionTimeoutMs, 45_000, 1),
    heartbeatIntervalMs: inRange('heartbeatIntervalMs', options.heartbeatIntervalMs, 3_000, 1),
    maxPollIntervalMs: inRange('maxPollIntervalMs', options.maxPollIntervalMs, 300_000, 1),
    assignors: assignorsOf(options),
    fetchMinBytes: inRange('fetchMinBytes', options.fetchMinBytes, 1, 0),
    fetchMaxWaitMs: inRange('fetchMaxWaitMs', options.fetchMaxWaitMs, 500, 0),
    fetchMaxBytes: inRange('fetchMaxBytes', options.fetchMaxBytes, 52_428_800, 1),
    partitionFetchBytes: inRange('maxPartitionFetchBytes', options.maxPartitionFetchBytes, 1_048_576, 1),
    decompressedBytesMax: inRange('maxDecompressedBytes', options.maxDecompressedBytes, decompressedBytesMaxDefault, 1),
    checkCrcs: options.checkCrcs ?? true,
    clientRack: options.clientRack ?? '',
    createTopics: options.allowAutoTopicCreation ?? true,
  }
}

function topicsOf({ topics, assignment }: PlainConsumerOptions): readonly string[] | RegExp {
  const list = typeof topics === 'string' ? [topics] : (topics ?? [])
  const isEmpty = !(list instanceof RegExp) && list.length === 0
  if (isEmpty === (assignment === undefined)) {
    throw new RangeError('a consumer needs topics or an assignment, and not both')
  }
  return list instanceof RegExp ? list : [...new Set(list)]
}

function assignmentOf({ assignment }: PlainConsumerOptions): readonly ManualAssignment[] | undefined {
  const seen = new Set<string>()
  const twice = assignment?.find((each) => seen.size === seen.add(keyOf(each)).size)
  if (twice === undefined) return assignment
  throw new RangeError(`assignment names partition ${twice.partition} of ${twice.topic} twice`)
}

function assignorsOf({ partitionAssignmentStrategy }: PlainConsumerOptions): Assignor[] {
  const strategies = partitionAssignmentStrategy ?? ['range', 'cooperative-sticky']
  if (strategies.length === 0) throw new RangeError('partitionAssignmentStrategy is empty, expected at least one')
  const chosen = strategies.map((each) => (typeof each === 'string' ? named(each) : each))
  const twice = chosen.find(({ name }, i) => chosen.findIndex((other) => other.name === name) !== i)
  if (twice !== undefined) throw new RangeError(`two assignors are called '${twice.name}'`)
  return chosen
}

// Who writes JavaScript may have mistyped it.
function named(name: string): Assignor {
  const assignor = new Map(Object.entries(assignors)).get(name)
  if (assignor !== undefined) return assignor
  throw new RangeError(`no assignor is called '${name}', expected ${Object.keys(assignors).join(', ')}`)
}

function resetOf(reset: AutoOffsetReset): ConsumerSettings['autoOffsetReset'] {
  if (reset === 'earliest' || reset === 'latest' || reset === 'none') return reset
  const ms = reset.startsWith('by_duration:') ? parseDuration(reset.slice('by_duration:'.length)) : undefined
  if (ms !== undefined && ms >= 0) return ms
  throw new RangeError(`autoOffsetReset is '${reset}', expected earliest, latest, none or by_duration:PnDTnHnMn.nS`)
}
