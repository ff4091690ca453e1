import type { ErrorName, OffsetDeleteRequest } from '@millrace/protocol'
import { errorCode, zeroUuid } from '@millrace/protocol'
import type { DeletedTopic, GroupAnswer, OffsetDeleteCommand, TopicsDeletedCommand } from './command.ts'
import type { GroupDecision, GroupEffect } from './decision.ts'
import { nothing } from './decision.ts'
import { answerOnly } from './draft.ts'
import { findGroup } from './live-group.ts'
import { committedOffset, hasPendingOffset } from './offsets.ts'
import type { GroupRecord } from './record.ts'
import type { DurableGroups, GroupsState, LiveGroup, TopicOffsets } from './state.ts'
import { consumerProtocolType } from './subscription.ts'

export const offsetTombstone = (groupId: string, topic: string, partition: number): GroupRecord => ({
  kind: 'offset',
  groupId,
  topic,
  partition,
  value: null,
})

/** Whether a member may be reading this topic; where subscriptions aren't known, consumers may be reading anything. */
export const isSubscribed = (group: LiveGroup, topic: string): boolean =>
  group.subscribedTopics?.has(topic) ?? group.protocolType === consumerProtocolType

/** OffsetDelete: only of topics that no member reads. */
export function deleteOffsets(state: GroupsState, command: OffsetDeleteCommand): GroupDecision {
  const { request, token } = command
  const { groupId, topics } = request
  const group = findGroup(state, groupId)
  const error = groupError(state, request, group)
  if (error !== null) return answerOnly(token, deleteError(error))
  const isRead = (topic: string): boolean => group !== undefined && isSubscribed(group, topic)
  const records = topics
    .filter(({ name }) => !isRead(name))
    .flatMap(({ name, partitions }) =>
      partitions
        .filter(({ partitionIndex }) => hasOffset(state.durable, groupId, name, partitionIndex))
        .map(({ partitionIndex }) => offsetTombstone(groupId, name, partitionIndex)),
    )
  const effects: GroupEffect[] =
    records.length === 0 ? [] : [{ kind: 'offsetsDeleted', groupId, count: records.length }]
  return { ...answerOnly(token, deleteAnswer(topics, isRead)), records, effects }
}

function groupError(
  { durable }: GroupsState,
  { groupId }: OffsetDeleteRequest,
  group: LiveGroup | undefined,
): ErrorName | null {
  if (groupId === '') return 'INVALID_GROUP_ID'
  if (group === undefined) return durable.foreign.has(groupId) ? null : 'GROUP_ID_NOT_FOUND'
  // Of a group that isn't one of consumers nobody knows what it reads.
  return group.phase !== 'Empty' && group.protocolType !== consumerProtocolType ? 'NON_EMPTY_GROUP' : null
}

const hasOffset = (durable: DurableGroups, groupId: string, topic: string, partition: number): boolean =>
  committedOffset(durable, groupId, topic, partition) !== undefined ||
  hasPendingOffset(durable, groupId, topic, partition)

const deleteAnswer = (topics: OffsetDeleteRequest['topics'], isRead: (topic: string) => boolean): GroupAnswer => ({
  kind: 'offsetDelete',
  body: {
    errorCode: errorCode('NONE'),
    throttleTimeMs: 0,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        errorCode: errorCode(isRead(name) ? 'GROUP_SUBSCRIBED_TO_TOPIC' : 'NONE'),
      })),
    })),
  },
})

export const deleteError = (error: ErrorName): GroupAnswer => ({
  kind: 'offsetDelete',
  body: { errorCode: errorCode(error), throttleTimeMs: 0, topics: [] },
})

/** The offsets of topics that were deleted go, also those that a transaction hasn't committed yet. */
export function forgetTopics({ durable }: GroupsState, { topics }: TopicsDeletedCommand): GroupDecision {
  const records: GroupRecord[] = []
  for (const [groupId, offsets] of durable.offsets) records.push(...topicTombstones(groupId, offsets, topics))
  for (const [groupId, producers] of durable.pendingOffsets) {
    for (const offsets of producers.values()) records.push(...topicTombstones(groupId, offsets, topics))
  }
  return { ...nothing, records, atomic: false }
}

// An offset of a topic that has the name again, but another id, stays.
const topicTombstones = (groupId: string, offsets: TopicOffsets, topics: readonly DeletedTopic[]): GroupRecord[] =>
  topics.flatMap(({ name, topicId }) =>
    [...(offsets.get(name) ?? [])]
      .filter(([, offset]) => offset.topicId === zeroUuid || offset.topicId === topicId)
      .map(([partition]) => offsetTombstone(groupId, name, partition)),
  )
