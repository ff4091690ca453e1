import type { ErrorName } from '@millrace/protocol'
import type { AppendOrigin } from '../log/partition-log.ts'
import type { BatchTrace, ProducerEntry } from './producer-entry.ts'
import { batchesKept, firstSequence, followsSequence, lastSequenceOf, unknownProducer } from './producer-entry.ts'

/** What the rules look at in a batch of records. */
export interface ProducerBatch {
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly lastSequence: number
  readonly baseOffset: number
  readonly lastOffset: number
  readonly maxTimestampMs: number
  readonly transactional: boolean
}

/** What they look at in the control batch that ends a transaction. */
export interface ProducerMarker {
  readonly producerId: number
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
  readonly timestampMs: number
  /** 2 where the coordinator raises the epoch with each transaction (KIP-890). */
  readonly transactionVersion: number
}

export interface ProducerRefusal {
  readonly error: ErrorName
  readonly message: string
}

export type ProducerDecision = { readonly next: ProducerEntry } | { readonly refusal: ProducerRefusal }

const refuse = (error: ErrorName, message: string): ProducerDecision => ({ refusal: { error, message } })

/** The batch that this one repeats: the same epoch, first and last sequence. */
export function findDuplicate(entry: ProducerEntry | undefined, batch: ProducerBatch): BatchTrace | undefined {
  if (entry === undefined || entry.producerEpoch !== batch.producerEpoch) return undefined
  // The common case: it goes on where the last one ended.
  if (followsSequence(lastSequenceOf(entry), batch.baseSequence)) return undefined
  return entry.batches.find(
    (kept) => kept.lastSequence === batch.lastSequence && firstSequence(kept) === batch.baseSequence,
  )
}

/** A batch of records. Only a client's sequences are checked: replicas and coordinators write what was checked before. */
export function appendBatch(
  known: ProducerEntry | undefined,
  batch: ProducerBatch,
  origin: AppendOrigin,
): ProducerDecision {
  const entry = known ?? unknownProducer(batch.producerId)
  if (origin !== 'replication' && batch.producerEpoch < entry.producerEpoch)
    return staleEpoch(entry, batch.producerEpoch)
  if (origin === 'client') {
    const refusal = checkSequence(entry, batch)
    if (refusal !== undefined) return refusal
  }
  const inTransaction = entry.txnFirstOffset >= 0
  if (inTransaction && !batch.transactional && origin !== 'replication') {
    const since = `its transaction is open since offset ${entry.txnFirstOffset}`
    return refuse('INVALID_TXN_STATE', `producer ${batch.producerId} wrote outside of its transaction: ${since}`)
  }
  const trace: BatchTrace = {
    lastSequence: batch.lastSequence,
    lastOffset: batch.lastOffset,
    offsetDelta: batch.lastOffset - batch.baseOffset,
    timestampMs: batch.maxTimestampMs,
  }
  return {
    next: {
      producerId: entry.producerId,
      producerEpoch: batch.producerEpoch,
      coordinatorEpoch: entry.coordinatorEpoch,
      lastTimestampMs: batch.maxTimestampMs,
      txnFirstOffset: !inTransaction && batch.transactional ? batch.baseOffset : entry.txnFirstOffset,
      batches: batch.producerEpoch === entry.producerEpoch ? withNewest(entry.batches, trace) : [trace],
    },
  }
}

function withNewest(before: readonly BatchTrace[], added: BatchTrace): readonly BatchTrace[] {
  const batches = before.slice(before.length === batchesKept ? 1 : 0)
  batches.push(added)
  return batches
}

function checkSequence(entry: ProducerEntry, batch: ProducerBatch): ProducerDecision | undefined {
  const { producerId, baseSequence } = batch
  // Nothing is known of it: its records went with retention, or it is new. Any sequence may come.
  if (entry.producerEpoch === -1) return undefined
  if (batch.producerEpoch !== entry.producerEpoch) {
    if (baseSequence === 0) return undefined
    const got = `got ${baseSequence} in epoch ${batch.producerEpoch} after epoch ${entry.producerEpoch}, expected 0`
    return refuse('OUT_OF_ORDER_SEQUENCE_NUMBER', `a new epoch of producer ${producerId} starts with ${got}`)
  }
  const last = lastSequenceOf(entry)
  if (followsSequence(last, baseSequence)) return undefined
  const got = `got ${baseSequence} after ${last}`
  return refuse('OUT_OF_ORDER_SEQUENCE_NUMBER', `sequence of producer ${producerId} is out of order: ${got}`)
}

/**
 * The marker that ends a transaction. With version 2 its epoch is above that of the records (an equal one is the
 * repeat of a marker that was written, KAFKA-19999); before, it is the same.
 */
export function appendMarker(
  known: ProducerEntry | undefined,
  marker: ProducerMarker,
  origin: AppendOrigin,
): ProducerDecision {
  const entry = known ?? unknownProducer(marker.producerId)
  if (origin !== 'replication') {
    if (isStaleMarker(entry, marker)) return staleEpoch(entry, marker.producerEpoch)
    if (marker.coordinatorEpoch < entry.coordinatorEpoch) {
      const got = `got ${marker.coordinatorEpoch}, the last was ${entry.coordinatorEpoch}`
      return refuse('TRANSACTION_COORDINATOR_FENCED', `a marker of an old coordinator's epoch: ${got}`)
    }
  }
  return {
    next: {
      producerId: entry.producerId,
      producerEpoch: marker.producerEpoch,
      coordinatorEpoch: marker.coordinatorEpoch,
      lastTimestampMs: marker.timestampMs,
      txnFirstOffset: -1,
      batches: marker.producerEpoch === entry.producerEpoch ? entry.batches : [],
    },
  }
}

const epochMax = 0x7fff

function isStaleMarker(entry: ProducerEntry, marker: ProducerMarker): boolean {
  if (marker.transactionVersion < 2) return marker.producerEpoch < entry.producerEpoch
  if (marker.producerEpoch !== entry.producerEpoch) return marker.producerEpoch < entry.producerEpoch
  return entry.txnFirstOffset >= 0 && marker.producerEpoch !== epochMax
}

function staleEpoch(entry: ProducerEntry, got: number): ProducerDecision {
  const message = `epoch of producer ${entry.producerId} is old: got ${got}, the last was ${entry.producerEpoch}`
  return refuse('INVALID_PRODUCER_EPOCH', message)
}
