import type { ErrorName, OffsetCommitRequest } from '@millrace/protocol'
import { errorCode, zeroUuid } from '@millrace/protocol'
import type { GroupAnswer, OffsetCommitCommand } from './command.ts'
import type { GroupDecision, GroupEnv } from './decision.ts'
import type { Draft } from './draft.ts'
import { answerOnly, closeDraft, effect, openDraft, reply, restartSession } from './draft.ts'
import { findGroup, memberOf, newGroup } from './live-group.ts'
import type { GroupRecord } from './record.ts'
import type { GroupsState, LiveGroup } from './state.ts'
import { memberError } from './validate.ts'

/** From this version on a client understands that its group isn't there. */
const groupNotFoundVersion = 9

type Topic = OffsetCommitRequest['topics'][number]
type Partition = Topic['partitions'][number]

/** OffsetCommit: of a member in its generation, or of anybody while the group has no members. */
export function commitOffsets(state: GroupsState, command: OffsetCommitCommand, env: GroupEnv): GroupDecision {
  const { request, token } = command
  const before = findGroup(state, request.groupId)
  const error = before === undefined ? absentGroupError(state, command) : groupError(before, request)
  if (error !== null) return answerOnly(token, commitError(request, error))
  const draft = openDraft(env, before ?? newGroup(request.groupId, env.wallMs))
  if (before !== undefined) keepSession(draft, request.memberId)
  const records = request.topics.flatMap((topic) => topicRecords(draft, request, topic))
  draft.records.push(...records)
  if (records.length > 0) effect(draft, 'offsetsCommitted', { count: records.length })
  reply(draft, token, committed(request, env))
  // A group that only commits offsets lives in its offsets alone.
  return closeDraft(draft, draft.group)
}

function absentGroupError(state: GroupsState, { request, apiVersion }: OffsetCommitCommand): ErrorName | null {
  if (request.generationIdOrMemberEpoch < 0) return null
  if (state.durable.foreign.has(request.groupId)) return 'UNKNOWN_MEMBER_ID'
  return apiVersion >= groupNotFoundVersion ? 'GROUP_ID_NOT_FOUND' : 'ILLEGAL_GENERATION'
}

function groupError(group: LiveGroup, request: OffsetCommitRequest): ErrorName | null {
  const { generationIdOrMemberEpoch: generation, memberId, groupInstanceId } = request
  if (generation < 0 && group.phase === 'Empty') return null
  const isManual = generation < 0 && memberId === '' && groupInstanceId === null
  if (isManual) return 'UNKNOWN_MEMBER_ID'
  const error = memberError(group, memberId, groupInstanceId)
  if (error !== null) return error
  if (generation !== group.generation) return 'ILLEGAL_GENERATION'
  // It knows the new generation, so it may no longer own what it commits.
  return group.phase === 'CompletingRebalance' ? 'REBALANCE_IN_PROGRESS' : null
}

// A member that commits lives.
function keepSession(draft: Draft, memberId: string): void {
  if (draft.group.phase !== 'Stable' && draft.group.phase !== 'PreparingRebalance') return
  restartSession(draft, memberId, memberOf(draft.group, memberId).sessionTimeoutMs)
}

const topicRecords = ({ env }: Draft, request: OffsetCommitRequest, topic: Topic): GroupRecord[] =>
  topic.partitions
    .filter((partition) => !isTooLarge(partition, env))
    .map((partition) => offsetRecord(request, topic, partition, env.wallMs))

// Characters, as in Kafka, whatever the setting is called.
const isTooLarge = (partition: Partition, env: GroupEnv): boolean =>
  (partition.committedMetadata ?? '').length > env.settings.offsetMetadataMaxBytes

function offsetRecord(request: OffsetCommitRequest, topic: Topic, partition: Partition, nowMs: number): GroupRecord {
  const { retentionTimeMs, groupId } = request
  const expires = retentionTimeMs !== -1
  return {
    kind: 'offset',
    groupId,
    topic: topic.name,
    partition: partition.partitionIndex,
    value: {
      offset: partition.committedOffset,
      metadata: partition.committedMetadata ?? '',
      committedAtMs: nowMs,
      // 2^63-1 means for ever.
      expiresAtMs: expires ? Math.min(nowMs + retentionTimeMs, Number.MAX_SAFE_INTEGER) : -1,
      // The version of the record that can hold an expiry holds neither of these.
      leaderEpoch: expires ? -1 : partition.committedLeaderEpoch,
      topicId: expires ? zeroUuid : topic.topicId,
    },
  }
}

const committed = (request: OffsetCommitRequest, env: GroupEnv): GroupAnswer =>
  commitAnswer(request, (partition) => (isTooLarge(partition, env) ? 'OFFSET_METADATA_TOO_LARGE' : 'NONE'))

/** The same error for every partition. */
export const commitError = (request: OffsetCommitRequest, error: ErrorName): GroupAnswer =>
  commitAnswer(request, () => error)

function commitAnswer(request: OffsetCommitRequest, errorOf: (partition: Partition) => ErrorName): GroupAnswer {
  const topics = request.topics.map(({ name, topicId, partitions }) => ({
    name,
    topicId,
    partitions: partitions.map((partition) => ({
      partitionIndex: partition.partitionIndex,
      errorCode: errorCode(errorOf(partition)),
    })),
  }))
  return { kind: 'offsetCommit', body: { throttleTimeMs: 0, topics } }
}
