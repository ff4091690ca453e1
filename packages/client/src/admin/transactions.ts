import { BrokerError } from '@millrace/connection'
import {
  describeProducersApi,
  describeTransactionsApi,
  initProducerIdApi,
  listTransactionsApi,
  writeTxnMarkersApi,
} from '@millrace/protocol'
import { throwOnError } from '../cluster/cluster.ts'
import type { TopicPartition } from '../record.ts'
import { listAll } from './all-brokers.ts'
import { askEach } from './ask-each.ts'
import { byTopic } from './by-topic.ts'
import type { Call } from './call.ts'
import { brokerTimeoutMs } from './call.ts'
import { doneOrNot, outcomeOf, valuesOf } from './outcome.ts'
import { partitionKey } from './outcome-keys.ts'
import type { Outcomes } from './outcome-types.ts'
import { request } from './request.ts'
import { coordinatorMoved, leaderMoved, toBrokers, toCoordinators, toLeaders } from './routes.ts'
import type {
  FencedProducer,
  HangingTransaction,
  ListTransactionsOptions,
  ProducerState,
  TransactionDescription,
  TransactionListing,
} from './transactions-api.ts'

// The first versions that sort out by age and by a pattern.
const ageVersion = 1
const patternVersion = 2

export async function listTransactions(call: Call, options: ListTransactionsOptions): Promise<TransactionListing[]> {
  const { states = [], producerIds = [], openForMs, transactionalIdPattern } = options
  const min = transactionalIdPattern !== undefined ? patternVersion : openForMs !== undefined ? ageVersion : 0
  const body = {
    stateFilters: states,
    producerIdFilters: producerIds,
    ...(openForMs === undefined ? {} : { durationFilter: openForMs }),
    ...(transactionalIdPattern === undefined ? {} : { transactionalIdPattern }),
  }
  const listings = await listAll(call, async (connection) => {
    const response = await request(call, connection, listTransactionsApi, body, { min })
    throwOnError(response.errorCode, connection, listTransactionsApi.name)
    const unknown = response.unknownStateFilters.join(', ')
    // The broker answers with what has the other states: who mistyped a word would take that for all there is.
    if (unknown !== '') {
      const source = { address: connection.address, api: listTransactionsApi.name }
      throw new BrokerError('INVALID_REQUEST', `the broker knows no state ${unknown}`, source)
    }
    return response.transactionStates.map(listingOf)
  })
  return listings.toSorted((a, b) => (a.transactionalId < b.transactionalId ? -1 : 1))
}

type ListingAnswer = ReturnType<typeof listTransactionsApi.response.decode>['transactionStates'][number]

const listingOf = ({ transactionalId, producerId, transactionState: state }: ListingAnswer): TransactionListing => ({
  transactionalId,
  producerId,
  state,
})

export const describeTransactions = (
  call: Call,
  transactionalIds: readonly string[],
): Promise<Outcomes<TransactionDescription>> =>
  askEach<string, TransactionDescription, string>(call, {
    items: transactionalIds,
    key: (id) => id,
    route: toCoordinators('transaction', (id) => id),
    again: coordinatorMoved,
    send: async (connection, items, coordinator) => {
      const body = { transactionalIds: items }
      const response = await request(call, connection, describeTransactionsApi, body)
      const from = { connection, api: describeTransactionsApi.name }
      return response.transactionStates.map((each) => [
        each.transactionalId,
        outcomeOf(each.errorCode, null, { ...from, about: each.transactionalId }, () => ({
          transactionalId: each.transactionalId,
          state: each.transactionState,
          producerId: each.producerId,
          producerEpoch: each.producerEpoch,
          timeoutMs: each.transactionTimeoutMs,
          startedMs: each.transactionStartTimeMs < 0 ? null : each.transactionStartTimeMs,
          partitions: each.topics.flatMap(({ topic, partitions }) =>
            partitions.map((partition) => ({ topic, partition })),
          ),
          coordinator,
        })),
      ])
    },
  })

export const describeProducers = (
  call: Call,
  partitions: readonly TopicPartition[],
  { broker }: { readonly broker?: number },
): Promise<Outcomes<readonly ProducerState[]>> =>
  askEach<TopicPartition, readonly ProducerState[], string>(call, {
    items: partitions,
    key: partitionKey,
    route: broker === undefined ? toLeaders : toBrokers(() => broker),
    again: leaderMoved,
    patient: broker === undefined,
    send: async (connection, items) => {
      const topics = [...byTopic(items)].map(([name, mine]) => ({
        name,
        partitionIndexes: mine.map(({ partition }) => partition),
      }))
      const response = await request(call, connection, describeProducersApi, { topics })
      const from = { connection, api: describeProducersApi.name }
      return response.topics.flatMap(({ name: topic, partitions: answers }) =>
        answers.map(({ partitionIndex: partition, errorCode, errorMessage, activeProducers }) => {
          const about = partitionKey({ topic, partition })
          return [about, outcomeOf(errorCode, errorMessage, { ...from, about }, () => activeProducers.map(stateOf))]
        }),
      )
    },
  })

type StateAnswer = ReturnType<
  typeof describeProducersApi.response.decode
>['topics'][number]['partitions'][number]['activeProducers'][number]

const stateOf = (each: StateAnswer): ProducerState => ({
  producerId: each.producerId,
  producerEpoch: each.producerEpoch,
  lastSequence: each.lastSequence,
  lastTimestampMs: each.lastTimestamp,
  coordinatorEpoch: each.coordinatorEpoch,
  transactionStartOffset: each.currentTxnStartOffset < 0 ? null : each.currentTxnStartOffset,
})

export async function abortTransaction(call: Call, transaction: HangingTransaction): Promise<void> {
  const { topic, partition, producerId, producerEpoch, coordinatorEpoch } = transaction
  const outcomes = await askEach<HangingTransaction, null, string>(call, {
    items: [transaction],
    key: partitionKey,
    route: toLeaders,
    again: leaderMoved,
    patient: true,
    send: async (connection) => {
      const topics = [{ name: topic, partitionIndexes: [partition] }]
      const abort = { producerId, producerEpoch, coordinatorEpoch, transactionResult: false, topics }
      const response = await request(call, connection, writeTxnMarkersApi, { markers: [abort] })
      const answers = response.markers.flatMap((marker) => marker.topics.flatMap((each) => each.partitions))
      return answers.map(({ errorCode }) => [
        partitionKey(transaction),
        doneOrNot(errorCode, null, connection, writeTxnMarkersApi, partitionKey(transaction)),
      ])
    },
  })
  valuesOf(outcomes)
}

// While the coordinator ends what was open it asks to be asked again.
const stillEnding = new Set([...coordinatorMoved, 'CONCURRENT_TRANSACTIONS'] as const)

export const fenceProducers = (call: Call, transactionalIds: readonly string[]): Promise<Outcomes<FencedProducer>> =>
  askEach<string, FencedProducer, string>(call, {
    items: transactionalIds,
    key: (id) => id,
    route: toCoordinators('transaction', (id) => id),
    again: stillEnding,
    send: (connection, items) =>
      Promise.all(
        items.map(async (transactionalId) => {
          const body = { transactionalId, transactionTimeoutMs: Math.max(1, brokerTimeoutMs(call)) }
          const response = await request(call, connection, initProducerIdApi, body)
          const { producerId, producerEpoch } = response
          const from = { connection, api: initProducerIdApi.name, about: transactionalId }
          return [
            transactionalId,
            outcomeOf(response.errorCode, null, from, () => ({ producerId, producerEpoch })),
          ] as const
        }),
      ),
  })
