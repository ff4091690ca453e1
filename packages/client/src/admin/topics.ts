import type { ErrorName } from '@millrace/protocol'
import {
  createPartitionsApi,
  createTopicsApi,
  deleteRecordsApi,
  deleteTopicsApi,
  errorName,
  KafkaError,
  metadataApi,
} from '@millrace/protocol'
import type { CallOptions } from '../client-options.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { partError } from '../cluster/cluster.ts'
import { retry } from '../cluster/retry.ts'
import type { TopicPartitionOffset } from '../record.ts'
import type { Outcomes } from './admin-api.ts'
import { partitionKey, perLeader, toAny, toController } from './admin-calls.ts'
import { byTopic } from './by-topic.ts'
import { outcomeOf } from './outcome.ts'
import type { NewTopic, Outcome, TopicDescription, TopicListing } from './types.ts'

type Validate = CallOptions & { readonly validateOnly?: boolean }

export async function createTopics(
  cluster: Cluster,
  topics: readonly NewTopic[],
  options: Validate,
): Promise<Outcomes<TopicDescription>> {
  const { response, connection } = await toController(
    cluster,
    createTopicsApi,
    {
      topics: topics.map(newTopic),
      timeoutMs: cluster.settings.requestTimeoutMs,
      validateOnly: options.validateOnly ?? false,
    },
    { ...options, codes: ({ topics: answers }) => answers.map((each) => each.errorCode) },
  )
  const from = { connection, api: createTopicsApi.name }
  const outcomes = new Map(
    response.topics.map((each) => [
      each.name,
      outcomeOf(each.errorCode, each.errorMessage, from, () => bareDescription(each)),
    ]),
  )
  return options.validateOnly === true ? outcomes : withMetadata(cluster, outcomes, options)
}

const newTopic = (topic: NewTopic) => ({
  name: topic.name,
  numPartitions: topic.replicaAssignment === undefined ? (topic.partitions ?? -1) : -1,
  replicationFactor: topic.replicaAssignment === undefined ? (topic.replicationFactor ?? -1) : -1,
  assignments: (topic.replicaAssignment ?? []).map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
  configs: Object.entries(topic.configs ?? {}).map(([name, value]) => ({ name, value })),
})

const bareDescription = (topic: { name: string; topicId: string; numPartitions: number }): TopicDescription => ({
  name: topic.name,
  topicId: topic.topicId,
  internal: false,
  partitions: Array.from({ length: Math.max(0, topic.numPartitions) }, (_, partition) => ({
    partition,
    leader: null,
    leaderEpoch: -1,
    replicas: [],
    isr: [],
  })),
})

const visibleWithinMs = 5_000

// A topic is there for its creator when the brokers speak of it: what follows can use it at once.
async function withMetadata(
  cluster: Cluster,
  outcomes: Map<string, Outcome<TopicDescription>>,
  options: CallOptions,
): Promise<Outcomes<TopicDescription>> {
  const created = [...outcomes].flatMap(([name, outcome]) => (outcome.ok ? [name] : []))
  if (created.length === 0) return outcomes
  const look = async (): Promise<void> => {
    for (const [name, outcome] of await describeTopics(cluster, created, options)) {
      if (outcome.ok) outcomes.set(name, outcome)
      const ready = outcome.ok && outcome.value.partitions.every(({ leader }) => leader !== null)
      if (!ready) throw new KafkaError('LEADER_NOT_AVAILABLE', `the leaders of ${name} aren't known yet`)
    }
  }
  try {
    await retry(cluster.settings, look, { ...options, timeoutMs: visibleWithinMs })
  } catch (error) {
    // It was created; that not every broker shows it yet is no failure.
    if (!(error instanceof KafkaError)) throw error
    cluster.settings.logger.debug('a topic that was created is not shown yet', { error: error.message })
  }
  return outcomes
}

export async function deleteTopics(
  cluster: Cluster,
  names: readonly string[],
  options: CallOptions,
): Promise<Outcomes<null>> {
  const timeoutMs = cluster.settings.requestTimeoutMs
  const { response, connection } = await toController(
    cluster,
    deleteTopicsApi,
    (version) => (version >= 6 ? { topics: names.map(namedTopic), timeoutMs } : { topicNames: names, timeoutMs }),
    { ...options, codes: ({ responses }) => responses.map((each) => each.errorCode) },
  )
  const from = { connection, api: deleteTopicsApi.name }
  for (const name of names) cluster.forget(name)
  return new Map(
    response.responses.map((each) => [
      each.name ?? each.topicId,
      outcomeOf(each.errorCode, each.errorMessage, from, () => null),
    ]),
  )
}

const noTopicId = 'AAAAAAAAAAAAAAAAAAAAAA'
const namedTopic = (name: string) => ({ name, topicId: noTopicId })

export async function listTopics(
  cluster: Cluster,
  options: CallOptions & { readonly includeInternal?: boolean },
): Promise<TopicListing[]> {
  const topics = await cluster.allTopics(options.signal)
  return topics
    .filter((topic) => options.includeInternal === true || !topic.internal)
    .map(({ name, topicId, internal, partitions }) => ({ name, topicId, internal, partitions: partitions.length }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

export async function describeTopics(
  cluster: Cluster,
  names: readonly string[],
  options: CallOptions,
): Promise<Outcomes<TopicDescription>> {
  if (names.length === 0) return new Map()
  const topics = names.map((name) => ({ name }))
  const { response, connection } = await toAny(
    cluster,
    metadataApi,
    (version) => ({ topics, ...(version >= 4 ? { allowAutoTopicCreation: false } : {}) }),
    options,
  )
  const answers = new Map(response.topics.map((topic) => [topic.name, topic]))
  return new Map(
    names.map((name): [string, Outcome<TopicDescription>] => {
      const topic = answers.get(name)
      const from = { connection, api: metadataApi.name }
      if (topic === undefined) return [name, outcomeOf(3, `nothing was said of topic '${name}'`, from, neverThere)]
      return [
        name,
        outcomeOf(topic.errorCode, describeError(topic.errorCode, name), from, () => described(name, topic)),
      ]
    }),
  )
}

function neverThere(): never {
  throw new Error('an error has no value')
}

const describeError = (code: number, name: string): string | null => {
  const error: ErrorName = errorName(code)
  return error === 'UNKNOWN_TOPIC_OR_PARTITION' ? `topic '${name}' isn't there` : null
}

type TopicAnswer = ReturnType<typeof metadataApi.response.decode>['topics'][number]

const described = (name: string, topic: TopicAnswer): TopicDescription => ({
  name,
  topicId: topic.topicId,
  internal: topic.isInternal,
  partitions: topic.partitions
    .map((each) => ({
      partition: each.partitionIndex,
      leader: each.leaderId < 0 ? null : each.leaderId,
      leaderEpoch: each.leaderEpoch,
      replicas: each.replicaNodes,
      isr: each.isrNodes,
    }))
    .toSorted((a, b) => a.partition - b.partition),
})

export async function createPartitions(
  cluster: Cluster,
  topic: string,
  total: number,
  options: Validate,
): Promise<void> {
  const { response, connection } = await toController(
    cluster,
    createPartitionsApi,
    {
      topics: [{ name: topic, count: total, assignments: null }],
      timeoutMs: cluster.settings.requestTimeoutMs,
      validateOnly: options.validateOnly ?? false,
    },
    { ...options, codes: ({ results }) => results.map((each) => each.errorCode) },
  )
  const result = response.results[0]
  if (result !== undefined && result.errorCode !== 0) {
    throw partError(result.errorCode, connection, createPartitionsApi.name, result.errorMessage)
  }
  cluster.invalidate(topic)
}

export function deleteRecords(
  cluster: Cluster,
  before: readonly TopicPartitionOffset[],
  options: CallOptions,
): Promise<Outcomes<{ readonly lowWatermark: number }>> {
  const { signal } = options
  return perLeader(
    cluster,
    before,
    async (connection, items) => {
      const topics = [...byTopic(items)].map(([name, mine]) => ({
        name,
        partitions: mine.map(({ partition, offset }) => ({ partitionIndex: partition, offset })),
      }))
      const body = { topics, timeoutMs: cluster.settings.requestTimeoutMs }
      const response = await connection.request(deleteRecordsApi, body, signal === undefined ? {} : { signal })
      const from = { connection, api: deleteRecordsApi.name }
      const outcomes = new Map<string, Outcome<{ readonly lowWatermark: number }>>()
      for (const { name, partitions } of response.topics) {
        for (const { partitionIndex, errorCode, lowWatermark } of partitions) {
          const key = partitionKey({ topic: name, partition: partitionIndex })
          outcomes.set(
            key,
            outcomeOf(errorCode, null, from, () => ({ lowWatermark })),
          )
        }
      }
      return outcomes
    },
    options,
  )
}
