import type { BodyFor, Connection } from '@millrace/connection'
import type { Api, ErrorName } from '@millrace/protocol'
import { errorName, KafkaError } from '@millrace/protocol'
import type { CallOptions } from '../client-options.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { partError } from '../cluster/cluster.ts'
import { retry } from '../cluster/retry.ts'
import type { TopicPartition } from '../record.ts'
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
 * Asks each partition's leader about its partitions. What a leader refuses because it moved or is not ready is asked
 * again, until the time is up; the outcome then is the last error.
 */
export async function perLeader<Item extends TopicPartition, T>(
  cluster: Cluster,
  items: readonly Item[],
  send: (connection: Connection, items: readonly Item[]) => Promise<ReadonlyMap<string, Outcome<T>>>,
  call: CallOptions,
): Promise<Map<string, Outcome<T>>> {
  const outcomes = new Map<string, Outcome<T>>()
  let left = items
  const round = async (): Promise<void> => {
    for (const [leader, mine] of await byLeader(cluster, left, call.signal)) {
      const answers = await send(await cluster.connection(leader, 'main', call.signal), mine)
      for (const [key, outcome] of answers) outcomes.set(key, outcome)
    }
    left = left.filter((item) => isUnfinished(outcomes.get(partitionKey(item))))
    const failed = left.map((item) => outcomes.get(partitionKey(item))).find((each) => each !== undefined && !each.ok)
    if (failed !== undefined && !failed.ok) throw failed.error
  }
  const onFailure = (): void => left.forEach(({ topic }) => cluster.invalidate(topic))
  try {
    await retry(cluster.settings, round, { ...call, onFailure })
  } catch (error) {
    // Where it ended with what a leader said of a partition, the outcomes say it.
    if (![...outcomes.values()].some((each) => !each.ok && each.error === error)) throw error
  }
  return outcomes
}

const isUnfinished = (outcome: Outcome<unknown> | undefined): boolean =>
  outcome === undefined || (!outcome.ok && isWorthAsking(outcome.error))

const isWorthAsking = (error: KafkaError): boolean => leaderMoved.has(error.error)

async function byLeader<Item extends TopicPartition>(
  cluster: Cluster,
  items: readonly Item[],
  signal: AbortSignal | undefined,
): Promise<Map<number, Item[]>> {
  const leaders = new Map<number, Item[]>()
  for (const item of items) {
    const topic = await cluster.topic(item.topic, { signal, timeoutMs: 5_000 })
    const image = topic.partitions[item.partition]
    if (image === undefined) throw unknownPartition(item, topic.partitions.length)
    if (image.leader < 0) throw noLeader(item)
    const mine = leaders.get(image.leader)
    if (mine === undefined) leaders.set(image.leader, [item])
    else mine.push(item)
  }
  return leaders
}

// Not one to retry: partitions that aren't there don't come by waiting.
const unknownPartition = (item: TopicPartition, there: number): Error =>
  new RangeError(`${item.topic} has no partition ${item.partition}: it has ${there}`)

const noLeader = (item: TopicPartition): KafkaError =>
  new KafkaError('LEADER_NOT_AVAILABLE', `LEADER_NOT_AVAILABLE: ${partitionKey(item)} has no leader now`)
