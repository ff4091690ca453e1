import { listOffsetsApi } from '@millrace/protocol'
import type { CallOptions } from '../client-options.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { TopicPartition } from '../record.ts'
import { partitionKey, perLeader } from './admin-calls.ts'
import { byTopic } from './by-topic.ts'
import { outcomeOf, valueOf } from './outcome.ts'
import type { ListedOffset, OffsetSpec, Outcome } from './types.ts'

export type AskedOffset = TopicPartition & { readonly at: OffsetSpec }

// What ListOffsets takes in place of a timestamp.
const specialTimestamps = { latest: -1, earliest: -2, 'max-timestamp': -3 }
// The first version that knows of the largest timestamp.
const maxTimestampVersion = 7

const timestampOf = (at: OffsetSpec): number => (typeof at === 'number' ? at : specialTimestamps[at])

/** Asks each partition's leader; rejects with the first error of a partition. */
export async function listOffsets(
  cluster: Cluster,
  asked: readonly AskedOffset[],
  options: CallOptions & { readonly isolationLevel?: 'read_uncommitted' | 'read_committed' },
): Promise<ListedOffset[]> {
  const { signal } = options
  const isolationLevel = options.isolationLevel === 'read_committed' ? 1 : 0
  const outcomes = await perLeader(
    cluster,
    asked,
    async (connection, items) => {
      const topics = [...byTopic(items)].map(([name, mine]) => ({
        name,
        partitions: mine.map(({ partition, at }) => ({ partitionIndex: partition, timestamp: timestampOf(at) })),
      }))
      const min = items.some(({ at }) => at === 'max-timestamp') ? maxTimestampVersion : 0
      const response = await connection.request(
        listOffsetsApi,
        (version) => ({ replicaId: -1, topics, ...(version >= 2 ? { isolationLevel } : {}) }),
        { versions: { min }, ...(signal === undefined ? {} : { signal }) },
      )
      const from = { connection, api: listOffsetsApi.name }
      const found = new Map<string, Outcome<ListedOffset>>()
      for (const { name: topic, partitions } of response.topics) {
        for (const { partitionIndex: partition, errorCode, offset, timestamp, leaderEpoch } of partitions) {
          const value = { topic, partition, offset, timestamp, leaderEpoch }
          found.set(
            partitionKey(value),
            outcomeOf(errorCode, null, from, () => value),
          )
        }
      }
      return found
    },
    options,
  )
  return asked.map((item) => {
    const outcome = outcomes.get(partitionKey(item))
    if (outcome === undefined) throw new RangeError(`the leader of ${partitionKey(item)} said nothing of its offsets`)
    return valueOf(outcome)
  })
}
