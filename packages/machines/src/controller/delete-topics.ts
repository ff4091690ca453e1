import type { DeleteTopicsRequest, DeleteTopicsResponse } from '@millrace/protocol'
import { zeroUuid } from '@millrace/protocol'
import type { ControllerView, Fault, ItemDecision } from './decision.ts'
import {
  decideEach,
  duplicateKeys,
  fault,
  firstOfEach,
  inTransactions,
  opsPerTransactionMax,
  outcome,
} from './decision.ts'
import type { TopicImage } from './image.ts'
import { configKey, partitionKey, topicKey } from './keys.ts'
import type { StoreOp, StoreTransaction } from './store-types.ts'

/** A topic to delete, by name or by id: the other is null, or the zero id. */
export type DeletableTopic = DeleteTopicsRequest['topics'][number]
export type DeletableTopicResult = DeleteTopicsResponse['responses'][number]

type TopicDeletion = ItemDecision<DeletableTopic, DeletableTopicResult>

/** Decides about each topic of a DeleteTopics request, of any version: names alone up to 5, names or ids from 6. */
export function deleteTopics(
  view: ControllerView,
  request: Pick<DeleteTopicsRequest, 'topics' | 'topicNames'>,
): Iterable<TopicDeletion> {
  const topics = [...request.topics, ...request.topicNames.map((name) => ({ name, topicId: zeroUuid }))]
  const twice = duplicateKeys(topics.map(identity))
  const targets = duplicateKeys(topics.map((topic) => find(view, topic)?.name ?? identity(topic)))
  return decideEach(firstOfEach(topics, identity), (topic) => {
    const found = find(view, topic)
    const wrong = askedWrongly(topic, twice) ?? notFound(topic, found) ?? namedTwoWays(found, targets)
    return wrong === null && found !== undefined ? deletion(view, topic, found) : refused(topic, wrong)
  })
}

const identity = ({ name, topicId }: DeletableTopic): string => `${name ?? ''}/${topicId}`

const find = (view: ControllerView, { name, topicId }: DeletableTopic): TopicImage | undefined =>
  name === null ? view.image.topicsById.get(topicId) : view.image.topicsByName.get(name)

function askedWrongly(topic: DeletableTopic, twice: ReadonlySet<string>): Fault | null {
  const hasId = topic.topicId !== zeroUuid
  if (topic.name === null && !hasId) return fault('INVALID_REQUEST', 'Neither topic name nor id were specified.')
  if (topic.name !== null && hasId) return fault('INVALID_REQUEST', 'You may not specify both topic name and topic id.')
  if (!twice.has(identity(topic))) return null
  return fault('INVALID_REQUEST', `Duplicate topic ${hasId ? 'id' : 'name'}.`)
}

function notFound(topic: DeletableTopic, found: TopicImage | undefined): Fault | null {
  if (found !== undefined) return null
  if (topic.name === null) return fault('UNKNOWN_TOPIC_ID', 'This server does not host this topic ID.')
  return fault('UNKNOWN_TOPIC_OR_PARTITION', 'This server does not host this topic-partition.')
}

// One topic by its name and by its id in one request: Kafka deletes neither.
function namedTwoWays(found: TopicImage | undefined, targets: ReadonlySet<string>): Fault | null {
  if (found === undefined || !targets.has(found.name)) return null
  return fault('INVALID_REQUEST', 'The provided topic name maps to an ID that was already supplied.')
}

const deletion = (view: ControllerView, item: DeletableTopic, topic: TopicImage): TopicDeletion => ({
  item,
  transactions: removal(view, topic),
  answer: { name: topic.name, topicId: topic.id, ...outcome(null) },
  refuse: (error, message) => ({ name: topic.name, topicId: topic.id, ...outcome({ error, message }) }),
})

// The topic is gone with the first transaction; what is left of a large one can't be reached any more.
function removal(view: ControllerView, topic: TopicImage): readonly StoreTransaction[] {
  const key = topicKey(topic.name)
  const head: StoreOp[] = [
    { kind: 'delete', key },
    { kind: 'delete', key: configKey({ type: 'topic', name: topic.name }) },
  ]
  const states = topic.partitions.map(({ partition }): StoreOp => ({
    kind: 'delete',
    key: partitionKey(topic.id, partition),
  }))
  const room = opsPerTransactionMax - head.length
  const conditions = [view.author, { key, modRevision: topic.modRevision }]
  return [
    { conditions, ops: [...head, ...states.slice(0, room)] },
    ...inTransactions([view.author], states.slice(room)),
  ]
}

const refused = (topic: DeletableTopic, why: Fault | null): TopicDeletion => {
  const answer = (refusal: Fault | null): DeletableTopicResult => ({ ...topic, ...outcome(refusal) })
  return { item: topic, transactions: [], answer: answer(why), refuse: (error, message) => answer({ error, message }) }
}
