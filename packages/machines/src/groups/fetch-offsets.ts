import type { ErrorName } from '@millrace/protocol'
import { errorCode, zeroUuid } from '@millrace/protocol'
import type { FetchedOffsets, GroupAnswer, OffsetFetchCommand, OffsetFetchGroup } from './command.ts'
import type { GroupDecision } from './decision.ts'
import { answerOnly } from './draft.ts'
import { committedOffset, hasPendingOffset } from './offsets.ts'
import type { DurableGroups, GroupsState, StoredOffset } from './state.ts'

type FetchedTopic = FetchedOffsets['topics'][number]
type FetchedPartition = FetchedTopic['partitions'][number]

/** OffsetFetch: of the partitions asked for, or of all that the group has; -1 where there is none. */
export function fetchOffsets({ durable }: GroupsState, command: OffsetFetchCommand): GroupDecision {
  const { group, requireStable } = command
  const topics =
    group.topics === null
      ? allTopics(durable, group.groupId, requireStable)
      : group.topics.map((topic) => askedTopic(durable, group.groupId, topic, requireStable))
  return answerOnly(command.token, fetched(group, topics, 'NONE'))
}

type AskedTopic = NonNullable<OffsetFetchGroup['topics']>[number]

function askedTopic(durable: DurableGroups, groupId: string, topic: AskedTopic, requireStable: boolean): FetchedTopic {
  const { name, topicId } = topic
  const partitions = topic.partitionIndexes.map((partition) => {
    if (requireStable && hasPendingOffset(durable, groupId, name, partition)) return unstable(partition)
    const offset = committedOffset(durable, groupId, name, partition)
    return offset === undefined || isOfOtherTopic(offset, topicId)
      ? nothingCommitted(partition)
      : found(partition, offset)
  })
  return { name, topicId, partitions }
}

// The topic was deleted and created again since.
const isOfOtherTopic = (offset: StoredOffset, topicId: string): boolean =>
  offset.topicId !== zeroUuid && topicId !== zeroUuid && offset.topicId !== topicId

function allTopics(durable: DurableGroups, groupId: string, requireStable: boolean): FetchedTopic[] {
  return [...(durable.offsets.get(groupId) ?? [])].map(([name, offsets]) => ({
    name,
    topicId: zeroUuid,
    partitions: [...offsets].map(([partition, offset]) =>
      requireStable && hasPendingOffset(durable, groupId, name, partition)
        ? unstable(partition)
        : found(partition, offset),
    ),
  }))
}

const found = (partitionIndex: number, offset: StoredOffset): FetchedPartition => ({
  partitionIndex,
  committedOffset: offset.offset,
  committedLeaderEpoch: offset.leaderEpoch,
  metadata: offset.metadata,
  errorCode: errorCode('NONE'),
})

const withoutOffset = (partitionIndex: number, error: ErrorName): FetchedPartition => ({
  partitionIndex,
  committedOffset: -1,
  committedLeaderEpoch: -1,
  metadata: '',
  errorCode: errorCode(error),
})

const nothingCommitted = (partition: number): FetchedPartition => withoutOffset(partition, 'NONE')

// A transaction that isn't decided yet may move the offset.
const unstable = (partition: number): FetchedPartition => withoutOffset(partition, 'UNSTABLE_OFFSET_COMMIT')

const fetched = (group: OffsetFetchGroup, topics: FetchedTopic[], error: ErrorName): GroupAnswer => ({
  kind: 'offsetFetch',
  body: { groupId: group.groupId, topics, errorCode: errorCode(error) },
})

/** From version 2 on a group has an error; in version 1 only partitions have. */
export function fetchError({ group, apiVersion }: OffsetFetchCommand, error: ErrorName): GroupAnswer {
  if (apiVersion >= 2) return fetched(group, [], error)
  const topics = (group.topics ?? []).map(({ name, topicId, partitionIndexes }) => ({
    name,
    topicId,
    partitions: partitionIndexes.map((partition) => withoutOffset(partition, error)),
  }))
  return fetched(group, topics, error)
}
