import type { ErrorName } from '@millrace/protocol'
import { errorName, findCoordinatorApi, KafkaError, metadataApi } from '@millrace/protocol'
import { partError } from '../cluster/cluster.ts'
import type { Address } from '../cluster/settings.ts'
import type { TopicPartition } from '../record.ts'
import type { Route, Router, Routes } from './ask-each.ts'
import type { Call } from './call.ts'
import { request } from './request.ts'
import type { QuotaOptions } from './topics-api.ts'

// Who answers for what, and the errors that say that it isn't them, or not yet.

export const controllerMoved = new Set<ErrorName>(['NOT_CONTROLLER'])
const controllerMovedOrBusy = new Set<ErrorName>([...controllerMoved, 'THROTTLING_QUOTA_EXCEEDED'])

/** The same for what a quota on changes may hold up. */
export const changeHeldUp = ({ retryOnQuotaViolation = true }: QuotaOptions): ReadonlySet<ErrorName> =>
  retryOnQuotaViolation ? controllerMovedOrBusy : controllerMoved

export const coordinatorMoved = new Set<ErrorName>([
  'NOT_COORDINATOR',
  'COORDINATOR_NOT_AVAILABLE',
  'COORDINATOR_LOAD_IN_PROGRESS',
])
export const leaderMoved = new Set<ErrorName>([
  'NOT_LEADER_OR_FOLLOWER',
  'LEADER_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'OFFSET_NOT_AVAILABLE',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'KAFKA_STORAGE_ERROR',
  'REQUEST_TIMED_OUT',
])

/** Any broker answers for everything. */
export const toAny = async <Item>(call: Call, items: readonly Item[]): Promise<Routes<Item>> => ({
  routes: [{ items, connect: () => call.cluster.anyConnection(call.signal) }],
  nowhere: new Map(),
})

/** The controller answers for everything; with KRaft every broker stands in for it. */
export async function toController<Item>(call: Call, items: readonly Item[], attempt: number): Promise<Routes<Item>> {
  const { cluster, signal } = call
  if (attempt > 1 || cluster.image.brokers.size === 0) await cluster.refresh([], signal)
  const { controllerId, brokers } = cluster.image
  const connect = (): ReturnType<typeof cluster.connection> =>
    brokers.has(controllerId) ? cluster.connection(controllerId, 'main', signal) : cluster.anyConnection(signal)
  return { routes: [{ items, connect }], nowhere: new Map() }
}

/** The broker that each item names. */
export const toBrokers =
  <Item>(brokerOf: (item: Item) => number): Router<Item> =>
  async (call, items, attempt) => {
    const { cluster, signal } = call
    const isKnown = (item: Item): boolean => cluster.image.brokers.has(brokerOf(item))
    if (attempt > 1 || !items.every(isKnown)) await cluster.refresh([], signal)
    const brokers = groupedBy(items.filter(isKnown), brokerOf)
    return {
      routes: [...brokers].map(([id, mine]) => ({
        items: mine,
        brokerId: id,
        connect: () => cluster.connection(id, 'main', signal),
      })),
      nowhere: new Map(items.filter((item) => !isKnown(item)).map((item) => [item, noBroker(brokerOf(item))])),
    }
  }

const noBroker = (id: number): KafkaError =>
  new KafkaError('BROKER_NOT_AVAILABLE', `BROKER_NOT_AVAILABLE: the cluster has no broker ${id} now`)

const coordinatorTypes = { group: 0, transaction: 1 }

/** The coordinator of the group or transactional id that each item names. All are asked for in one request where the broker can. */
export const toCoordinators =
  <Item>(type: keyof typeof coordinatorTypes, idOf: (item: Item) => string): Router<Item> =>
  async (call, items) => {
    const found = await findCoordinators(call, coordinatorTypes[type], [...new Set(items.map(idOf))])
    const nowhere = new Map<Item, KafkaError>()
    const brokers = new Map<number, { readonly coordinator: Coordinator; readonly items: Item[] }>()
    for (const item of items) {
      const coordinator = found.get(idOf(item))
      if (coordinator === undefined) continue
      if (coordinator instanceof KafkaError) nowhere.set(item, coordinator)
      else {
        const mine = brokers.get(coordinator.id)
        if (mine === undefined) brokers.set(coordinator.id, { coordinator, items: [item] })
        else mine.items.push(item)
      }
    }
    const routes = [...brokers.values()].map((each) => toAddress(call, each.coordinator, each.items))
    return { routes, nowhere }
  }

const toAddress = <Item>(call: Call, broker: Coordinator, items: readonly Item[]): Route<Item> => ({
  items,
  brokerId: broker.id,
  connect: () => call.cluster.connectionTo(broker, 'main', call.signal),
})

interface Coordinator extends Address {
  readonly id: number
}

const firstBatchedVersion = 4

/** Who coordinates what, or why nobody does now. */
async function findCoordinators(
  call: Call,
  keyType: number,
  keys: readonly string[],
): Promise<Map<string, Coordinator | KafkaError>> {
  const connection = await call.cluster.anyConnection(call.signal)
  const asked = connection.versionOf(findCoordinatorApi) >= firstBatchedVersion ? [keys] : keys.map((key) => [key])
  const answers = await Promise.all(
    asked.map(async (batch) => {
      const response = await request(call, connection, findCoordinatorApi, (version) =>
        version >= firstBatchedVersion
          ? { keyType, coordinatorKeys: batch }
          : { key: batch[0] ?? '', ...(version >= 1 ? { keyType } : {}) },
      )
      return response.coordinators.length > 0 ? response.coordinators : [{ ...response, key: batch[0] ?? '' }]
    }),
  )
  const found = new Map<string, Coordinator | KafkaError>()
  for (const { key, nodeId: id, host, port, errorCode, errorMessage } of answers.flat()) {
    if (errorCode === 0) found.set(key, { id, host, port })
    else found.set(key, partError(errorCode, connection, findCoordinatorApi.name, errorMessage))
  }
  return found
}

/** The leader of each partition, asked for anew: what a client knows of topics is for those that it reads and writes. */
export async function toLeaders<Item extends TopicPartition>(
  call: Call,
  items: readonly Item[],
): Promise<Routes<Item>> {
  const connection = await call.cluster.anyConnection(call.signal)
  const topics = [...new Set(items.map(({ topic }) => topic))].map((name) => ({ name }))
  const answer = await request(call, connection, metadataApi, (version) => ({
    topics,
    ...(version >= 4 ? { allowAutoTopicCreation: false } : {}),
  }))
  const known = new Map(answer.topics.map((topic) => [topic.name, topic]))
  const brokers = new Map(answer.brokers.map((broker) => [broker.nodeId, broker]))
  const nowhere = new Map<Item, KafkaError>()
  const leaders = new Map<number, Item[]>()
  for (const item of items) {
    const topic = known.get(item.topic)
    const leader = topic?.partitions.find((each) => each.partitionIndex === item.partition)?.leaderId
    if (topic === undefined || topic.errorCode !== 0 || leader === undefined) {
      nowhere.set(item, noPartition(item, topic?.errorCode ?? 0, topic?.partitions.length))
    } else if (!brokers.has(leader)) nowhere.set(item, noLeader(item))
    else append(leaders, leader, item)
  }
  const routes = [...leaders].map(([id, mine]) => toAddress(call, { ...brokers.get(id)!, id }, mine))
  return { routes, nowhere }
}

function noPartition({ topic, partition }: TopicPartition, code: number, count: number | undefined): KafkaError {
  const error = code === 0 ? 'UNKNOWN_TOPIC_OR_PARTITION' : errorName(code)
  const why = code === 0 && count !== undefined ? `it has ${count}` : 'the topic is not known'
  return new KafkaError(error, `${error}: ${topic} has no partition ${partition} for us: ${why}`)
}

const noLeader = ({ topic, partition }: TopicPartition): KafkaError =>
  new KafkaError('LEADER_NOT_AVAILABLE', `LEADER_NOT_AVAILABLE: ${topic}-${partition} has no leader now`)

function append<K, Item>(lists: Map<K, Item[]>, key: K, item: Item): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [item])
  else list.push(item)
}

function groupedBy<K, Item>(items: readonly Item[], keyOf: (item: Item) => K): Map<K, Item[]> {
  const groups = new Map<K, Item[]>()
  for (const item of items) append(groups, keyOf(item), item)
  return groups
}
