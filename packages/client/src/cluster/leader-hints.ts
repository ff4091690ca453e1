import type { ErrorName } from '@millrace/protocol'
import type { Broker, ClusterImage, PartitionImage, TopicImage } from './cluster-image.ts'

/** What a refusal says of who leads the partition now, and where that broker is (KIP-951). */
export interface LeaderHint {
  readonly topic: string
  readonly partition: number
  /** The broker that was asked as the leader; null where a replica refused. */
  readonly refusedBy: number | null
  /** -1 where the answer doesn't say. */
  readonly currentLeader: { readonly leaderId: number; readonly leaderEpoch: number }
  readonly nodeEndpoints: readonly {
    readonly nodeId: number
    readonly host: string
    readonly port: number
    readonly rack: string | null
  }[]
}

/** Errors that may come with the leader. */
export const hintedErrors: ReadonlySet<ErrorName> = new Set(['NOT_LEADER_OR_FOLLOWER', 'FENCED_LEADER_EPOCH'])

interface Followed {
  readonly image: ClusterImage
  /** Whether the leader may be asked at once, without a pause and metadata before. */
  readonly atOnce: boolean
}

/**
 * The image after a hint: only a newer epoch counts, of a broker whose address is known. Brokers that send us to and fro
 * don't make us run: of two hints for a partition within `pauseMs` the second is taken, but followed after the pause.
 */
export function followHint(image: ClusterImage, hint: LeaderHint, nowMs: number, pauseMs: number): Followed {
  const { leaderId, leaderEpoch } = hint.currentLeader
  const topic = image.topics.get(hint.topic)
  const known = topic?.partitions[hint.partition]
  if (topic === undefined || known === undefined || leaderId < 0 || leaderEpoch < 0) return { image, atOnce: false }
  if (leaderEpoch <= known.leaderEpoch) return { image, atOnce: wasRefusedBefore(hint, known) }
  const broker = brokerOf(image, hint)
  if (broker === undefined) return { image, atOnce: false }
  const atOnce = known.hint === undefined || nowMs - known.hint.atMs >= pauseMs
  const leads = { ...known, leader: leaderId, leaderEpoch, hint: { atMs: nowMs, atOnce } }
  const topics = new Map(image.topics).set(hint.topic, withPartition(topic, leads))
  return { image: { ...image, topics, brokers: new Map(image.brokers).set(leaderId, broker) }, atOnce }
}

// The first of several requests that a former leader refused has told us already.
const wasRefusedBefore = ({ refusedBy }: LeaderHint, { leader, hint }: PartitionImage): boolean =>
  refusedBy !== null && leader >= 0 && leader !== refusedBy && hint?.atOnce !== false

/** Where the leader is; the answer's address counts before the one that is known, where it can be one. */
function brokerOf(image: ClusterImage, { currentLeader: { leaderId }, nodeEndpoints }: LeaderHint): Broker | undefined {
  const named = nodeEndpoints.find(({ nodeId }) => nodeId === leaderId)
  if (named === undefined || named.host === '' || named.port < 1 || named.port > 0xffff)
    return image.brokers.get(leaderId)
  return { id: leaderId, host: named.host, port: named.port, rack: named.rack }
}

const withPartition = (topic: TopicImage, partition: PartitionImage): TopicImage => ({
  ...topic,
  partitions: topic.partitions.with(partition.partition, partition),
})
