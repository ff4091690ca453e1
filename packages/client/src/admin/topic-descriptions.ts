import type { Connection } from '@millrace/connection'
import { BadResponseError } from '@millrace/connection'
import { describeTopicPartitionsApi, KafkaError, metadataApi } from '@millrace/protocol'
import { askEach } from './ask-each.ts'
import type { Call } from './call.ts'
import { operationsOf } from './names.ts'
import { failed, outcomeOf } from './outcome.ts'
import { topicKey } from './outcome-keys.ts'
import type { Outcome, Outcomes } from './outcome-types.ts'
import { askOne, request } from './request.ts'
import { toAny } from './routes.ts'
import type {
  DescribeTopicsOptions,
  PartitionDescription,
  TopicDescription,
  TopicListing,
  TopicRef,
} from './topics-api.ts'

export async function listTopics(call: Call, options: { readonly includeInternal?: boolean }): Promise<TopicListing[]> {
  const response = await askOne(call, toAny, (connection) =>
    request(call, connection, metadataApi, (version) => ({
      topics: null,
      ...(version >= 4 ? { allowAutoTopicCreation: false } : {}),
    })),
  )
  return response.topics
    .filter((topic) => topic.errorCode === 0 && (options.includeInternal === true || !topic.isInternal))
    .map(({ name, topicId, isInternal, partitions }) => ({
      name: name ?? '',
      topicId,
      internal: isInternal,
      partitions: partitions.length,
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

export async function describeTopics(
  call: Call,
  topics: readonly TopicRef[],
  options: DescribeTopicsOptions,
): Promise<Outcomes<TopicDescription>> {
  return askEach<TopicRef, TopicDescription, string>(call, {
    items: topics,
    key: topicKey,
    route: toAny,
    patient: (topic) => call.newTopics.has(topicKey(topic)),
    send: async (connection, items) => {
      const named = items.filter((item) => typeof item === 'string')
      const ids = items.filter((item) => typeof item !== 'string').map(topicKey)
      const byName = connection.supports(describeTopicPartitionsApi) ? inPages : fromMetadata
      return [
        ...(named.length === 0 ? [] : await byName(call, connection, named, options)),
        ...(ids.length === 0 ? [] : await byIdFromMetadata(call, connection, ids, options)),
      ]
    },
  })
}

type Described = (readonly [string, Outcome<TopicDescription>])[]

// As many as a broker puts into one answer (its max.request.partition.size.limit).
const partitionsPerAnswerMax = 2_000

/** Asks for page after page; a topic may begin in one and go on in the next. */
async function inPages(
  call: Call,
  connection: Connection,
  names: readonly string[],
  options: DescribeTopicsOptions,
): Promise<Described> {
  const from = { connection, api: describeTopicPartitionsApi.name }
  const outcomes = new Map<string, Outcome<TopicDescription>>()
  // A broker refuses the whole request for a name that is empty.
  if (names.includes('')) outcomes.set('', failed(noName()))
  const topics = names
    .filter((name) => name !== '')
    .toSorted()
    .map((name) => ({ name }))
  if (topics.length === 0) return [...outcomes]
  let cursor: Cursor | null = null
  do {
    const response: PagesAnswer = await request(call, connection, describeTopicPartitionsApi, {
      topics,
      responsePartitionLimit: options.partitionsPerAnswer ?? partitionsPerAnswerMax,
      cursor,
    })
    for (const topic of response.topics) {
      const name = topic.name ?? ''
      const before = outcomes.get(name)
      const earlier = before?.ok === true ? before.value.partitions : []
      const value = () => describedIn(topic, name, earlier, options)
      outcomes.set(name, outcomeOf(topic.errorCode, notThere(topic.errorCode), { ...from, about: name }, value))
    }
    if (cursor !== null && isStuck(cursor, response.nextCursor)) {
      throw new BadResponseError('a page that goes no further than the one before', {
        address: connection.address,
        api: from.api,
      })
    }
    cursor = response.nextCursor
  } while (cursor !== null)
  return [...outcomes]
}

const noName = (): KafkaError =>
  new KafkaError('INVALID_TOPIC_EXCEPTION', "INVALID_TOPIC_EXCEPTION: a topic's name is not empty: got ''")

interface Cursor {
  readonly topicName: string
  readonly partitionIndex: number
}

// Brokers go by name and then by partition: whoever doesn't would never end.
function isStuck(before: Cursor, next: Cursor | null): boolean {
  if (next === null || next.topicName > before.topicName) return false
  return next.topicName < before.topicName || next.partitionIndex <= before.partitionIndex
}

type PagesAnswer = ReturnType<typeof describeTopicPartitionsApi.response.decode>
type TopicPage = PagesAnswer['topics'][number]

const describedIn = (
  topic: TopicPage,
  name: string,
  earlier: readonly PartitionDescription[],
  options: DescribeTopicsOptions,
): TopicDescription => ({
  name,
  topicId: topic.topicId,
  internal: topic.isInternal,
  partitions: [
    ...earlier,
    ...topic.partitions.map((each) => ({
      ...partitionOf(each),
      eligibleLeaders: each.eligibleLeaderReplicas,
      lastKnownEligibleLeaders: each.lastKnownElr,
    })),
  ].toSorted(byPartition),
  authorizedOperations:
    options.includeAuthorizedOperations === true ? operationsOf(topic.topicAuthorizedOperations) : null,
})

async function fromMetadata(
  call: Call,
  connection: Connection,
  names: readonly string[],
  options: DescribeTopicsOptions,
): Promise<Described> {
  const topics = names.map((name) => ({ name }))
  const response = await request(call, connection, metadataApi, (version) => metadataBody(topics, version, options))
  return response.topics.map((topic) => described(connection, topic, topic.name ?? '', options))
}

// The first version that finds topics by their ids.
const idsVersion = 12

async function byIdFromMetadata(
  call: Call,
  connection: Connection,
  ids: readonly string[],
  options: DescribeTopicsOptions,
): Promise<Described> {
  const topics = ids.map((topicId) => ({ topicId, name: null }))
  const body = (version: number) => metadataBody(topics, version, options)
  const response = await request(call, connection, metadataApi, body, { min: idsVersion })
  return response.topics.map((topic) => described(connection, topic, topic.topicId, options))
}

const metadataBody = (
  topics: readonly { topicId?: string; name: string | null }[],
  version: number,
  options: DescribeTopicsOptions,
) => ({
  topics,
  ...(version >= 4 ? { allowAutoTopicCreation: false } : {}),
  ...(version >= 8 ? { includeTopicAuthorizedOperations: options.includeAuthorizedOperations ?? false } : {}),
})

type TopicAnswer = ReturnType<typeof metadataApi.response.decode>['topics'][number]

function described(
  connection: Connection,
  topic: TopicAnswer,
  key: string,
  options: DescribeTopicsOptions,
): Described[number] {
  const from = { connection, api: metadataApi.name }
  const value = (): TopicDescription => ({
    name: topic.name ?? '',
    topicId: topic.topicId,
    internal: topic.isInternal,
    partitions: topic.partitions.map(partitionOf).toSorted(byPartition),
    authorizedOperations:
      options.includeAuthorizedOperations === true ? operationsOf(topic.topicAuthorizedOperations) : null,
  })
  return [key, outcomeOf(topic.errorCode, notThere(topic.errorCode), { ...from, about: key }, value)]
}

interface PartitionAnswer {
  readonly partitionIndex: number
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly replicaNodes: readonly number[]
  readonly isrNodes: readonly number[]
  readonly offlineReplicas: readonly number[]
}

const partitionOf = (each: PartitionAnswer): PartitionDescription => ({
  partition: each.partitionIndex,
  leader: each.leaderId < 0 ? null : each.leaderId,
  leaderEpoch: each.leaderEpoch,
  replicas: each.replicaNodes,
  isr: each.isrNodes,
  offline: each.offlineReplicas,
  eligibleLeaders: null,
  lastKnownEligibleLeaders: null,
})

const byPartition = (a: PartitionDescription, b: PartitionDescription): number => a.partition - b.partition

const topicNotThere = 3

const notThere = (code: number): string | null => (code === topicNotThere ? "the topic isn't there" : null)
