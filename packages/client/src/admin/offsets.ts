import type { Connection } from '@millrace/connection'
import { KafkaError, offsetCommitApi, offsetDeleteApi, offsetFetchApi } from '@millrace/protocol'
import { wrong } from '../cluster/checked.ts'
import { partError, throwOnError } from '../cluster/cluster.ts'
import type { TopicPartition } from '../record.ts'
import { askEach } from './ask-each.ts'
import { byTopic } from './by-topic.ts'
import type { Call } from './call.ts'
import {
  committedIn,
  lastVersionWithNames,
  partitionOutcomes,
  topicsToCommit,
  topicsToFetch,
} from './offset-messages.ts'
import type { CommittedOffset, FetchOffsetsOptions, GroupPartitions, OffsetToCommit } from './offsets-api.ts'
import { failed, succeeded } from './outcome.ts'
import { partitionKey } from './outcome-keys.ts'
import type { Outcome, Outcomes } from './outcome-types.ts'
import { request } from './request.ts'
import { coordinatorMoved, toCoordinators } from './routes.ts'

// The first version that takes several groups, and the one that can wait for open transactions.
const groupsVersion = 8
const stableVersion = 7

type Committed = readonly CommittedOffset[]

export const fetchOffsets = (
  call: Call,
  groups: readonly GroupPartitions[],
  { requireStable = false }: FetchOffsetsOptions,
): Promise<Outcomes<Committed>> =>
  askEach<GroupPartitions, Committed, string>(call, {
    items: groups,
    key: ({ groupId }) => groupId,
    route: toCoordinators('group', ({ groupId }) => groupId),
    again: new Set([...coordinatorMoved, 'UNSTABLE_OFFSET_COMMIT']),
    send: async (connection, items) => {
      const versions = { max: lastVersionWithNames, min: requireStable ? stableVersion : 0 }
      const together = connection.versionOf(offsetFetchApi, versions) >= groupsVersion
      const answers = (together ? [items] : items.map((item) => [item])).map(async (asked) => {
        const body = fetchBody(asked, requireStable)
        const response = await request(call, connection, offsetFetchApi, body, versions)
        return together ? response.groups : [{ ...response, groupId: asked[0]?.groupId ?? '' }]
      })
      return (await Promise.all(answers)).flat().map((group) => [group.groupId, committedOf(group, connection)])
    },
  })

const fetchBody = (items: readonly GroupPartitions[], requireStable: boolean) => (version: number) => {
  const stable = version >= stableVersion ? { requireStable } : {}
  const groups = items.map(({ groupId, partitions }) => ({ groupId, topics: topicsToFetch(partitions) }))
  return version >= groupsVersion ? { groups, ...stable } : { ...groups[0], ...stable }
}

interface FetchedGroup {
  readonly errorCode: number
  readonly topics: Parameters<typeof committedIn>[0]
}

function committedOf(group: FetchedGroup, connection: Connection): Outcome<Committed> {
  if (group.errorCode !== 0) return failed(partError(group.errorCode, connection, offsetFetchApi.name))
  try {
    return succeeded(committedIn(group.topics, connection))
  } catch (error) {
    if (error instanceof KafkaError) return failed(error)
    throw error
  }
}

export const commitOffsets = async (
  call: Call,
  groupId: string,
  offsets: readonly OffsetToCommit[],
): Promise<Outcomes<null>> => {
  for (const { offset } of offsets) if (!(offset >= 0)) throw wrong('offset', offset, '0 or more')
  return askEach<OffsetToCommit, null, string>(call, {
    items: offsets,
    key: partitionKey,
    route: toCoordinators('group', () => groupId),
    again: coordinatorMoved,
    send: async (connection, items) => {
      // An administrator is a member of no generation.
      const body = { groupId, generationIdOrMemberEpoch: -1, memberId: '', topics: topicsToCommit(items) }
      const response = await request(call, connection, offsetCommitApi, body, { max: lastVersionWithNames })
      return partitionOutcomes(response.topics, connection, offsetCommitApi)
    },
  })
}

export const deleteOffsets = (
  call: Call,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<Outcomes<null>> =>
  askEach<TopicPartition, null, string>(call, {
    items: partitions,
    key: partitionKey,
    route: toCoordinators('group', () => groupId),
    again: coordinatorMoved,
    send: async (connection, items) => {
      const topics = [...byTopic(items)].map(([name, mine]) => ({
        name,
        partitions: mine.map(({ partition }) => ({ partitionIndex: partition })),
      }))
      const response = await request(call, connection, offsetDeleteApi, { groupId, topics })
      throwOnError(response.errorCode, connection, offsetDeleteApi.name)
      return partitionOutcomes(response.topics, connection, offsetDeleteApi)
    },
  })
