import { offsetCommitApi, offsetFetchApi } from '@millrace/protocol'
import type { CallOptions } from '../client-options.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { throwOnError } from '../cluster/cluster.ts'
import type { TopicPartition } from '../record.ts'
import { toCoordinator } from './admin-calls.ts'
import {
  committedIn,
  lastVersionWithNames,
  partitionOutcomes,
  topicsToCommit,
  topicsToFetch,
} from './offset-messages.ts'
import type { CommittedOffset, OffsetToCommit } from './offsets-api.ts'
import type { Outcomes } from './outcome-types.ts'

// A consumer's own offsets; those of any group are in `offsets.ts`.

/** The group's committed offsets, of these partitions or of all; those without one are left out. */
export async function fetchOffsets(
  cluster: Cluster,
  groupId: string,
  partitions: readonly TopicPartition[] | undefined,
  options: CallOptions & { readonly requireStable?: boolean },
): Promise<CommittedOffset[]> {
  const topics = topicsToFetch(partitions)
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
    { max: lastVersionWithNames },
  )
  const group = response.groups[0]
  throwOnError(group?.errorCode ?? response.errorCode, connection, offsetFetchApi.name)
  return committedIn(group?.topics ?? response.topics, connection)
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
  offsets: readonly OffsetToCommit[],
  options: CallOptions,
  committer: Committer = nobody,
): Promise<Outcomes<null>> {
  const topics = topicsToCommit(offsets)
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
    { max: lastVersionWithNames },
  )
  return new Map(partitionOutcomes(response.topics, connection, offsetCommitApi))
}
