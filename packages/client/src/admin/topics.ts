import { createTopicsApi, deleteTopicsApi, KafkaError, zeroUuid } from '@millrace/protocol'
import { retry } from '../cluster/retry.ts'
import { askEach } from './ask-each.ts'
import type { Call } from './call.ts'
import { brokerTimeoutMs, remainingMs } from './call.ts'
import type { ConfigEntry } from './configs-api.ts'
import { entryOf } from './configs.ts'
import { doneOrNot, outcomeOf, succeeded } from './outcome.ts'
import { topicKey } from './outcome-keys.ts'
import type { Outcome, Outcomes } from './outcome-types.ts'
import { request } from './request.ts'
import { changeHeldUp, toController } from './routes.ts'
import { describeTopics } from './topic-descriptions.ts'
import type { CreatedTopic, NewTopic, QuotaOptions, TopicRef, ValidateOptions } from './topics-api.ts'

export async function createTopics(
  call: Call,
  topics: readonly NewTopic[],
  options: ValidateOptions & QuotaOptions,
): Promise<Outcomes<CreatedTopic>> {
  const { validateOnly = false } = options
  const outcomes = await askEach<NewTopic, CreatedTopic, string>(call, {
    items: topics,
    key: ({ name }) => name,
    route: toController,
    again: changeHeldUp(options),
    send: async (connection, items) => {
      const body = { topics: items.map(newTopic), timeoutMs: brokerTimeoutMs(call), validateOnly }
      const response = await request(call, connection, createTopicsApi, body)
      const from = { connection, api: createTopicsApi.name }
      return response.topics.map((each) => [
        each.name,
        outcomeOf(each.errorCode, each.errorMessage, { ...from, about: each.name }, () => createdTopic(each)),
      ])
    },
  })
  if (validateOnly) return outcomes
  const created = [...outcomes].flatMap(([name, outcome]) => (outcome.ok ? [name, outcome.value.topicId] : []))
  call.newTopics.add(created)
  return withLeaders(call, outcomes)
}

const newTopic = (topic: NewTopic) => ({
  name: topic.name,
  numPartitions: topic.replicaAssignment === undefined ? (topic.partitions ?? -1) : -1,
  replicationFactor: topic.replicaAssignment === undefined ? (topic.replicationFactor ?? -1) : -1,
  assignments: (topic.replicaAssignment ?? []).map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
  configs: Object.entries(topic.configs ?? {}).map(([name, value]) => ({ name, value })),
})

type CreatedAnswer = ReturnType<typeof createTopicsApi.response.decode>['topics'][number]

const createdTopic = (topic: CreatedAnswer): CreatedTopic => ({
  name: topic.name,
  topicId: topic.topicId,
  internal: false,
  partitions: Array.from({ length: Math.max(0, topic.numPartitions) }, (_, partition) => ({
    partition,
    leader: null,
    leaderEpoch: -1,
    replicas: [],
    isr: [],
    offline: [],
    eligibleLeaders: null,
    lastKnownEligibleLeaders: null,
  })),
  authorizedOperations: null,
  replicationFactor: topic.replicationFactor,
  // Before version 5 an answer has neither of them.
  configs: topic.numPartitions < 0 ? null : (topic.configs?.map(createdEntry) ?? null),
})

type CreatedConfig = NonNullable<CreatedAnswer['configs']>[number]

const createdEntry = (config: CreatedConfig): ConfigEntry =>
  entryOf({ ...config, configType: 0, documentation: null, synonyms: [] })

const visibleWithinMs = 5_000

// A topic is there for its creator when the brokers speak of it: what follows can use it at once.
async function withLeaders(call: Call, outcomes: Map<string, Outcome<CreatedTopic>>): Promise<Outcomes<CreatedTopic>> {
  const created = new Map([...outcomes].flatMap(([name, outcome]) => (outcome.ok ? [[name, outcome.value]] : [])))
  if (created.size === 0) return outcomes
  const look = async (): Promise<void> => {
    for (const [name, outcome] of await describeTopics(call, [...created.keys()], {})) {
      const { replicationFactor, configs } = created.get(name)!
      if (outcome.ok) outcomes.set(name, succeeded({ ...outcome.value, replicationFactor, configs }))
      const ready = outcome.ok && outcome.value.partitions.every(({ leader }) => leader !== null)
      if (!ready) throw new KafkaError('LEADER_NOT_AVAILABLE', `the leaders of ${name} aren't known yet`)
    }
  }
  const { settings } = call.cluster
  try {
    await retry(settings, look, { signal: call.signal, timeoutMs: Math.min(visibleWithinMs, remainingMs(call)) })
  } catch (error) {
    // It was created; that not every broker shows it yet is no failure.
    if (!(error instanceof KafkaError)) throw error
    settings.logger.debug('a topic that was created is not shown yet', { error: error.message })
  }
  return outcomes
}

// The first version that takes ids.
const idsVersion = 6

export async function deleteTopics(
  call: Call,
  topics: readonly TopicRef[],
  options: QuotaOptions,
): Promise<Outcomes<null>> {
  const outcomes = await askEach<TopicRef, null, string>(call, {
    items: topics,
    key: topicKey,
    route: toController,
    again: changeHeldUp(options),
    send: async (connection, items) => {
      const byId = new Set(items.filter((item) => typeof item !== 'string').map(topicKey))
      const timeoutMs = brokerTimeoutMs(call)
      const response = await request(
        call,
        connection,
        deleteTopicsApi,
        (version) =>
          version >= idsVersion
            ? { topics: items.map(topicState), timeoutMs }
            : { topicNames: items.map(topicKey), timeoutMs },
        byId.size > 0 ? { min: idsVersion } : {},
      )
      return response.responses.map(({ name, topicId, errorCode, errorMessage }) => {
        const key = byId.has(topicId) ? topicId : (name ?? topicId)
        return [key, doneOrNot(errorCode, errorMessage, connection, deleteTopicsApi, key)]
      })
    },
  })
  for (const [key, outcome] of outcomes) {
    if (!outcome.ok) continue
    call.cluster.forget(key)
    call.newTopics.delete(key)
  }
  return outcomes
}

const topicState = (topic: TopicRef) =>
  typeof topic === 'string' ? { name: topic, topicId: zeroUuid } : { name: null, topicId: topic.topicId }
