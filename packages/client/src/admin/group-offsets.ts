import { offsetCommitApi, offsetDeleteApi, offsetFetchApi } from '@millrace/protocol'
import type { CallOptions } from '../client-options.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { partError, throwOnError } from '../cluster/cluster.ts'
import type { TopicPartition, TopicPartitionOffset } from '../record.ts'
import type { Outcomes } from './admin-api.ts'
import { partitionKey, toCoordinator } from './admin-calls.ts'
import { byTopic } from './by-topic.ts'
import { outcomeOf } from './outcome.ts'
import type { CommittedOffset, Outcome } from './types.ts'

// From version 10 on these name topics by id, which a group's offsets of a deleted topic don't have.
const lastWithNames = 9

/** The group's committed offsets, of these partitions or of all; those without one are left out. */
export async function fetchOffsets(
  cluster: Cluster,
  groupId: string,
  partitions: readonly TopicPartition[] | undefined,
  options: CallOptions & { readonly requireStable?: boolean },
): Promise<CommittedOffset[]> {
  const topics =
    partitions === undefined
      ? null
      : [...byTopic(partitions)].map(([name, mine]) => ({ name, partitionIndexes: mine.map((each) => each.partition) }))
  const requireStable = options.requireStable ?? false
  const { response, connection } = await toCoordinator(
    cluster,
    groupId,
    offsetFetchApi,
    (version) => {
      if (version >= 8) return { groups: [{ groupId, topics }], requireStable }
      return { groupId, topics, ...(version >= 7 ? { requireStable } : {}) }
    },
    {
      ...options,
      codes: (answer) => [answer.errorCode, ...answer.groups.map((group) => group.errorCode)],
    },
    { max: lastWithNames },
  )
  const group = response.groups[0]
  throwOnError(group?.errorCode ?? response.errorCode, connection, offsetFetchApi.name)
  const found: CommittedOffset[] = []
  for (const { name: topic, partitions: answers } of group?.topics ?? response.topics) {
    for (const each of answers) {
      if (each.errorCode !== 0) throw partError(each.errorCode, connection, offsetFetchApi.name)
      if (each.committedOffset < 0) continue
      found.push({
        topic,
        partition: each.partitionIndex,
        offset: each.committedOffset,
        leaderEpoch: each.committedLeaderEpoch,
        metadata: each.metadata ?? '',
      })
    }
  }
  return found
}

export interface Committer {
  readonly memberId: string
  readonly generationId: number
  readonly groupInstanceId: string | null
}

const nobody: Committer = { memberId: '', generationId: -1, groupInstanceId: null }

export async function commitOffsets(
  cluster: Cluster,
  groupId: string,
  offsets: readonly (TopicPartitionOffset & { readonly leaderEpoch?: number; readonly metadata?: string })[],
  options: CallOptions,
  committer: Committer = nobody,
): Promise<Outcomes<null>> {
  const topics = [...byTopic(offsets)].map(([name, mine]) => ({
    name,
    partitions: mine.map((each) => ({
      partitionIndex: each.partition,
      committedOffset: each.offset,
      committedLeaderEpoch: each.leaderEpoch ?? -1,
      committedMetadata: each.metadata ?? '',
    })),
  }))
  const { memberId, generationId, groupInstanceId } = committer
  const { response, connection } = await toCoordinator(
    cluster,
    groupId,
    offsetCommitApi,
    (version) => ({
      groupId,
      generationIdOrMemberEpoch: generationId,
      memberId,
      topics,
      ...(version >= 7 ? { groupInstanceId } : {}),
    }),
    { ...options, codes: (answer) => answer.topics.flatMap((topic) => topic.partitions.map((each) => each.errorCode)) },
    { max: lastWithNames },
  )
  return perPartition(response.topics, (code) =>
    outcomeOf(code, null, { connection, api: offsetCommitApi.name }, () => null),
  )
}

export async function deleteOffsets(
  cluster: Cluster,
  groupId: string,
  partitions: readonly TopicPartition[],
  options: CallOptions,
): Promise<Outcomes<null>> {
  const topics = [...byTopic(partitions)].map(([name, mine]) => ({
    name,
    partitions: mine.map(({ partition }) => ({ partitionIndex: partition })),
  }))
  const { response, connection } = await toCoordinator(
    cluster,
    groupId,
    offsetDeleteApi,
    { groupId, topics },
    { ...options, codes: ({ errorCode }) => [errorCode] },
  )
  throwOnError(response.errorCode, connection, offsetDeleteApi.name)
  return perPartition(response.topics, (code) =>
    outcomeOf(code, null, { connection, api: offsetDeleteApi.name }, () => null),
  )
}

interface TopicCodes {
  readonly name: string
  readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[]
}

function perPartition(topics: readonly TopicCodes[], outcome: (code: number) => Outcome<null>): Outcomes<null> {
  const outcomes = new Map<string, Outcome<null>>()
  for (const { name: topic, partitions } of topics) {
    for (const { partitionIndex: partition, errorCode } of partitions) {
      outcomes.set(partitionKey({ topic, partition }), outcome(errorCode))
    }
  }
  return outcomes
}
