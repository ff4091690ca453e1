import type { BrokerId } from '@millrace/kernel'
import { asBrokerId } from '@millrace/kernel'
import type { CreatePartitionsRequest, CreatePartitionsResponse } from '@millrace/protocol'
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
import { partitionsPerRequestMax } from './create-topics.ts'
import type { TopicImage } from './image.ts'
import { topicKey } from './keys.ts'
import { assignmentFault, firstState, noActiveReplica, putPartition } from './partition-writes.ts'
import { placeReplicas } from './placement.ts'
import type { StoreOp, StoreTransaction } from './store-types.ts'
import { encodeValue } from './values.ts'

export type GrowingTopic = CreatePartitionsRequest['topics'][number]
export type GrowingTopicResult = CreatePartitionsResponse['results'][number]

type Growth = ItemDecision<GrowingTopic, GrowingTopicResult>
type Replicas = readonly (readonly BrokerId[])[]

/** Decides about each topic of a CreatePartitions request. The same name twice is refused once. */
export function createPartitions(
  view: ControllerView,
  request: Pick<CreatePartitionsRequest, 'topics' | 'validateOnly'>,
): Iterable<Growth> {
  const twice = duplicateKeys(request.topics.map((topic) => topic.name))
  const topics = firstOfEach(request.topics, ({ name }) => name)
  return decideEach(topics, (topic) => {
    if (twice.has(topic.name)) return result(topic, [], fault('INVALID_REQUEST', 'Duplicate topic name.'))
    const grown = grow(view, topic)
    if (isFault(grown)) return result(topic, [], grown)
    return result(topic, request.validateOnly ? [] : grown, null)
  })
}

function grow(view: ControllerView, wish: GrowingTopic): readonly StoreTransaction[] | Fault {
  const topic = view.image.topicsByName.get(wish.name)
  if (topic === undefined) return fault('UNKNOWN_TOPIC_OR_PARTITION')
  const wrong = countFault(topic, wish)
  if (wrong !== null) return wrong
  const added = wish.assignments === null ? placed(view, topic, wish.count) : assigned(view, topic, wish.assignments)
  return isFault(added) ? added : addition(view, topic, added)
}

function countFault(topic: TopicImage, { name, count, assignments }: GrowingTopic): Fault | null {
  const have = topic.partitions.length
  if (count === have) return fault('INVALID_PARTITIONS', `Topic already has ${have} partition(s).`)
  if (count < have) {
    const message = `The topic ${name} currently has ${have} partition(s); ${count} would not be an increase.`
    return fault('INVALID_PARTITIONS', message)
  }
  const added = count - have
  if (added > partitionsPerRequestMax) {
    return fault('POLICY_VIOLATION', `A request adds at most ${partitionsPerRequestMax} partitions, got ${added}.`)
  }
  if (assignments === null || assignments.length === added) return null
  const message = `Attempted to add ${added} additional partition(s), but only ${assignments.length} assignment(s) were specified.`
  return fault('INVALID_REPLICA_ASSIGNMENT', message)
}

const factorOf = (topic: TopicImage): number => topic.partitions[0]?.replicas.length ?? 1

const placed = (view: ControllerView, topic: TopicImage, count: number): Replicas | Fault =>
  placeReplicas(view.image, count - topic.partitions.length, factorOf(topic), view.env.random)

function assigned(
  view: ControllerView,
  topic: TopicImage,
  assignments: readonly { readonly brokerIds: readonly number[] }[],
): Replicas | Fault {
  const replicas = assignments.map(({ brokerIds }) => brokerIds.map(asBrokerId))
  for (const [i, ids] of replicas.entries()) {
    const wrong = assignmentFault(view.image, ids, factorOf(topic))
    if (wrong !== null) return wrong
    if (firstState(view.image, ids) === null) return noActiveReplica(topic.partitions.length + i)
  }
  return replicas
}

function addition(view: ControllerView, topic: TopicImage, added: Replicas): readonly StoreTransaction[] {
  const key = topicKey(topic.name)
  const replicas = [...topic.partitions.map((partition) => partition.replicas), ...added]
  const states: StoreOp[] = []
  for (const [i, ids] of added.entries()) {
    const state = firstState(view.image, ids)
    if (state !== null) states.push(putPartition(topic.id, topic.partitions.length + i, state))
  }
  const head: StoreOp = { kind: 'put', key, value: encodeValue({ topicId: topic.id, replicas }) }
  const first = states.splice(0, opsPerTransactionMax - 1)
  const conditions = [view.author, { key, modRevision: topic.modRevision }]
  return [{ conditions, ops: [head, ...first] }, ...inTransactions([view.author], states)]
}

function result(topic: GrowingTopic, transactions: readonly StoreTransaction[], why: Fault | null): Growth {
  const answer = (refusal: Fault | null): GrowingTopicResult => ({ name: topic.name, ...outcome(refusal) })
  return { item: topic, transactions, answer: answer(why), refuse: (error, message) => answer({ error, message }) }
}
