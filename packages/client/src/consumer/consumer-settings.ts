import type { Assignor } from '@millrace/machines'
import { cooperativeStickyAssignor, rangeAssignor, roundRobinAssignor, stickyAssignor } from '@millrace/machines'
import { decompressedBytesMaxDefault } from '@millrace/protocol'
import { checkFunction, inRange, isText, oneOf, textOf, trueOrFalse, wholeInRange, wrong } from '../cluster/checked.ts'
import type {
  AssignorName,
  AutoOffsetReset,
  PlainConsumerOptions,
  ManualAssignment,
  StartPosition,
} from './consumer-api.ts'
import { parseDuration } from './iso-duration.ts'
import { checkStart } from './offsets/start-offsets.ts'
import { assignmentOf, topicsOf } from './subscription-settings.ts'

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
  checkStart(options.start)
  for (const name of callbacks) checkFunction(name, options[name])
  return {
    ...groupSettings(options),
    ...fetchSettings(options),
    topics: topicsOf(options),
    assignment: assignmentOf(options),
    start: options.start,
    autoOffsetReset: resetOf(options.autoOffsetReset ?? 'latest'),
    stopAtEnd: trueOrFalse('stopAtEnd', options.stopAtEnd, false),
    isolationLevel: oneOf('isolationLevel', options.isolationLevel, ['read_uncommitted', 'read_committed']),
    createTopics: trueOrFalse('allowAutoTopicCreation', options.allowAutoTopicCreation, true),
  }
}

const callbacks = ['onAssigned', 'onRevoked', 'onLost', 'onDeserializationError'] as const

type GroupSetting =
  | 'groupId'
  | 'groupInstanceId'
  | 'autoCommit'
  | 'atMostOnce'
  | 'autoCommitIntervalMs'
  | 'sessionTimeoutMs'
  | 'heartbeatIntervalMs'
  | 'maxPollIntervalMs'
  | 'assignors'

function groupSettings(options: PlainConsumerOptions): Pick<ConsumerSettings, GroupSetting> {
  const groupId = textOf('groupId', options.groupId)
  const groupInstanceId = textOf('groupInstanceId', options.groupInstanceId)
  const atMostOnce = trueOrFalse('atMostOnce', options.atMostOnce, false)
  const enableAutoCommit = trueOrFalse('enableAutoCommit', options.enableAutoCommit, true)
  if (groupId === undefined && groupInstanceId !== undefined) throw new RangeError('groupInstanceId needs a groupId')
  if (groupId === undefined && atMostOnce) {
    throw new RangeError('atMostOnce needs a groupId: it is the commit that counts')
  }
  if (atMostOnce && options.enableAutoCommit === true) {
    throw new RangeError('atMostOnce stands in place of enableAutoCommit: got true for both, expected one')
  }
  const sessionTimeoutMs = wholeInRange('sessionTimeoutMs', options.sessionTimeoutMs, 45_000, 1)
  const heartbeatIntervalMs = inRange('heartbeatIntervalMs', options.heartbeatIntervalMs, 3_000, 1)
  if (heartbeatIntervalMs >= sessionTimeoutMs) {
    throw wrong('heartbeatIntervalMs', heartbeatIntervalMs, `less than sessionTimeoutMs, which is ${sessionTimeoutMs}`)
  }
  return {
    groupId,
    groupInstanceId: groupInstanceId ?? null,
    autoCommit: groupId !== undefined && enableAutoCommit,
    atMostOnce,
    autoCommitIntervalMs: inRange('autoCommitIntervalMs', options.autoCommitIntervalMs, 5_000, 0),
    sessionTimeoutMs,
    heartbeatIntervalMs,
    maxPollIntervalMs: wholeInRange('maxPollIntervalMs', options.maxPollIntervalMs, 300_000, 1),
    assignors: assignorsOf(options),
  }
}

type FetchSetting =
  | 'fetchMinBytes'
  | 'fetchMaxWaitMs'
  | 'fetchMaxBytes'
  | 'partitionFetchBytes'
  | 'decompressedBytesMax'
  | 'checkCrcs'
  | 'clientRack'

function fetchSettings(options: PlainConsumerOptions): Pick<ConsumerSettings, FetchSetting> {
  return {
    fetchMinBytes: wholeInRange('fetchMinBytes', options.fetchMinBytes, 1, 0),
    fetchMaxWaitMs: wholeInRange('fetchMaxWaitMs', options.fetchMaxWaitMs, 500, 0),
    fetchMaxBytes: wholeInRange('fetchMaxBytes', options.fetchMaxBytes, 52_428_800, 1),
    partitionFetchBytes: wholeInRange('maxPartitionFetchBytes', options.maxPartitionFetchBytes, 1_048_576, 1),
    decompressedBytesMax: inRange('maxDecompressedBytes', options.maxDecompressedBytes, decompressedBytesMaxDefault, 1),
    checkCrcs: trueOrFalse('checkCrcs', options.checkCrcs, true),
    clientRack: textOf('clientRack', options.clientRack === '' ? undefined : options.clientRack) ?? '',
  }
}

function assignorsOf({ partitionAssignmentStrategy }: PlainConsumerOptions): Assignor[] {
  const strategies: unknown = partitionAssignmentStrategy ?? ['range', 'cooperative-sticky']
  if (!Array.isArray(strategies) || strategies.length === 0) {
    throw wrong('partitionAssignmentStrategy', strategies, 'a list of at least one')
  }
  const chosen = strategies.map(assignorOf)
  const twice = chosen.find(({ name }, i) => chosen.findIndex((other) => other.name === name) !== i)
  if (twice !== undefined) throw new RangeError(`two assignors are called '${twice.name}'`)
  return chosen
}

function assignorOf(given: unknown): Assignor {
  if (isAssignor(given)) return given
  const assignor = new Map<unknown, Assignor>(Object.entries(assignors)).get(given)
  if (assignor !== undefined) return assignor
  const ours = Object.keys(assignors).join(', ')
  const own = '{ name, protocols, userData, assign } of your own'
  throw wrong('an assignor of partitionAssignmentStrategy', given, `${ours}, or ${own}`)
}

function isAssignor(given: unknown): given is Assignor {
  const { name, protocols, userData, assign }: Partial<Record<keyof Assignor, unknown>> = Object(given)
  return isText(name) && Array.isArray(protocols) && typeof userData === 'function' && typeof assign === 'function'
}

function resetOf(reset: AutoOffsetReset): ConsumerSettings['autoOffsetReset'] {
  if (reset === 'earliest' || reset === 'latest' || reset === 'none') return reset
  const given: unknown = reset
  const duration = typeof given === 'string' && given.startsWith('by_duration:') ? given.slice(12) : ''
  const ms = parseDuration(duration)
  if (ms !== undefined && ms >= 0) return ms
  throw wrong('autoOffsetReset', reset, 'earliest, latest, none or by_duration:PnDTnHnMn.nS')
}
