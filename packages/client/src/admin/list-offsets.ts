import type { Connection } from '@millrace/connection'
import { listOffsetsApi } from '@millrace/protocol'
import type { CallOptions } from '../client-options.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { wrong } from '../cluster/checked.ts'
import { perLeader } from './admin-calls.ts'
import { askEach } from './ask-each.ts'
import { byTopic } from './by-topic.ts'
import type { Call } from './call.ts'
import { brokerTimeoutMs } from './call.ts'
import type { AskedOffset, ListedOffset, ListOffsetsOptions, OffsetSpec } from './offsets-api.ts'
import { wordIn } from './names.ts'
import { outcomeOf, valueOf } from './outcome.ts'
import { partitionKey } from './outcome-keys.ts'
import type { Outcome, Outcomes } from './outcome-types.ts'
import { leaderMoved, toLeaders } from './routes.ts'

// What ListOffsets takes in place of a timestamp, and the first version that does.
const specs = {
  latest: { timestamp: -1, min: 0 },
  earliest: { timestamp: -2, min: 0 },
  'max-timestamp': { timestamp: -3, min: 7 },
  'earliest-local': { timestamp: -4, min: 8 },
  'latest-tiered': { timestamp: -5, min: 9 },
  'earliest-pending-upload': { timestamp: -6, min: 11 },
}

function wireSpec(at: OffsetSpec): { readonly timestamp: number; readonly min: number } {
  if (typeof at !== 'number') return wordIn('at', specs, at)
  // Below 0 they stand for the words above.
  if (Number.isSafeInteger(at) && at >= 0) return { timestamp: at, min: 0 }
  throw wrong('at', at, 'a timestamp in whole ms, 0 or more')
}

/** Each partition's leader, asked for anew. */
export async function offsetsOfPartitions(
  call: Call,
  asked: readonly AskedOffset[],
  options: ListOffsetsOptions,
): Promise<Outcomes<ListedOffset>> {
  return askEach<AskedOffset, ListedOffset, string>(call, {
    items: asked,
    key: partitionKey,
    route: toLeaders,
    again: leaderMoved,
    patient: true,
    send: (connection, items) =>
      askLeader(connection, items, { ...options, signal: call.signal, timeoutMs: brokerTimeoutMs(call) }),
  })
}

interface AskOptions {
  readonly signal?: AbortSignal
  readonly isolationLevel?: 'read_uncommitted' | 'read_committed'
  readonly timeoutMs: number
}

async function askLeader(
  connection: Connection,
  items: readonly AskedOffset[],
  { signal, isolationLevel, timeoutMs }: AskOptions,
): Promise<ReadonlyMap<string, Outcome<ListedOffset>>> {
  const topics = [...byTopic(items)].map(([name, mine]) => ({
    name,
    partitions: mine.map(({ partition, at }) => ({ partitionIndex: partition, timestamp: wireSpec(at).timestamp })),
  }))
  const response = await connection.request(
    listOffsetsApi,
    (version) => ({
      replicaId: -1,
      topics,
      ...(version >= 2 ? { isolationLevel: isolationLevel === 'read_committed' ? 1 : 0 } : {}),
      ...(version >= 10 ? { timeoutMs } : {}),
    }),
    {
      versions: { min: Math.max(...items.map(({ at }) => wireSpec(at).min)) },
      ...(signal === undefined ? {} : { signal }),
    },
  )
  const from = { connection, api: listOffsetsApi.name }
  return new Map(
    response.topics.flatMap(({ name: topic, partitions }) =>
      partitions.map(({ partitionIndex: partition, errorCode, offset, timestamp, leaderEpoch }) => {
        const value = { topic, partition, offset, timestamp, leaderEpoch }
        const key = partitionKey(value)
        return [key, outcomeOf(errorCode, null, { ...from, about: key }, () => value)] as const
      }),
    ),
  )
}

export type { AskedOffset } from './offsets-api.ts'

/**
 * For those who know the leaders already, as consumers do. Rejects with the first error of a partition; `partly` leaves out
 * those that nobody has answered for in time.
 */
export async function listOffsets(
  cluster: Cluster,
  asked: readonly AskedOffset[],
  options: CallOptions & { readonly isolationLevel?: 'read_uncommitted' | 'read_committed'; readonly partly?: boolean },
): Promise<ListedOffset[]> {
  const asking = { ...options, timeoutMs: cluster.settings.requestTimeoutMs }
  const outcomes = await perLeader<AskedOffset, ListedOffset>(
    cluster,
    asked,
    (connection, items) => askLeader(connection, items, asking),
    options,
  )
  return asked.flatMap((item) => {
    const outcome = outcomes.get(partitionKey(item))
    if (outcome === undefined && options.partly === true) return []
    if (outcome === undefined) throw new RangeError(`the leader of ${partitionKey(item)} said nothing of its offsets`)
    return valueOf(outcome)
  })
}
