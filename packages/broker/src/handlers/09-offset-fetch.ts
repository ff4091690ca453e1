// OffsetFetch v1-10; from v8 for many groups at once. Without topics (v2+) all offsets of the group. From v10 topics
// come by id only.
import type { FetchedOffsets, MetadataImage, OffsetFetchGroup } from '@millrace/machines'
import type { ErrorName, OffsetFetchRequest, OffsetFetchResponseInput } from '@millrace/protocol'
import { errorCode, offsetFetchApi, zeroUuid } from '@millrace/protocol'
import type { RequestContext } from '../dispatch/handler.ts'
import { defineHandler, need } from '../dispatch/handler.ts'
import { mapInSlices, Slices } from '../runtime/slices.ts'

type FetchedTopic = FetchedOffsets['topics'][number]

const firstBatchedVersion = 8
const firstVersionByTopicId = 10

export const offsetFetch = defineHandler(offsetFetchApi, {
  access: (request) => groupsOf(request).map(({ groupId }) => need('DESCRIBE', 'GROUP', groupId)),
  handle: async (request, context) => {
    const groups = context.apiVersion >= firstBatchedVersion ? request.groups : groupsOf(request)
    const fetchIt = (group: OffsetFetchGroup) => fetchGroup(group, request.requireStable, context)
    const fetched = await mapInSlices(groups, new Slices(context), fetchIt)
    return respond(await Promise.all(fetched), context.apiVersion)
  },
  failure: (request, error) => {
    const failed = groupsOf(request).map(({ groupId }) => ({ groupId, topics: [], errorCode: errorCode(error) }))
    return request.groups.length > 0 ? respond(failed, firstBatchedVersion) : failedSingle(request, error)
  },
})

/** Versions up to 7 ask for one group. */
function groupsOf(request: OffsetFetchRequest): OffsetFetchGroup[] {
  if (request.groups.length > 0) return request.groups
  const topics = request.topics?.map((topic) => ({ ...topic, topicId: zeroUuid })) ?? null
  return [{ groupId: request.groupId, memberId: null, memberEpoch: -1, topics }]
}

function failedSingle({ topics }: OffsetFetchRequest, error: ErrorName): OffsetFetchResponseInput {
  const code = errorCode(error)
  return {
    errorCode: code,
    topics: (topics ?? []).map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => ({
        partitionIndex,
        committedOffset: -1,
        metadata: '',
        errorCode: code,
      })),
    })),
  }
}

async function fetchGroup(
  group: OffsetFetchGroup,
  requireStable: boolean,
  { services, apiVersion, image }: RequestContext,
): Promise<FetchedOffsets> {
  const byId = apiVersion >= firstVersionByTopicId
  const unknown = byId ? (group.topics ?? []).filter(({ topicId }) => !image.topicsById.has(topicId)) : []
  const fetched = await services.groups.ask<'offsetFetch'>(group.groupId, {
    kind: 'offsetFetch',
    apiVersion,
    requireStable,
    group: byId ? withNames(group, image) : group,
  })
  if (!byId || fetched.errorCode !== 0) return fetched
  const topics = fetched.topics.flatMap((topic) => withId(topic, image))
  return { ...fetched, topics: [...topics, ...unknown.map(unknownTopic)] }
}

const withNames = (group: OffsetFetchGroup, image: MetadataImage): OffsetFetchGroup => ({
  ...group,
  topics:
    group.topics?.flatMap((topic) => {
      const known = image.topicsById.get(topic.topicId)
      return known === undefined ? [] : [{ ...topic, name: known.name }]
    }) ?? null,
})

// Offsets of a topic that is gone can't be told by id.
function withId(topic: FetchedTopic, image: MetadataImage): FetchedTopic[] {
  if (topic.topicId !== zeroUuid) return [topic]
  const known = image.topicsByName.get(topic.name)
  return known === undefined ? [] : [{ ...topic, topicId: known.id }]
}

const unknownTopic = (asked: {
  readonly topicId: string
  readonly partitionIndexes: readonly number[]
}): FetchedTopic => ({
  name: '',
  topicId: asked.topicId,
  partitions: asked.partitionIndexes.map((partitionIndex) => ({
    partitionIndex,
    committedOffset: -1,
    committedLeaderEpoch: -1,
    metadata: '',
    errorCode: errorCode('UNKNOWN_TOPIC_ID'),
  })),
})

function respond(fetched: readonly FetchedOffsets[], apiVersion: number): OffsetFetchResponseInput {
  if (apiVersion >= firstBatchedVersion) return { throttleTimeMs: 0, groups: fetched }
  const [group] = fetched
  return { throttleTimeMs: 0, errorCode: group?.errorCode ?? 0, topics: group?.topics ?? [] }
}
