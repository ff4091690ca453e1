import type { Connection } from '@millrace/connection'
import type { AnyApi } from '@millrace/protocol'
import { offsetFetchApi } from '@millrace/protocol'
import { partError } from '../cluster/cluster.ts'
import type { TopicPartition } from '../record.ts'
import { byTopic } from './by-topic.ts'
import type { CommittedOffset, OffsetToCommit } from './offsets-api.ts'
import { doneOrNot } from './outcome.ts'
import { partitionKey } from './outcome-keys.ts'
import type { Outcome } from './outcome-types.ts'

// Committed offsets as OffsetFetch, OffsetCommit and OffsetDelete carry them.

/** From version 10 on they name topics by id, which a group's offsets of a deleted topic don't have. */
export const lastVersionWithNames = 9

/** What to ask for: null for all that there is. */
export const topicsToFetch = (partitions: readonly TopicPartition[] | undefined) =>
  partitions === undefined
    ? null
    : [...byTopic(partitions)].map(([name, mine]) => ({ name, partitionIndexes: mine.map((each) => each.partition) }))

interface FetchedTopic {
  readonly name: string
  readonly partitions: readonly {
    readonly partitionIndex: number
    readonly committedOffset: number
    readonly committedLeaderEpoch: number
    readonly metadata: string | null
    readonly errorCode: number
  }[]
}

/** The offsets in an answer, without the partitions that have none. Throws the first error of a partition. */
export function committedIn(topics: readonly FetchedTopic[], connection: Connection): CommittedOffset[] {
  return topics.flatMap(({ name: topic, partitions }) =>
    partitions.flatMap((each) => {
      if (each.errorCode !== 0) {
        const about = partitionKey({ topic, partition: each.partitionIndex })
        throw partError(each.errorCode, connection, offsetFetchApi.name, null, about)
      }
      if (each.committedOffset < 0) return []
      return [
        {
          topic,
          partition: each.partitionIndex,
          offset: each.committedOffset,
          leaderEpoch: each.committedLeaderEpoch,
          metadata: each.metadata ?? '',
        },
      ]
    }),
  )
}

export const topicsToCommit = (offsets: readonly OffsetToCommit[]) =>
  [...byTopic(offsets)].map(([name, mine]) => ({
    name,
    partitions: mine.map((each) => ({
      partitionIndex: each.partition,
      committedOffset: each.offset,
      committedLeaderEpoch: each.leaderEpoch ?? -1,
      committedMetadata: each.metadata ?? '',
    })),
  }))

interface TopicCodes {
  readonly name: string
  readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[]
}

/** What an answer says of each partition. */
export const partitionOutcomes = (
  topics: readonly TopicCodes[],
  connection: Connection,
  api: Pick<AnyApi, 'name'>,
): (readonly [string, Outcome<null>])[] =>
  topics.flatMap(({ name: topic, partitions }) =>
    partitions.map(({ partitionIndex: partition, errorCode }) => {
      const key = partitionKey({ topic, partition })
      return [key, doneOrNot(errorCode, null, connection, api, key)]
    }),
  )
