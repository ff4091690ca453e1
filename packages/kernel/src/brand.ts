// Numbers that must not be mixed have types of their own. All of them lie within the safe integers: the wire
// boundary checks that once (design: int64 is a number), so that nothing behind it has to.
declare const brand: unique symbol

/** Position of a record in its partition; 0 is the first ever written. */
export type Offset = number & { readonly [brand]: 'Offset' }
/** Counts the leaders that a partition has had; -1 where none is known. */
export type LeaderEpoch = number & { readonly [brand]: 'LeaderEpoch' }
/** Counts the changes of a partition's state (leader and ISR) in the metadata store. */
export type PartitionEpoch = number & { readonly [brand]: 'PartitionEpoch' }
export type BrokerId = number & { readonly [brand]: 'BrokerId' }
/** The create revision of a broker's registration: tells two lives of one broker id apart. */
export type BrokerEpoch = number & { readonly [brand]: 'BrokerEpoch' }
export type ProducerId = number & { readonly [brand]: 'ProducerId' }
export type ProducerEpoch = number & { readonly [brand]: 'ProducerEpoch' }
/** Revision of the metadata store; it only grows. 0 is before every write. */
export type Revision = number & { readonly [brand]: 'Revision' }

export const asOffset = (value: number): Offset => value as Offset
export const asLeaderEpoch = (value: number): LeaderEpoch => value as LeaderEpoch
export const asPartitionEpoch = (value: number): PartitionEpoch => value as PartitionEpoch
export const asBrokerId = (value: number): BrokerId => value as BrokerId
export const asBrokerEpoch = (value: number): BrokerEpoch => value as BrokerEpoch
export const asProducerId = (value: number): ProducerId => value as ProducerId
export const asProducerEpoch = (value: number): ProducerEpoch => value as ProducerEpoch
export const asRevision = (value: number): Revision => value as Revision

export const nextOffset = (offset: Offset): Offset => (offset + 1) as Offset

/** A partition's name as Kafka writes it: `orders-0`. */
export const partitionName = (topic: string, partition: number): string => `${topic}-${partition}`
