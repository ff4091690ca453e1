import type { TopicPartition } from '../record.ts'
import type { AdminCallOptions } from './call.ts'
import type { Outcomes } from './outcome-types.ts'

/** Kafka's names of the states of transactions. */
export type TransactionState =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort'
  | 'PrepareEpochFence'
  | 'Dead'

/** A transactional id in a list. */
export interface TransactionListing {
  readonly transactionalId: string
  readonly producerId: number
  /** A `TransactionState`, or what a newer Kafka has beside them. */
  readonly state: string
}

/** Which transactions to list. */
export interface ListTransactionsOptions extends AdminCallOptions {
  /** Only these states. Rejects with INVALID_REQUEST where a broker doesn't know one of them. */
  readonly states?: readonly TransactionState[]
  readonly producerIds?: readonly number[]
  /** Only those that have been open for longer, in ms; from Kafka 3.8 on. */
  readonly openForMs?: number
  /** A regular expression (RE2) that the id must match as a whole; from Kafka 4.1 on. */
  readonly transactionalIdPattern?: string
}

/** A transactional id as its coordinator knows it. */
export interface TransactionDescription {
  readonly transactionalId: string
  readonly state: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly timeoutMs: number
  /** Milliseconds since the Unix epoch; null while none is open. */
  readonly startedMs: number | null
  readonly partitions: readonly TopicPartition[]
  /** Broker id of the coordinator. */
  readonly coordinator: number
}

/** What a partition's leader knows of somebody who writes to it. */
export interface ProducerState {
  readonly producerId: number
  readonly producerEpoch: number
  readonly lastSequence: number
  /** Milliseconds since the Unix epoch. */
  readonly lastTimestampMs: number
  /** Of the coordinator that wrote the last marker; -1 where there is none. */
  readonly coordinatorEpoch: number
  /** null where no transaction is open. */
  readonly transactionStartOffset: number | null
}

/** An open transaction of one partition, as `describeProducers` shows it. */
export interface HangingTransaction extends TopicPartition {
  readonly producerId: number
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
}

/** A producer after it was shut out. */
export interface FencedProducer {
  readonly producerId: number
  /** Whatever has a lower one is refused from now on. */
  readonly producerEpoch: number
}

/** Transactions and who writes them. */
export interface TransactionsApi {
  /**
   * All transactional ids that we may see, by name. Every broker is asked for those that it coordinates; it rejects
   * where one of them doesn't answer. Kafka: ListTransactions (KIP-664, KIP-994, KIP-1152), from 3.0 on.
   *
   * @example
   * const stuck = await admin.listTransactions({ states: ['Ongoing'], openForMs: 600_000 })
   */
  listTransactions(options?: ListTransactionsOptions): Promise<TransactionListing[]>

  /**
   * Transactions by their ids. Fails with TRANSACTIONAL_ID_NOT_FOUND or TRANSACTIONAL_ID_AUTHORIZATION_FAILED. Kafka:
   * DescribeTransactions (KIP-664), from 3.0 on.
   *
   * @example
   * const payments = valuesOf(await admin.describeTransactions(['payments'])).get('payments')
   */
  describeTransactions(
    transactionalIds: readonly string[],
    options?: AdminCallOptions,
  ): Promise<Outcomes<TransactionDescription>>

  /**
   * Who writes to partitions, as their leaders know it, or another replica's broker; under `topic-partition`.
   *
   * Fails with UNKNOWN_TOPIC_OR_PARTITION (after 2 s: it may be new), NOT_LEADER_OR_FOLLOWER or
   * TOPIC_AUTHORIZATION_FAILED. Kafka: DescribeProducers (KIP-664), from 2.8 on.
   *
   * @example
   * const producers = valuesOf(await admin.describeProducers([{ topic: 'orders', partition: 0 }])).get('orders-0')
   */
  describeProducers(
    partitions: readonly TopicPartition[],
    options?: AdminCallOptions & { readonly broker?: number },
  ): Promise<Outcomes<readonly ProducerState[]>>

  /**
   * Ends a transaction of one partition that its coordinator has forgotten, by an abort marker, so that
   * `read_committed` consumers can go on. One that the coordinator knows is ended by `fenceProducers`.
   *
   * Rejects with INVALID_PRODUCER_EPOCH, TRANSACTION_COORDINATOR_FENCED or CLUSTER_AUTHORIZATION_FAILED. Kafka:
   * WriteTxnMarkers (KIP-664), sent to the partition's leader.
   *
   * @example
   * await admin.abortTransaction({ topic: 'orders', partition: 0, producerId: 7, producerEpoch: 3, coordinatorEpoch: 0 })
   */
  abortTransaction(transaction: HangingTransaction, options?: AdminCallOptions): Promise<void>

  /**
   * Shuts out the producers that have these transactional ids now, and aborts what they have open.
   *
   * Fails with TRANSACTIONAL_ID_AUTHORIZATION_FAILED, CLUSTER_AUTHORIZATION_FAILED or INVALID_TRANSACTION_TIMEOUT.
   * Kafka: InitProducerId (KIP-734's Admin.fenceProducers), from any version on.
   *
   * @example
   * await admin.fenceProducers(['payments'])
   */
  fenceProducers(transactionalIds: readonly string[], options?: AdminCallOptions): Promise<Outcomes<FencedProducer>>
}
