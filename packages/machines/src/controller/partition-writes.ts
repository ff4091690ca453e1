import type { BrokerId, Revision } from '@millrace/kernel'
import { asLeaderEpoch, asPartitionEpoch } from '@millrace/kernel'
import type { Fault } from './decision.ts'
import { fault } from './decision.ts'
import type { MetadataImage, PartitionImage } from './image.ts'
import { partitionKey } from './keys.ts'
import { isActive, takesReplicas } from './placement.ts'
import type { StoreOp } from './store-types.ts'
import type { IsrMember, PartitionValue } from './values.ts'
import { encodeValue } from './values.ts'

/** A partition's first state: every replica that is active is in sync with nothing, the first of them leads. */
export function firstState(image: MetadataImage, replicas: readonly BrokerId[]): PartitionValue | null {
  const isr: IsrMember[] = []
  for (const id of replicas) {
    const broker = image.brokers.get(id)
    if (isActive(broker)) isr.push({ brokerId: id, brokerEpoch: broker.epoch })
  }
  const leader = isr[0]?.brokerId
  if (leader === undefined) return null
  return { leader, leaderEpoch: asLeaderEpoch(0), isr, partitionEpoch: asPartitionEpoch(0) }
}

export const putPartition = (topicId: string, partition: number, value: PartitionValue): StoreOp => ({
  kind: 'put',
  key: partitionKey(topicId, partition),
  value: encodeValue(value),
})

export const partitionIs = (partition: PartitionImage): { key: string; modRevision: Revision } => ({
  key: partitionKey(partition.topicId, partition.partition),
  modRevision: partition.modRevision,
})

/** The members of a partition's ISR with the lives in which they joined. */
export const isrMembers = (partition: PartitionImage): IsrMember[] =>
  partition.isr.map((brokerId, i) => {
    const brokerEpoch = partition.isrEpochs[i]
    if (brokerEpoch === undefined)
      throw new Error(`${partition.topic}-${partition.partition}: an ISR member has no epoch`)
    return { brokerId, brokerEpoch }
  })

const refuse = (reason: string): Fault =>
  fault('INVALID_REPLICA_ASSIGNMENT', `The manual partition assignment includes ${reason}.`)

/** Whether somebody may ask for these replicas; `factor` is what the topic's other partitions have. */
export function assignmentFault(image: MetadataImage, replicas: readonly BrokerId[], factor: number): Fault | null {
  if (replicas.length === 0) return refuse('an empty replica list')
  for (const [i, id] of replicas.entries()) {
    const broker = image.brokers.get(id)
    if (broker === undefined) return refuse(`broker ${id}, but no such broker is registered`)
    if (!takesReplicas(broker)) return refuse(`broker ${id}, but all its log directories are cordoned`)
    if (replicas.indexOf(id) !== i) return refuse(`the broker ${id} more than once`)
  }
  if (replicas.length === factor) return null
  return refuse(`a partition with ${replicas.length} replica(s), but the partitions before it have ${factor}`)
}

export const noActiveReplica = (partition: number): Fault =>
  fault(
    'INVALID_REPLICA_ASSIGNMENT',
    `All brokers of the manual partition assignment for partition ${partition} are starting or leaving.`,
  )
