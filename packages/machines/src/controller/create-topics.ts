import type { BrokerId } from '@millrace/kernel'
import { asBrokerId, asRevision } from '@millrace/kernel'
import type { CreateTopicsRequest, CreateTopicsResponse } from '@millrace/protocol'
import { errorCode, zeroUuid } from '@millrace/protocol'
import type { ControllerView, Fault, ItemDecision } from './decision.ts'
import {
  decideEach,
  duplicateKeys,
  fault,
  firstOfEach,
  inTransactions,
  isFault,
  opsPerTransactionMax,
  outcome,
} from './decision.ts'
import { configKey, topicKey } from './keys.ts'
import { assignmentFault, firstState, noActiveReplica, putPartition } from './partition-writes.ts'
import { placeReplicas } from './placement.ts'
import type { StoreOp, StoreTransaction } from './store-types.ts'
import { clusterMetadataTopic, collisionFault, topicNameFault } from './topic-name.ts'
import { encodeValue } from './values.ts'

export type CreatableTopic = CreateTopicsRequest['topics'][number]
export type CreatableTopicResult = CreateTopicsResponse['topics'][number]

type Replicas = readonly (readonly BrokerId[])[]

/** Partitions that one request may create, as in Kafka: the store shouldn't choke on a slip of the finger. */
export const partitionsPerRequestMax = 10_000

/** Decides about each topic of a CreateTopics request. The same name twice is refused once. */
export function createTopics(
  view: ControllerView,
  request: Pick<CreateTopicsRequest, 'topics' | 'validateOnly'>,
): Iterable<ItemDecision<CreatableTopic, CreatableTopicResult>> {
  const twice = duplicateKeys(request.topics.map((topic) => topic.name))
  const tooMany = partitionTotal(view, request.topics) > partitionsPerRequestMax
  const topics = firstOfEach(request.topics, ({ name }) => name)
  return decideEach(topics, (topic) => {
    if (twice.has(topic.name)) return refused(topic, fault('INVALID_REQUEST', 'Duplicate topic name.'))
    if (tooMany) {
      return refused(topic, fault('POLICY_VIOLATION', 'Excessively large number of partitions per request.'))
    }
    return createTopic(view, topic, request.validateOnly)
  })
}

function partitionTotal(view: ControllerView, topics: readonly CreatableTopic[]): number {
  let total = 0
  for (const { assignments, numPartitions } of topics) {
    if (assignments.length > 0) total += assignments.length
    else total += numPartitions === -1 ? view.rules.defaultPartitions : Math.max(0, numPartitions)
  }
  return total
}

function createTopic(
  view: ControllerView,
  topic: CreatableTopic,
  validateOnly: boolean,
): ItemDecision<CreatableTopic, CreatableTopicResult> {
  const nameFault = newNameFault(view, topic.name)
  if (nameFault !== null) return refused(topic, nameFault)
  const configs = newConfigs(view, topic)
  if (isFault(configs)) return refused(topic, configs)
  const replicas = topic.assignments.length > 0 ? assigned(view, topic) : placed(view, topic)
  if (isFault(replicas)) return refused(topic, replicas)
  const topicId = view.env.random.uuid()
  return {
    item: topic,
    transactions: validateOnly ? [] : creation(view, topic.name, topicId, replicas, configs),
    answer: created(view, topic.name, topicId, replicas, configs),
    refuse: (error, message) => failed(topic.name, { error, message }),
  }
}

function newNameFault(view: ControllerView, name: string): Fault | null {
  if (name === clusterMetadataTopic) {
    return fault('INVALID_REQUEST', `Creation of internal topic ${clusterMetadataTopic} is prohibited.`)
  }
  const illegal = topicNameFault(name)
  if (illegal !== null) return illegal
  if (view.image.topicsByName.has(name)) return fault('TOPIC_ALREADY_EXISTS', `Topic '${name}' already exists.`)
  return collisionFault(view.image, name)
}

function newConfigs(view: ControllerView, topic: CreatableTopic): ReadonlyMap<string, string> | Fault {
  const configs = new Map<string, string>()
  const nulls: string[] = []
  for (const { name, value } of topic.configs) {
    if (value === null) nulls.push(name)
    else configs.set(name, value)
  }
  if (nulls.length > 0) return fault('INVALID_CONFIG', `Null value not supported for topic configs: ${nulls.join(',')}`)
  if (configs.size === 0) return configs
  return view.rules.validateConfigs({ type: 'topic', name: topic.name }, configs) ?? configs
}

/** The replicas that the request itself assigns. */
function assigned(view: ControllerView, topic: CreatableTopic): Replicas | Fault {
  const stray =
    topic.replicationFactor !== -1 ? 'replication factor' : topic.numPartitions !== -1 ? 'numPartitions' : null
  if (stray !== null) {
    return fault('INVALID_REQUEST', `A manual partition assignment was specified, but ${stray} was not set to -1.`)
  }
  const replicas: (readonly BrokerId[])[] = []
  for (const { partitionIndex, brokerIds } of topic.assignments) {
    if (replicas[partitionIndex] !== undefined) {
      const message = `Found multiple manual partition assignments for partition ${partitionIndex}`
      return fault('INVALID_REPLICA_ASSIGNMENT', message)
    }
    const ids = brokerIds.map(asBrokerId)
    const wrong = assignmentFault(view.image, ids, topic.assignments[0]?.brokerIds.length ?? 0)
    if (wrong !== null) return wrong
    if (firstState(view.image, ids) === null) return noActiveReplica(partitionIndex)
    replicas[partitionIndex] = ids
  }
  const gapless = topic.assignments.every((_, partition) => replicas[partition] !== undefined)
  if (gapless && replicas.length === topic.assignments.length) return replicas
  return fault('INVALID_REPLICA_ASSIGNMENT', 'partitions should be a consecutive 0-based integer sequence')
}

/** The replicas that we choose. */
function placed(view: ControllerView, topic: CreatableTopic): Replicas | Fault {
  const { numPartitions, replicationFactor } = topic
  if (replicationFactor < -1 || replicationFactor === 0) {
    const message = `Replication factor must be larger than 0, or -1 to use the default value: got ${replicationFactor}.`
    return fault('INVALID_REPLICATION_FACTOR', message)
  }
  if (numPartitions < -1 || numPartitions === 0) {
    const message = `Number of partitions must be larger than 0, or -1 to use the default value: got ${numPartitions}.`
    return fault('INVALID_PARTITIONS', message)
  }
  return placeReplicas(
    view.image,
    numPartitions === -1 ? view.rules.defaultPartitions : numPartitions,
    replicationFactor === -1 ? view.rules.defaultReplicationFactor : replicationFactor,
    view.env.random,
  )
}

function creation(
  view: ControllerView,
  name: string,
  topicId: string,
  replicas: Replicas,
  configs: ReadonlyMap<string, string>,
): readonly StoreTransaction[] {
  const key = topicKey(name)
  const head: StoreOp[] = [{ kind: 'put', key, value: encodeValue({ topicId, replicas }) }]
  const resource = configKey({ type: 'topic', name })
  // A topic of that name that was deleted may have left its settings behind, should that transaction have been two.
  if (configs.size === 0) head.push({ kind: 'delete', key: resource })
  else head.push({ kind: 'put', key: resource, value: encodeValue({ configs: Object.fromEntries(configs) }) })
  const states: StoreOp[] = []
  for (const [partition, ids] of replicas.entries()) {
    const state = firstState(view.image, ids)
    if (state !== null) states.push(putPartition(topicId, partition, state))
  }
  const room = opsPerTransactionMax - head.length
  const first = {
    conditions: [view.author, { key, modRevision: asRevision(0) }],
    ops: [...head, ...states.slice(0, room)],
  }
  return [first, ...inTransactions([view.author], states.slice(room))]
}

function created(
  view: ControllerView,
  name: string,
  topicId: string,
  replicas: Replicas,
  configs: ReadonlyMap<string, string>,
): CreatableTopicResult {
  const described = view.rules.describeTopic(configs)
  return {
    ...failed(name, null),
    topicId,
    numPartitions: replicas.length,
    replicationFactor: replicas[0]?.length ?? -1,
    configs: described.map(({ isSensitive, value, ...rest }) => ({
      ...rest,
      isSensitive,
      value: isSensitive ? null : value,
    })),
  }
}

const failed = (name: string, why: Fault | null): CreatableTopicResult => ({
  name,
  topicId: zeroUuid,
  ...outcome(why),
  topicConfigErrorCode: errorCode('NONE'),
  numPartitions: -1,
  replicationFactor: -1,
  configs: [],
})

const refused = (topic: CreatableTopic, why: Fault): ItemDecision<CreatableTopic, CreatableTopicResult> => ({
  item: topic,
  transactions: [],
  answer: failed(topic.name, why),
  refuse: (error, message) => failed(topic.name, { error, message }),
})
