import { WireError, consumerProtocolAssignment, consumerProtocolSubscription, wireError } from '@millrace/protocol'
import { inHashMapOrder } from './hash-map-order.ts'

// What consumers tell each other through the coordinator: an int16 version, then the message in that version.

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** What a consumer says when it joins. */
export interface Subscription {
  readonly topics: readonly string[]
  readonly userData: Uint8Array | null
  /** What it still has, under the cooperative protocol. */
  readonly ownedPartitions: readonly TopicPartition[]
  /** The generation it has that from; null where it doesn't say. */
  readonly generationId: number | null
  readonly rackId: string | null
}

/** What the leader sends to each member. */
export interface Assignment {
  readonly partitions: readonly TopicPartition[]
  readonly userData: Uint8Array | null
}

const latestVersion = 3

function withVersion(version: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(2 + body.length)
  new DataView(bytes.buffer).setInt16(0, version)
  bytes.set(body, 2)
  return bytes
}

/** The version to read it with: that of a newer client is read as our newest, which it begins with. */
function versionOf(bytes: Uint8Array): number {
  if (bytes.length < 2)
    throw wireError({ what: 'version of the consumer protocol', got: 'no bytes', expected: 'int16' })
  const version = new DataView(bytes.buffer, bytes.byteOffset).getInt16(0)
  if (version < 0) throw wireError({ what: 'version of the consumer protocol', got: version, expected: '0 or more' })
  return Math.min(version, latestVersion)
}

export const encodeSubscription = (subscription: Subscription): Uint8Array =>
  withVersion(
    latestVersion,
    consumerProtocolSubscription.encode(
      {
        topics: [...subscription.topics],
        userData: subscription.userData,
        ownedPartitions: byTopic(subscription.ownedPartitions),
        generationId: subscription.generationId ?? -1,
        rackId: subscription.rackId,
      },
      latestVersion,
    ),
  )

/** Throws WireError. */
export function decodeSubscription(bytes: Uint8Array): Subscription {
  const message = decodeOrFirstVersion(bytes)
  return {
    topics: message.topics,
    userData: message.userData,
    ownedPartitions: flat(message.ownedPartitions),
    generationId: message.generationId < 0 ? null : message.generationId,
    rackId: message.rackId,
  }
}

// Some clients write a later version's number and an earlier one's fields: what all versions begin with is still good.
function decodeOrFirstVersion(bytes: Uint8Array) {
  const version = versionOf(bytes)
  try {
    return consumerProtocolSubscription.decode(bytes.subarray(2), version)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return decodeFirstVersion(bytes)
  }
}

const decodeFirstVersion = (bytes: Uint8Array) =>
  consumerProtocolSubscription.decode(bytes.subarray(2, endOfFirstVersion(bytes)), 0)

/** Only the topics of a subscription, whatever its version. Throws WireError. */
export const subscribedTopicsOf = (bytes: Uint8Array): readonly string[] => decodeFirstVersion(bytes).topics

/** Where the fields end that every version has: the topics and the user data. */
function endOfFirstVersion(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const need = (end: number): number => {
    if (end > bytes.length) {
      throw wireError({ what: 'a subscription', got: `${bytes.length} bytes`, expected: `at least ${end}` })
    }
    return end
  }
  let at = need(6)
  for (let left = view.getInt32(2); left > 0; left -= 1) {
    need(at + 2)
    at = need(at + 2 + Math.max(0, view.getInt16(at)))
  }
  need(at + 4)
  return need(at + 4 + Math.max(0, view.getInt32(at)))
}

export const encodeAssignment = ({ partitions, userData }: Assignment): Uint8Array =>
  withVersion(
    latestVersion,
    consumerProtocolAssignment.encode({ assignedPartitions: byTopic(partitions), userData }, latestVersion),
  )

/** Throws WireError. A member without partitions may get no bytes at all. */
export function decodeAssignment(bytes: Uint8Array): Assignment {
  if (bytes.length === 0) return { partitions: [], userData: null }
  const message = consumerProtocolAssignment.decode(bytes.subarray(2), versionOf(bytes))
  return { partitions: flat(message.assignedPartitions), userData: message.userData }
}

interface TopicPartitions {
  readonly topic: string
  readonly partitions: number[]
}

const flat = (topics: readonly TopicPartitions[]): TopicPartition[] =>
  topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))

function byTopic(partitions: readonly TopicPartition[]): TopicPartitions[] {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of partitions) {
    const of = topics.get(topic)
    if (of === undefined) topics.set(topic, [partition])
    else of.push(partition)
  }
  return [...topics].map(([topic, numbers]) => ({ topic, partitions: numbers }))
}

// The sticky assignor's user data is an assignment of version 0 whose last int32, there the length of the user data,
// is the generation; its first form ends before that.

export function encodeStickyUserData(partitions: readonly TopicPartition[], generation: number): Uint8Array {
  const topics = new Map(byTopic(partitions).map((entry) => [entry.topic, entry]))
  const assignedPartitions = inHashMapOrder(topics.keys()).flatMap((topic) => topics.get(topic) ?? [])
  const bytes = consumerProtocolAssignment.encode({ assignedPartitions, userData: null }, 0)
  const own = new Uint8Array(bytes)
  new DataView(own.buffer).setInt32(own.length - 4, generation)
  return own
}

/** Throws WireError. */
export function decodeStickyUserData(bytes: Uint8Array): { partitions: TopicPartition[]; generation: number | null } {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const partitions = decodePartitions(bytes.subarray(0, Math.max(0, bytes.length - 4)))
    return { partitions, generation: view.getInt32(bytes.length - 4) }
  } catch (error) {
    if (!(error instanceof WireError || error instanceof RangeError)) throw error
    return { partitions: decodePartitions(bytes), generation: null }
  }
}

function decodePartitions(bytes: Uint8Array): TopicPartition[] {
  const whole = new Uint8Array(bytes.length + 4)
  whole.set(bytes)
  new DataView(whole.buffer).setInt32(bytes.length, -1)
  return flat(consumerProtocolAssignment.decode(whole, 0).assignedPartitions)
}
