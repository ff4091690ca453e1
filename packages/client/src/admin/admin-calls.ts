import type { BodyFor, Connection } from '@millrace/connection'
import type { Api, ErrorName } from '@millrace/protocol'
import { errorName, KafkaError } from '@millrace/protocol'
import type { CallOptions } from '../client-options.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { partError } from '../cluster/cluster.ts'
import { isRetriableError, retry } from '../cluster/retry.ts'
import type { TopicPartition } from '../record.ts'
import { byTopic } from './by-topic.ts'
import { partitionKey } from './outcome-keys.ts'
import type { Outcome } from './outcome-types.ts'
import { coordinatorMoved, leaderMoved } from './routes.ts'

// Requests of those who know the cluster already, as consumers do. Each retries while there is time, having forgotten
// what was wrong; `ask-each.ts` is for the calls of Admin.

/** An answer and who gave it. */
export interface Answer<Res> {
  readonly response: Res
  readonly connection: Connection
}

interface Call<Res> extends CallOptions {
  /** Codes in the answer for which the broker is asked again, such as NOT_CONTROLLER. */
  readonly codes?: (response: Res) => Iterable<number>
}

async function ask<Req, Res, ReqIn, ResIn>(
  connection: Connection,
  api: Api<Req, Res, ReqIn, ResIn>,
  body: BodyFor<ReqIn>,
  call: Call<Res>,
  again: ReadonlySet<ErrorName>,
): Promise<Answer<Res>> {
  const response = await connection.request(api, body, call.signal === undefined ? {} : { signal: call.signal })
  for (const code of call.codes?.(response) ?? []) {
    if (again.has(errorName(code))) throw partError(code, connection, api.name)
  }
  return { response, connection }
}

export function toCoordinator<Req, Res, ReqIn, ResIn>(
  cluster: Cluster,
  groupId: string,
  api: Api<Req, Res, ReqIn, ResIn>,
  body: BodyFor<ReqIn>,
  call: Call<Res> = {},
  versions: { readonly min?: number; readonly max?: number } = {},
): Promise<Answer<Res>> {
  const limited = { ...api, maxVersion: Math.min(api.maxVersion, versions.max ?? Infinity) }
  return retry(
    cluster.settings,
    async () => {
      const coordinator = await cluster.coordinator(groupId, call.signal)
      const connection = await cluster.connectionTo(coordinator, 'main', call.signal)
      return ask(connection, limited, body, call, coordinatorMoved)
    },
    { ...call, onFailure: () => cluster.forgetCoordinator(groupId) },
  )
}

/**
 * Asks each partition's leader about its partitions, all leaders at once: one that can't be asked keeps no other from
 * answering. What can't be answered now is asked again until the time is up. Rejects then, unless it is `partly`: what
 * has no answer is left out.
 */
export async function perLeader<Item extends TopicPartition, T>(
  cluster: Cluster,
  items: readonly Item[],
  send: (connection: Connection, items: readonly Item[]) => Promise<ReadonlyMap<string, Outcome<T>>>,
  { partly = false, ...call }: CallOptions & { readonly partly?: boolean },
): Promise<Map<string, Outcome<T>>> {
  const outcomes = new Map<string, Outcome<T>>()
  const failures = new Map<string, KafkaError>()
  const failed = (mine: readonly Item[], error: unknown): void => {
    if (call.signal?.aborted === true || !isRetriableError(error)) throw error
    for (const item of mine) failures.set(partitionKey(item), error)
  }
  const askOne = async (leader: number, mine: readonly Item[]): Promise<void> => {
    try {
      for (const [key, outcome] of await send(await cluster.connection(leader, 'main', call.signal), mine)) {
        if (outcome.ok || !leaderMoved.has(outcome.error.error)) outcomes.set(key, outcome)
        else failures.set(key, outcome.error)
      }
    } catch (error) {
      failed(mine, error)
    }
  }
  const left = (): Item[] => items.filter((item) => !outcomes.has(partitionKey(item)))
  const round = async (attempt: number): Promise<void> => {
    failures.clear()
    const leaders = await byLeader(cluster, left(), { signal: call.signal, attempt, failed })
    await Promise.all([...leaders].map(([leader, mine]) => askOne(leader, mine)))
    const [failure] = failures.values()
    if (failure !== undefined) throw failure
  }
  const onFailure = (): void => left().forEach(({ topic }) => cluster.invalidate(topic))
  try {
    await retry(cluster.settings, round, { ...call, onFailure })
  } catch (error) {
    if (!partly || call.signal?.aborted === true || !isRetriableError(error)) throw error
  }
  // Answers that come later aren't for this call.
  return new Map(outcomes)
}

interface Looking<Item> {
  readonly signal: AbortSignal | undefined
  readonly attempt: number
  /** Told of those that have no leader now; throws where trying again doesn't help. */
  readonly failed: (items: readonly Item[], error: unknown) => void
}

async function byLeader<Item extends TopicPartition>(
  cluster: Cluster,
  items: readonly Item[],
  { signal, attempt, failed }: Looking<Item>,
): Promise<Map<number, Item[]>> {
  const leaderOf = new Map<Item, number>()
  const find = async (name: string, mine: readonly Item[]): Promise<void> => {
    try {
      const topic = await cluster.topic(name, { signal, timeoutMs: 5_000 })
      for (const item of mine) {
        const leader = topic.partitions[item.partition]?.leader
        if (leader === undefined) failed([item], unknownPartition(item, topic.partitions.length, attempt === 1))
        else if (leader < 0) failed([item], noLeader(item))
        else leaderOf.set(item, leader)
      }
    } catch (error) {
      failed(mine, error)
    }
  }
  await Promise.all([...byTopic(items)].map(([name, mine]) => find(name, mine)))
  return Map.groupBy(leaderOf.keys(), (item) => leaderOf.get(item)!)
}

// Others may have heard of it before us; once metadata was asked for anew, waiting doesn't help.
const unknownPartition = (item: TopicPartition, there: number, isFirst: boolean): Error => {
  const message = `${item.topic} has no partition ${item.partition}: it has ${there}`
  if (!isFirst) return new RangeError(message)
  return new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `UNKNOWN_TOPIC_OR_PARTITION: ${message}`, { retriable: true })
}

const noLeader = (item: TopicPartition): KafkaError =>
  new KafkaError('LEADER_NOT_AVAILABLE', `LEADER_NOT_AVAILABLE: ${partitionKey(item)} has no leader now`)
