// What brokers write themselves, each on the condition that the registration it was written under still holds.
import type { BrokerId, LeaderEpoch, ProducerId } from '@millrace/kernel'
import { asPartitionEpoch, asProducerId, asRevision } from '@millrace/kernel'
import type { BrokerRegistration, MetadataImage, PartitionImage } from './image.ts'
import { brokerKey, clusterKey, controllerKey, producerIdsKey } from './keys.ts'
import { partitionIs, putPartition } from './partition-writes.ts'
import type { StoreCondition, StoreTransaction } from './store-types.ts'
import type { BrokerValue, IsrMember } from './values.ts'
import { encodeValue } from './values.ts'

/** The condition of every write of a broker: that it is still the one that registered. */
export const authorOfBroker = (broker: Pick<BrokerRegistration, 'id' | 'epoch'>): StoreCondition => ({
  key: brokerKey(broker.id),
  createRevision: asRevision(broker.epoch),
})

/** Gives the cluster its id; a conflict means that it has one. */
export const nameCluster = (clusterId: string): StoreTransaction => ({
  conditions: [{ key: clusterKey, modRevision: asRevision(0) }],
  ops: [{ kind: 'put', key: clusterKey, value: encodeValue({ clusterId }) }],
})

/** A conflict means that a broker of this id is alive. The revision of the commit is the broker's epoch. */
export const registerBroker = (id: BrokerId, value: BrokerValue, sessionId: string): StoreTransaction => ({
  conditions: [{ key: brokerKey(id), modRevision: asRevision(0) }],
  ops: [{ kind: 'put', key: brokerKey(id), value: encodeValue(value), sessionId }],
})

/** Says anew what the broker is, such as that it is leaving, in the same life. */
export const updateBroker = (
  broker: Pick<BrokerRegistration, 'id' | 'epoch'>,
  value: BrokerValue,
  sessionId: string,
): StoreTransaction => ({
  conditions: [authorOfBroker(broker)],
  ops: [{ kind: 'put', key: brokerKey(broker.id), value: encodeValue(value), sessionId }],
})

/**
 * Removes what the last life of this broker left registered, so that a start needn't wait for its session to end.
 * Only for who holds the lock of the broker's data directory: it knows that the last life is over.
 */
export function removeLastLife(image: MetadataImage, id: BrokerId): StoreTransaction | null {
  const broker = image.brokers.get(id)
  if (broker === undefined) return null
  const own: StoreTransaction = {
    conditions: [authorOfBroker(broker)],
    ops: [{ kind: 'delete', key: brokerKey(id) }],
  }
  if (image.controllerId !== id) return own
  return {
    conditions: [...own.conditions, { key: controllerKey, createRevision: image.controllerEpoch }],
    ops: [...own.ops, { kind: 'delete', key: controllerKey }],
  }
}

/** A broker's try to become the controller; a conflict means that there is one, or that the broker isn't registered. */
export const claimController = (
  broker: Pick<BrokerRegistration, 'id' | 'epoch'>,
  sessionId: string,
): StoreTransaction => ({
  conditions: [authorOfBroker(broker), { key: controllerKey, modRevision: asRevision(0) }],
  ops: [{ kind: 'put', key: controllerKey, value: encodeValue({ brokerId: broker.id }), sessionId }],
})

/** Gives the controller's place up, for a stop that hands over. */
export const resignController = (image: MetadataImage): StoreTransaction => ({
  conditions: [{ key: controllerKey, createRevision: image.controllerEpoch }],
  ops: [{ kind: 'delete', key: controllerKey }],
})

/** Producer ids that a broker takes at a time. */
export const producerIdBlockSize = 1_000

export interface ProducerIdBlock {
  readonly first: ProducerId
  readonly count: number
}

/** The next block of producer ids, which is the broker's once the transaction is committed. */
export function allocateProducerIds(
  image: MetadataImage,
  author: StoreCondition,
): { readonly transaction: StoreTransaction; readonly block: ProducerIdBlock } {
  const { next, modRevision } = image.producerIds
  const value = encodeValue({ next: asProducerId(next + producerIdBlockSize) })
  return {
    transaction: {
      conditions: [author, { key: producerIdsKey, modRevision }],
      ops: [{ kind: 'put', key: producerIdsKey, value }],
    },
    block: { first: next, count: producerIdBlockSize },
  }
}

/**
 * A leader's change of its partition's ISR, from what the image says. Null where the image no longer has that leader
 * in that epoch: it has been fenced, or will be.
 */
export function changeIsr(
  partition: PartitionImage,
  author: StoreCondition,
  leader: BrokerId,
  leaderEpoch: LeaderEpoch,
  isr: readonly IsrMember[],
): StoreTransaction | null {
  if (partition.leader !== leader || partition.leaderEpoch !== leaderEpoch) return null
  const partitionEpoch = asPartitionEpoch(partition.partitionEpoch + 1)
  const op = putPartition(partition.topicId, partition.partition, { leader, leaderEpoch, isr, partitionEpoch })
  return { conditions: [author, partitionIs(partition)], ops: [op] }
}
