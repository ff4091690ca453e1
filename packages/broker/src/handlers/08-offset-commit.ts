// OffsetCommit v2-10. Topics and partitions that aren't there are answered here; the rest goes to the group. From v10
// topics come by id only.
import type { ErrorName, OffsetCommitRequest, OffsetCommitResponse } from '@millrace/protocol'
import { errorCode, offsetCommitApi } from '@millrace/protocol'
import type { MetadataImage, TopicImage } from '@millrace/machines'
import { defineHandler, need } from '../dispatch/handler.ts'

type AskedTopic = OffsetCommitRequest['topics'][number]
type TopicAnswer = OffsetCommitResponse['topics'][number]

const firstVersionByTopicId = 10

export const offsetCommit = defineHandler(offsetCommitApi, {
  access: (request) => [
    need('READ', 'GROUP', request.groupId),
    ...request.topics.flatMap(({ name }) => (name === '' ? [] : [need('READ', 'TOPIC', name)])),
  ],
  handle: async (request, { services, image, apiVersion }) => {
    const { committable, refused } = split(request, image, apiVersion >= firstVersionByTopicId)
    if (committable.length === 0) return { throttleTimeMs: 0, topics: refused }
    const answer = await services.groups.ask<'offsetCommit'>(request.groupId, {
      kind: 'offsetCommit',
      apiVersion,
      request: { ...request, topics: committable },
    })
    return { ...answer, topics: merged(answer.topics, refused) }
  },
  failure: (request, error) => ({ topics: request.topics.map((topic) => failed(topic, error)) }),
})

const failed = ({ name, topicId, partitions }: AskedTopic, error: ErrorName): TopicAnswer => ({
  name,
  topicId,
  partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: errorCode(error) })),
})

function split({ topics }: OffsetCommitRequest, image: MetadataImage, byId: boolean) {
  const committable: AskedTopic[] = []
  const refused: TopicAnswer[] = []
  for (const asked of topics) {
    const topic = byId ? image.topicsById.get(asked.topicId) : image.topicsByName.get(asked.name)
    if (topic === undefined) {
      refused.push(failed(asked, byId ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION'))
      continue
    }
    const [known, unknown] = byExistence(asked, topic)
    if (known.partitions.length > 0) committable.push(known)
    if (unknown.partitions.length > 0) refused.push(failed(unknown, 'UNKNOWN_TOPIC_OR_PARTITION'))
  }
  return { committable, refused }
}

function byExistence(asked: AskedTopic, topic: TopicImage): readonly [AskedTopic, AskedTopic] {
  const exists = ({ partitionIndex }: { readonly partitionIndex: number }): boolean =>
    topic.partitions[partitionIndex] !== undefined
  const named = { name: topic.name, topicId: topic.id }
  return [
    { ...named, partitions: asked.partitions.filter(exists) },
    { ...named, partitions: asked.partitions.filter((partition) => !exists(partition)) },
  ]
}

/** A topic of which some partitions are there has one entry in the answer. */
function merged(answered: readonly TopicAnswer[], refused: readonly TopicAnswer[]): TopicAnswer[] {
  const keyOf = ({ name, topicId }: TopicAnswer): string => `${topicId}/${name}`
  const topics = answered.map((topic) => ({ ...topic, partitions: [...topic.partitions] }))
  const byKey = new Map(topics.toReversed().map((topic) => [keyOf(topic), topic]))
  for (const topic of refused) {
    const same = byKey.get(keyOf(topic))
    if (same !== undefined) for (const partition of topic.partitions) same.partitions.push(partition)
    else {
      byKey.set(keyOf(topic), topic)
      topics.push(topic)
    }
  }
  return topics
}
