import { type BrokerError, responseError } from '@millrace/connection'
import type { MetadataResponse } from '@millrace/protocol'
import { metadataApi } from '@millrace/protocol'
import type { Address } from './settings.ts'

export interface Broker extends Address {
  readonly id: number
  readonly rack: string | null
}

export interface PartitionImage {
  readonly partition: number
  /** -1 while there is none. */
  readonly leader: number
  /** -1 where the broker is too old to say. */
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  /** Set where an answer named this leader (KIP-951): when, and whether it was to be asked at once. */
  readonly hint?: { readonly atMs: number; readonly atOnce: boolean }
}

export interface TopicImage {
  readonly name: string
  readonly topicId: string
  readonly internal: boolean
  /** In order of their numbers, which start at 0 without gaps. */
  readonly partitions: readonly PartitionImage[]
}

/** What is known of the cluster. An image never changes; a new answer makes a new one. */
export interface ClusterImage {
  readonly clusterId: string | null
  readonly controllerId: number
  readonly brokers: ReadonlyMap<number, Broker>
  readonly topics: ReadonlyMap<string, TopicImage>
  /** Why the brokers gave no image of a topic that was asked for. */
  readonly topicErrors: ReadonlyMap<string, BrokerError>
}

export const emptyImage: ClusterImage = {
  clusterId: null,
  controllerId: -1,
  brokers: new Map(),
  topics: new Map(),
  topicErrors: new Map(),
}

/** The image after an answer of the broker at `address`: topics that it doesn't speak of stay as they were. */
export function withMetadata(image: ClusterImage, response: MetadataResponse, address: string): ClusterImage {
  const topics = new Map(image.topics)
  const topicErrors = new Map(image.topicErrors)
  const brokers = new Map(response.brokers.map(({ nodeId, ...broker }) => [nodeId, { id: nodeId, ...broker }]))
  for (const topic of response.topics) {
    if (topic.name === null) continue
    topicErrors.delete(topic.name)
    if (topic.errorCode === 0) {
      const known = topics.get(topic.name)
      const now = topicImage(topic, topic.name, known)
      topics.set(topic.name, now)
      keepNewerLeaders(brokers, image.brokers, now, known)
    } else {
      topics.delete(topic.name)
      const source = { address, api: metadataApi.name }
      topicErrors.set(topic.name, responseError(topic.errorCode, `no metadata of topic '${topic.name}'`, source))
    }
  }
  return {
    clusterId: response.clusterId,
    controllerId: response.controllerId,
    brokers,
    topics,
    topicErrors,
  }
}

type TopicAnswer = MetadataResponse['topics'][number]

function topicImage(topic: TopicAnswer, name: string, known: TopicImage | undefined): TopicImage {
  const partitions = topic.partitions
    .toSorted((a, b) => a.partitionIndex - b.partitionIndex)
    .map((each) => ({
      partition: each.partitionIndex,
      leader: each.leaderId,
      leaderEpoch: each.leaderEpoch,
      replicas: each.replicaNodes,
      isr: each.isrNodes,
    }))
  // A broker may lag behind another: of two answers about one topic the one with the newer leader counts.
  const newest = partitions.map((each, i) => {
    const before = known?.topicId === topic.topicId ? known.partitions[i] : undefined
    return before !== undefined && before.leaderEpoch > each.leaderEpoch ? before : each
  })
  return { name, topicId: topic.topicId, internal: topic.isInternal, partitions: newest }
}

// An answer that lags behind what is known of a leader doesn't know where that is either.
function keepNewerLeaders(
  brokers: Map<number, Broker>,
  knownBrokers: ReadonlyMap<number, Broker>,
  now: TopicImage,
  known: TopicImage | undefined,
): void {
  for (const [i, partition] of now.partitions.entries()) {
    const leader = partition === known?.partitions[i] ? knownBrokers.get(partition.leader) : undefined
    if (leader !== undefined) brokers.set(leader.id, leader)
  }
}
