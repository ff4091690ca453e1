import type { FetchRequest } from '@millrace/protocol'

type RequestedPartition = FetchRequest['topics'][number]['partitions'][number]

/** What a client asks of one partition, and what it was last told. A session keeps one of these per partition. */
export interface FetchPartition {
  /** Empty where the request names the topic by an id that nobody knows (yet). */
  topic: string
  readonly topicId: string
  readonly partition: number
  fetchOffset: number
  maxBytes: number
  /** -1 where the client doesn't say. */
  currentLeaderEpoch: number
  lastFetchedEpoch: number
  /** The follower's own log start; -1 from consumers. */
  logStartOffset: number
  sentHighWatermark: number
  sentLogStartOffset: number
}

/** What of an answer decides whether an incremental response has to carry the partition. */
export interface FetchAnswer {
  readonly errorCode: number
  readonly highWatermark: number
  readonly logStartOffset: number
  readonly sizeBytes: number
  readonly divergingEpoch?: object | undefined
}

export interface FetchSession {
  readonly id: number
  readonly privileged: boolean
  readonly usesTopicIds: boolean
  readonly createdMs: number
  /** In the order in which they are served: who was given records goes to the end, so that nobody starves. */
  readonly partitions: Map<string, FetchPartition>
  usedMs: number
  epoch: number
}

export const partitionKey = (topic: string, topicId: string, partition: number, usesTopicIds: boolean): string =>
  `${usesTopicIds ? topicId : topic}:${partition}`

/** The partitions that a request names, by their keys. */
export function requested(
  request: FetchRequest,
  usesTopicIds: boolean,
  topicName: (topicId: string) => string | undefined,
): Map<string, FetchPartition> {
  const partitions = new Map<string, FetchPartition>()
  for (const topic of request.topics) {
    const name = usesTopicIds ? (topicName(topic.topicId) ?? '') : topic.topic
    for (const partition of topic.partitions) {
      const key = partitionKey(name, topic.topicId, partition.partition, usesTopicIds)
      partitions.set(key, newPartition(name, topic.topicId, partition))
    }
  }
  return partitions
}

function newPartition(topic: string, topicId: string, asked: RequestedPartition): FetchPartition {
  return {
    topic,
    topicId,
    partition: asked.partition,
    fetchOffset: asked.fetchOffset,
    maxBytes: asked.partitionMaxBytes,
    currentLeaderEpoch: asked.currentLeaderEpoch,
    lastFetchedEpoch: asked.lastFetchedEpoch,
    logStartOffset: asked.logStartOffset,
    sentHighWatermark: -1,
    sentLogStartOffset: -1,
  }
}

export function addOrUpdate(session: FetchSession, key: string, asked: FetchPartition): void {
  const known = session.partitions.get(key)
  if (known === undefined) {
    session.partitions.set(key, asked)
    return
  }
  known.fetchOffset = asked.fetchOffset
  known.maxBytes = asked.maxBytes
  known.currentLeaderEpoch = asked.currentLeaderEpoch
  known.lastFetchedEpoch = asked.lastFetchedEpoch
  known.logStartOffset = asked.logStartOffset
}

// An error makes the high watermark that was sent invalid, so that the partition is sent again when the error is gone.
export function noteAnswer(session: FetchSession, partition: FetchPartition, answer: FetchAnswer): boolean {
  const failed = answer.errorCode !== 0
  const moved =
    partition.sentHighWatermark !== answer.highWatermark || partition.sentLogStartOffset !== answer.logStartOffset
  partition.sentHighWatermark = failed ? -1 : answer.highWatermark
  partition.sentLogStartOffset = answer.logStartOffset
  if (answer.sizeBytes > 0) moveToEnd(session, partition)
  return failed || moved || answer.sizeBytes > 0 || answer.divergingEpoch !== undefined
}

function moveToEnd(session: FetchSession, partition: FetchPartition): void {
  const key = partitionKey(partition.topic, partition.topicId, partition.partition, session.usesTopicIds)
  if (session.partitions.get(key) !== partition) return
  session.partitions.delete(key)
  session.partitions.set(key, partition)
}
