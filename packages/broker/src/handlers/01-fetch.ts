// Fetch v4-18. Whole batches from the one that holds the offset; the first is given even where it is larger than the
// limits. Waits for fetch.min.bytes up to its deadline. Incremental sessions (v7) leave out what hasn't changed; from
// v13 topics come by id only.
import type { ErrorName, FetchRequest, FetchResponseInput } from '@millrace/protocol'
import { errorCode, fetchApi, zeroUuid } from '@millrace/protocol'
import type { RequestContext } from '../dispatch/handler.ts'
import { defineHandler, need } from '../dispatch/handler.ts'
import type { FetchResult } from '../runtime/delayed-fetch.ts'
import { DelayedFetch } from '../runtime/delayed-fetch.ts'
import type { FetchedPartition, FetchOptions } from '../runtime/fetch-read.ts'
import type { FetchPartition } from '../runtime/fetch-partition.ts'
import type { ServedContext } from '../runtime/fetch-sessions.ts'
import type { BrokerServices } from '../runtime/services.ts'
import { isReadCommitted } from '../runtime/isolation.ts'
import { replicaOf } from '../runtime/fetch-sessions.ts'
import { LeaderHints } from '../runtime/leader-hints.ts'

interface TopicAnswer {
  readonly topic: string
  readonly topicId: string
  readonly partitions: FetchedPartition[]
}

const firstVersionByTopicId = 13
const nothing: Pick<FetchResult, 'asked' | 'partitions'> = { asked: [], partitions: [] }

export const fetch = defineHandler(fetchApi, {
  access: (request) =>
    replicaOf(request) >= 0
      ? [need('CLUSTER_ACTION', 'CLUSTER', 'kafka-cluster')]
      : request.topics.flatMap(({ topic }) => (topic === '' ? [] : [need('READ', 'TOPIC', topic)])),
  handle: (request, context) => {
    const { services, image, apiVersion } = context
    const topicName = (topicId: string): string | undefined => image.topicsById.get(topicId)?.name
    const fetchContext = services.fetchSessions.begin(request, apiVersion, topicName)
    if (fetchContext.kind === 'refused') return { errorCode: errorCode(fetchContext.error), responses: [] }
    if (fetchContext.interest.size === 0) return respond(fetchContext, context, nothing)
    return read(request, fetchContext, context)
  },
  failure: (request, error) => ({
    errorCode: errorCode(error),
    // From v13 the error for the whole says it, as Kafka has it.
    responses: request.topics
      .filter(({ topicId }) => topicId === zeroUuid)
      .map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition }) => ({
          partitionIndex: partition,
          errorCode: errorCode(error),
          highWatermark: -1,
          abortedTransactions: [],
          records: null,
        })),
      })),
  }),
})

function read(request: FetchRequest, served: ServedContext, context: RequestContext): Promise<FetchResponseInput> {
  const { services, clock } = context
  const world = {
    partitions: services.partitions,
    image: () => services.images.current,
    responseBytes: services.responseBytes,
    coldPace: services.coldPace,
  }
  return new Promise((resolve, reject) => {
    const delayed = new DelayedFetch(world, clock, served.interest, optionsOf(request, served, context), {
      done: (result) => {
        context.afterResponse(result.release)
        resolve(respond(served, context, result))
      },
      failed: (error) => {
        services.fetchSessions.abandon(served)
        reject(error)
      },
    })
    context.onDisconnect(() => delayed.cancel())
    delayed.start()
  })
}

function optionsOf(request: FetchRequest, served: ServedContext, context: RequestContext): FetchOptions {
  const { services, apiVersion } = context
  const maxBytes = Math.min(request.maxBytes, services.settings.number('fetch.max.bytes'))
  return {
    maxBytes,
    minBytes: Math.min(request.minBytes, maxBytes),
    maxWaitMs: request.maxWaitMs,
    readCommitted: request.isolationLevel === 0 ? false : readsCommitted(request.isolationLevel, served, context),
    replicaId: replicaOf(request),
    usesTopicIds: apiVersion >= firstVersionByTopicId,
  }
}

// Kafka finds a level that is none when it comes to read.
function readsCommitted(level: number, { interest }: ServedContext, { services, image }: RequestContext): boolean {
  const isThere = ({ topic, partition }: FetchPartition): boolean =>
    services.partitions.leader(image, topic, partition) !== 'UNKNOWN_TOPIC_OR_PARTITION'
  if (level !== 1 && !Array.from(interest.all).some(isThere)) return false
  return isReadCommitted(level)
}

function respond(
  served: ServedContext,
  context: RequestContext,
  { asked: asks, partitions: answers }: Pick<FetchResult, 'asked' | 'partitions'>,
): FetchResponseInput {
  const { services, apiVersion } = context
  const end = services.fetchSessions.finish(served, asks, answers, apiVersion >= firstVersionByTopicId)
  const responses: TopicAnswer[] = []
  let hints: LeaderHints | undefined
  for (const [i, answer] of answers.entries()) {
    const asked = asks[i]
    if (asked === undefined || !end.included(i)) continue
    count(asked, answer, services)
    if (answer.errorCode !== 0) hints = adaptError(answer, asked, context, hints)
    addAnswer(responses, asked, answer)
  }
  const response = { errorCode: errorCode(end.error), sessionId: end.sessionId, responses }
  return hints === undefined ? response : { ...response, nodeEndpoints: hints.nodeEndpoints }
}

function count({ topic }: FetchPartition, answer: FetchedPartition, { topicMetrics }: BrokerServices): void {
  if (topic === '') return
  if (answer.errorCode === 0) topicMetrics.fetched(topic, answer.sizeBytes)
  else topicMetrics.fetchFailed(topic)
}

// Partitions of a topic that follow one another share its entry.
function addAnswer(responses: TopicAnswer[], asked: FetchPartition, answer: FetchedPartition): void {
  const last = responses.at(-1)
  if (last !== undefined && last.topic === asked.topic && last.topicId === asked.topicId) last.partitions.push(answer)
  else responses.push({ topic: asked.topic, topicId: asked.topicId, partitions: [answer] })
}

const leadershipErrors: ReadonlySet<number> = new Set(
  (['NOT_LEADER_OR_FOLLOWER', 'FENCED_LEADER_EPOCH'] satisfies ErrorName[]).map(errorCode),
)

function adaptError(
  answer: FetchedPartition,
  asked: FetchPartition,
  context: RequestContext,
  hints: LeaderHints | undefined,
): LeaderHints | undefined {
  const { apiVersion } = context
  // Clients that old don't know the code and would give up instead of asking again.
  if (apiVersion <= 5 && answer.errorCode === errorCode('KAFKA_STORAGE_ERROR')) {
    answer.errorCode = errorCode('NOT_LEADER_OR_FOLLOWER')
  }
  if (apiVersion < 16 || !leadershipErrors.has(answer.errorCode)) return hints
  const known = hints ?? new LeaderHints(context)
  const leader = known.leaderOf(asked.topic, asked.partition)
  if (leader !== undefined) answer.currentLeader = leader
  return known
}
