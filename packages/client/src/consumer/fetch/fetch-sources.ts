import type { Cluster } from '../../cluster/cluster.ts'
import type { PartitionState } from '../reading/partition-state.ts'

/** Where a partition is fetched from. */
export interface Source {
  readonly broker: number
  readonly topicId: string
  readonly leaderEpoch: number
}

const noTopicId = 'AAAAAAAAAAAAAAAAAAAAAA'

/** The replica that the leader named where there is one (KIP-392), else the leader; undefined while none is known. */
export function sourceOf(cluster: Cluster, state: PartitionState, nowMs: number): Source | undefined {
  const topic = cluster.knownTopic(state.topic)
  const partition = topic?.partitions[state.partition]
  if (topic === undefined || partition === undefined) return undefined
  if (state.readFrom !== undefined) {
    const { broker, untilMs } = state.readFrom
    const usable = nowMs < untilMs && cluster.image.brokers.has(broker) && partition.replicas.includes(broker)
    if (usable) return { broker, topicId: topic.topicId, leaderEpoch: partition.leaderEpoch }
    state.readFrom = undefined
  }
  if (partition.leader < 0 || !cluster.image.brokers.has(partition.leader)) return undefined
  return { broker: partition.leader, topicId: topic.topicId, leaderEpoch: partition.leaderEpoch }
}

export const hasTopicId = (source: { readonly topicId: string }): boolean => source.topicId !== noTopicId
