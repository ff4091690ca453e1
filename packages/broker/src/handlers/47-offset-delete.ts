// OffsetDelete v0: forgets offsets of topics that the group isn't subscribed to. Topics and partitions that aren't there
// are answered here.
import type { OffsetDeleteRequest, OffsetDeleteResponse } from '@millrace/protocol'
import { errorCode, offsetDeleteApi } from '@millrace/protocol'
import type { MetadataImage } from '@millrace/machines'
import { defineHandler, need } from '../dispatch/handler.ts'

type AskedTopic = OffsetDeleteRequest['topics'][number]
type TopicAnswer = OffsetDeleteResponse['topics'][number]

export const offsetDelete = defineHandler(offsetDeleteApi, {
  access: (request) => [
    need('DELETE', 'GROUP', request.groupId),
    ...request.topics.map(({ name }) => need('READ', 'TOPIC', name)),
  ],
  handle: async (request, { services, image, apiVersion }) => {
    const known = request.topics
      .map((topic) => existing(topic, image, true))
      .filter(({ partitions }) => partitions.length > 0)
    const unknown = request.topics.map((topic) => existing(topic, image, false))
    const answer = await services.groups.ask<'offsetDelete'>(request.groupId, {
      kind: 'offsetDelete',
      apiVersion,
      request: { ...request, topics: known },
    })
    if (answer.errorCode !== 0) return answer
    return { ...answer, topics: merged(answer.topics, unknown) }
  },
  failure: (_request, error) => ({ errorCode: errorCode(error), topics: [] }),
})

/** The topic with those of its partitions that are there, or with the others. */
const existing = ({ name, partitions }: AskedTopic, image: MetadataImage, isThere: boolean): AskedTopic => ({
  name,
  partitions: partitions.filter(
    ({ partitionIndex }) => (image.topicsByName.get(name)?.partitions[partitionIndex] !== undefined) === isThere,
  ),
})

function merged(answered: readonly TopicAnswer[], unknown: readonly AskedTopic[]): TopicAnswer[] {
  const code = errorCode('UNKNOWN_TOPIC_OR_PARTITION')
  const topics = answered.map((topic) => ({ ...topic, partitions: [...topic.partitions] }))
  const byName = new Map(topics.toReversed().map((topic) => [topic.name, topic]))
  for (const { name, partitions } of unknown) {
    if (partitions.length === 0) continue
    const failed = partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: code }))
    const same = byName.get(name)
    if (same !== undefined) for (const partition of failed) same.partitions.push(partition)
    else {
      const topic = { name, partitions: failed }
      byName.set(name, topic)
      topics.push(topic)
    }
  }
  return topics
}
