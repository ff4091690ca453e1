// Metadata v0-13. v0: an empty list means all topics; v1+: null means all. From v12 topics may be asked for by id.
// Topics that aren't there are created where broker and client allow it; the answer waits until they are.
import type { BrokerId } from '@millrace/kernel'
import type { MetadataImage, PartitionImage, TopicImage } from '@millrace/machines'
import { isInternalTopic, isServing, offlineReplicas, topicNameFault } from '@millrace/machines'
import type { ErrorName, MetadataRequest, MetadataResponse } from '@millrace/protocol'
import { errorCode, KafkaError, metadataApi, zeroUuid } from '@millrace/protocol'
import type { RequestContext } from '../dispatch/handler.ts'
import { defineHandler, need } from '../dispatch/handler.ts'
import { mapInSlices, Slices } from '../runtime/slices.ts'
import { clusterOperations, operationsNotAsked, topicOperations } from '../runtime/authorized-operations.ts'

type ResponseTopic = MetadataResponse['topics'][number]
type ResponsePartition = ResponseTopic['partitions'][number]

export const metadata = defineHandler(metadataApi, {
  access: (request) =>
    (request.topics ?? []).flatMap(({ name }) => (name === null ? [] : [need('DESCRIBE', 'TOPIC', name)])),
  handle: (request, context) => {
    checkNames(request, context.apiVersion)
    const missing = missingTopics(request, context)
    if (missing.length === 0) return respond(request, context, context.image, noErrors)
    return context.services.topicCreation
      .create(missing)
      .then(({ image, errors }) => respond(request, context, image, errors))
  },
  failure: (request, error) => ({
    ...emptyResponse,
    errorCode: errorCode(error),
    topics: (request.topics ?? []).map(({ name, topicId }) =>
      failedTopic(name ?? '', topicId, error, operationsNotAsked),
    ),
  }),
})

const noErrors: ReadonlyMap<string, ErrorName> = new Map()

function checkNames(request: MetadataRequest, apiVersion: number): void {
  if (apiVersion >= 12) return
  for (const { name, topicId } of request.topics ?? []) {
    if (name === null || topicId !== zeroUuid) {
      throw new KafkaError('INVALID_REQUEST', `topics by id asked in version ${apiVersion}, expected 12 or newer`)
    }
  }
}

const asksForAll = ({ topics }: MetadataRequest, apiVersion: number): boolean =>
  topics === null || (apiVersion === 0 && topics.length === 0)

function missingTopics(request: MetadataRequest, { apiVersion, image, services }: RequestContext): string[] {
  if (asksForAll(request, apiVersion) || !request.allowAutoTopicCreation) return []
  if (!services.settings.boolean('auto.create.topics.enable')) return []
  const missing = new Set<string>()
  for (const { name, topicId } of request.topics ?? []) {
    if (name !== null && topicId === zeroUuid && !image.topicsByName.has(name)) missing.add(name)
  }
  return [...missing]
}

async function respond(
  request: MetadataRequest,
  context: RequestContext,
  image: MetadataImage,
  creationErrors: ReadonlyMap<string, ErrorName>,
): Promise<MetadataResponse> {
  const { apiVersion, connection, services } = context
  const slices = new Slices(context)
  const topics = asksForAll(request, apiVersion)
    ? await mapInSlices([...image.topicsByName.values()], slices, (topic) => foundTopic(topic, image, context, request))
    : await namedTopics(request, image, context, creationErrors, slices)
  return {
    ...emptyResponse,
    brokers: services.endpoints.all(image, connection),
    clusterId: image.clusterId,
    // Any broker will do: each hands what only the controller may do on to it.
    controllerId: services.brokerId,
    topics,
    clusterAuthorizedOperations:
      apiVersion >= 8 && request.includeClusterAuthorizedOperations ? clusterOperations : operationsNotAsked,
  }
}

function namedTopics(
  request: MetadataRequest,
  image: MetadataImage,
  context: RequestContext,
  creationErrors: ReadonlyMap<string, ErrorName>,
  slices: Slices,
): Promise<ResponseTopic[]> {
  const byId = (request.topics ?? []).filter(({ topicId }) => topicId !== zeroUuid)
  // As Kafka: where one topic is asked for by id, names are not looked at.
  if (byId.length > 0) {
    return mapInSlices(unique(byId.map(({ topicId }) => topicId)), slices, (id) => {
      const topic = image.topicsById.get(id)
      return topic === undefined
        ? failedTopic(null, id, 'UNKNOWN_TOPIC_ID', operationsNotAsked)
        : foundTopic(topic, image, context, request)
    })
  }
  return mapInSlices(unique((request.topics ?? []).map(({ name }) => name ?? '')), slices, (name) => {
    const topic = image.topicsByName.get(name)
    if (topic !== undefined) return foundTopic(topic, image, context, request)
    const fault = topicNameFault(name)
    const error = creationErrors.get(name) ?? fault?.error
    if (error !== undefined) context.refused(error, fault?.message ?? 'it can not be created', { topic: name })
    return failedTopic(name, zeroUuid, error ?? 'UNKNOWN_TOPIC_OR_PARTITION', operationsOf(request))
  })
}

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)]

// Also for topics that aren't there: what somebody may do goes by the name.
const operationsOf = ({ includeTopicAuthorizedOperations }: MetadataRequest): number =>
  includeTopicAuthorizedOperations ? topicOperations : operationsNotAsked

const failedTopic = (
  name: string | null,
  topicId: string,
  error: ErrorName,
  topicAuthorizedOperations: number,
): ResponseTopic => ({
  errorCode: errorCode(error),
  name,
  topicId,
  isInternal: name !== null && isInternalTopic(name),
  partitions: [],
  topicAuthorizedOperations,
})

const foundTopic = (
  topic: TopicImage,
  image: MetadataImage,
  context: RequestContext,
  request: MetadataRequest,
): ResponseTopic => ({
  errorCode: 0,
  name: topic.name,
  topicId: topic.id,
  isInternal: isInternalTopic(topic.name),
  partitions: topic.partitions.map((partition) => partitionAnswer(partition, image, context)),
  topicAuthorizedOperations: operationsOf(request),
})

function partitionAnswer(partition: PartitionImage, image: MetadataImage, context: RequestContext): ResponsePartition {
  const { apiVersion, connection, services } = context
  const offline = offlineReplicas(image, partition)
  const alive = (ids: readonly BrokerId[]): readonly BrokerId[] =>
    apiVersion === 0 && offline.length > 0 ? ids.filter((id) => isServing(image.brokers.get(id))) : ids
  const leader = services.endpoints.of(partition.leader, image, connection)
  const replicaNodes = alive(partition.replicas)
  const isrNodes = alive(partition.isr)
  const missing = replicaNodes.length < partition.replicas.length || isrNodes.length < partition.isr.length
  return {
    errorCode: errorCode(
      leader === undefined ? noLeaderError(partition, image, apiVersion) : missing ? 'REPLICA_NOT_AVAILABLE' : 'NONE',
    ),
    partitionIndex: partition.partition,
    leaderId: leader?.nodeId ?? -1,
    leaderEpoch: partition.leaderEpoch,
    replicaNodes: [...replicaNodes],
    isrNodes: [...isrNodes],
    offlineReplicas: [...offline],
  }
}

const noLeaderError = (partition: PartitionImage, image: MetadataImage, apiVersion: number): ErrorName =>
  image.brokers.has(partition.leader) && apiVersion >= 6 ? 'LISTENER_NOT_FOUND' : 'LEADER_NOT_AVAILABLE'

const emptyResponse: MetadataResponse = {
  throttleTimeMs: 0,
  brokers: [],
  clusterId: null,
  controllerId: -1,
  topics: [],
  clusterAuthorizedOperations: operationsNotAsked,
  errorCode: 0,
}
