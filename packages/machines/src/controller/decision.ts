import type { ErrorName } from '@millrace/protocol'
import { errorCode } from '@millrace/protocol'
import type { Env } from '../machine.ts'
import type { MetadataImage } from './image.ts'
import { controllerKey } from './keys.ts'
import type { ConfigResource, ConfigResourceType } from './keys.ts'
import type { StoreCondition, StoreOp, StoreTransaction } from './store-types.ts'

/** Why something was refused, in the words that the client gets. */
export interface Fault {
  readonly error: ErrorName
  readonly message: string | null
}

export const fault = (error: ErrorName, message: string | null = null): Fault => ({ error, message })

/** One setting as DescribeConfigs and CreateTopics show it. */
export interface DescribedConfig {
  readonly name: string
  readonly value: string | null
  readonly readOnly: boolean
  readonly configSource: number
  readonly isSensitive: boolean
}

/** What the controller asks the broker's configuration: it knows names, types and ranges, the controller doesn't. */
export interface ControllerRules {
  readonly defaultPartitions: number
  readonly defaultReplicationFactor: number
  /** Whether these are good settings for the resource, as a whole, after a change; null where they are. */
  validateConfigs(resource: ConfigResource, configs: ReadonlyMap<string, string>): Fault | null
  /** The default value of a setting whose type is LIST ('' where there is none); null where it isn't a list. */
  listDefault(type: ConfigResourceType, name: string): string | null
  /** All settings that a topic with these of its own has. */
  describeTopic(configs: ReadonlyMap<string, string>): readonly DescribedConfig[]
  /** `unclean.leader.election.enable` as it holds for the topic. */
  uncleanElection(image: MetadataImage, topic: string): boolean
}

/** What every decision of the controller reads. */
export interface ControllerView {
  readonly image: MetadataImage
  /** Holds as long as the one who decides may: its controller key, or its registration, is still the one it had. */
  readonly author: StoreCondition
  readonly rules: ControllerRules
  readonly env: Env
}

/** The condition of every transaction of the controller: that nobody has taken its place. */
export const authorOfController = (image: MetadataImage): StoreCondition => ({
  key: controllerKey,
  createRevision: image.controllerEpoch,
})

/**
 * The decision about one item of a request. Its transactions are committed in order; `answer` holds when all were.
 * After a conflict the item is decided anew with a newer image; where the outcome stays unknown, `refuse` says so.
 */
export interface ItemDecision<Item, Answer> {
  readonly item: Item
  readonly transactions: readonly StoreTransaction[]
  readonly answer: Answer
  readonly refuse: (error: ErrorName, message: string | null) => Answer
}

/** Fields of a result that say how it went. */
export const outcome = (refused: Fault | null): { errorCode: number; errorMessage: string | null } =>
  refused === null
    ? { errorCode: errorCode('NONE'), errorMessage: null }
    : { errorCode: errorCode(refused.error), errorMessage: refused.message }

export const isFault = (value: object): value is Fault => 'error' in value && 'message' in value

/** etcd takes 128 operations, and as many conditions, in a transaction; all stores are given no more. */
export const opsPerTransactionMax = 120

/** The operations in as many transactions as they need, all with the same conditions. */
export function inTransactions(conditions: readonly StoreCondition[], ops: readonly StoreOp[]): StoreTransaction[] {
  const transactions: StoreTransaction[] = []
  for (let i = 0; i < ops.length; i += opsPerTransactionMax) {
    transactions.push({ conditions, ops: ops.slice(i, i + opsPerTransactionMax) })
  }
  return transactions
}

/** The items without those whose key has come before: a request's items are many if it is meant badly. */
export function firstOfEach<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[] {
  const firsts = new Map<string, Item>()
  for (const item of items) if (!firsts.has(keyOf(item))) firsts.set(keyOf(item), item)
  return [...firsts.values()]
}

/** Each item's decision, made when it is asked for: a request's items may be too many for one turn. */
export function* decideEach<Item, Decision>(
  items: Iterable<Item>,
  decide: (item: Item) => Decision,
): Generator<Decision, void, undefined> {
  for (const item of items) yield decide(item)
}

/** The keys that come more than once. */
export function duplicateKeys(keys: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const key of keys) {
    if (seen.has(key)) twice.add(key)
    seen.add(key)
  }
  return twice
}
