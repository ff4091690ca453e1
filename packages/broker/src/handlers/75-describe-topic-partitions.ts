// DescribeTopicPartitions v0. Topics in order of their names, cut off at a number of partitions, where the cursor of
// the response says how to go on.
import type { PartitionImage, TopicImage } from '@millrace/machines'
import { isInternalTopic, offlineReplicas, topicNameFault } from '@millrace/machines'
import type { DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, ErrorName } from '@millrace/protocol'
import { describeTopicPartitionsApi, errorCode, KafkaError, zeroUuid } from '@millrace/protocol'
import type { RequestContext } from '../dispatch/handler.ts'
import { defineHandler, need } from '../dispatch/handler.ts'
import { operationsNotAsked, topicOperations } from '../runtime/authorized-operations.ts'

type ResponseTopic = DescribeTopicPartitionsResponse['topics'][number]

export const describeTopicPartitions = defineHandler(describeTopicPartitionsApi, {
  access: (request) => request.topics.map(({ name }) => need('DESCRIBE', 'TOPIC', name)),
  handle: (request, context) => {
    const { image, services } = context
    const names = askedNames(request, context)
    const limit = Math.min(
      services.settings.number('max.request.partition.size.limit'),
      Math.max(1, request.responsePartitionLimit),
    )
    const topics: ResponseTopic[] = []
    let left = Math.max(1, limit)
    for (const name of names) {
      if (left === 0) return { throttleTimeMs: 0, topics, nextCursor: { topicName: name, partitionIndex: 0 } }
      const topic = image.topicsByName.get(name)
      if (topic === undefined) {
        if (request.topics.length > 0) topics.push(unknownTopic(name))
        continue
      }
      const from = name === request.cursor?.topicName ? request.cursor.partitionIndex : 0
      const partitions = topic.partitions.slice(from, from + left)
      topics.push(foundTopic(topic, partitions, context))
      left -= partitions.length
      const next = from + partitions.length
      if (next < topic.partitions.length) {
        return { throttleTimeMs: 0, topics, nextCursor: { topicName: name, partitionIndex: next } }
      }
    }
    return { throttleTimeMs: 0, topics, nextCursor: null }
  },
  failure: (request, error) => ({
    throttleTimeMs: 0,
    topics: request.topics.map(({ name }) => failedTopic(name, error)),
    nextCursor: null,
  }),
})

function askedNames({ topics, cursor }: DescribeTopicPartitionsRequest, { image }: RequestContext): string[] {
  const first = cursor?.topicName ?? ''
  const all = topics.length === 0 ? [...image.topicsByName.keys()] : topics.map(({ name }) => name)
  const names = [...new Set(all)].filter((name) => name >= first).toSorted()
  if (cursor !== null && topics.length > 0 && !names.includes(cursor.topicName)) {
    throw new KafkaError('INVALID_REQUEST', `the cursor's topic '${cursor.topicName}' is none of the topics asked for`)
  }
  if (cursor !== null && cursor.partitionIndex < 0) {
    throw new KafkaError('INVALID_REQUEST', `the cursor's partition is ${cursor.partitionIndex}, expected 0 or more`)
  }
  return names
}

const unknownTopic = (name: string): ResponseTopic => ({
  ...failedTopic(name, topicNameFault(name) === null ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'INVALID_TOPIC_EXCEPTION'),
  topicAuthorizedOperations: topicOperations,
})

const failedTopic = (name: string, error: ErrorName): ResponseTopic => ({
  errorCode: errorCode(error),
  name,
  topicId: zeroUuid,
  isInternal: isInternalTopic(name),
  partitions: [],
  topicAuthorizedOperations: operationsNotAsked,
})

const foundTopic = (
  topic: TopicImage,
  partitions: readonly PartitionImage[],
  { image, services, connection }: RequestContext,
): ResponseTopic => ({
  errorCode: 0,
  name: topic.name,
  topicId: topic.id,
  isInternal: isInternalTopic(topic.name),
  partitions: partitions.map((partition) => {
    const leader = services.endpoints.of(partition.leader, image, connection)
    return {
      errorCode: errorCode(leader === undefined ? 'LEADER_NOT_AVAILABLE' : 'NONE'),
      partitionIndex: partition.partition,
      leaderId: leader?.nodeId ?? -1,
      leaderEpoch: partition.leaderEpoch,
      replicaNodes: [...partition.replicas],
      isrNodes: [...partition.isr],
      eligibleLeaderReplicas: [],
      lastKnownElr: [],
      offlineReplicas: [...offlineReplicas(image, partition)],
    }
  }),
  topicAuthorizedOperations: topicOperations,
})
