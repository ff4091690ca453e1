/** One of the last batches of a producer: enough to know it again and to answer with its first offsets. */
export interface BatchTrace {
  readonly lastSequence: number
  readonly lastOffset: number
  /** Last offset minus first, which is also last sequence minus first. */
  readonly offsetDelta: number
  readonly timestampMs: number
}

/** What a partition knows of one producer. Never changed in place: a write that fails goes back to the entry before. */
export interface ProducerEntry {
  readonly producerId: number
  /** -1 where only its id is known. */
  readonly producerEpoch: number
  /** Of the coordinator that last ended a transaction of it here; -1 where none did. */
  readonly coordinatorEpoch: number
  readonly lastTimestampMs: number
  /** Where its open transaction began; -1 where none is open. */
  readonly txnFirstOffset: number
  /** The last five at most, oldest first, all of this epoch. */
  readonly batches: readonly BatchTrace[]
}

/** Kafka's dedupe window: a client has at most five requests in flight. */
export const batchesKept = 5

export const unknownProducer = (producerId: number): ProducerEntry => ({
  producerId,
  producerEpoch: -1,
  coordinatorEpoch: -1,
  lastTimestampMs: -1,
  txnFirstOffset: -1,
  batches: [],
})

const sequenceMax = 0x7fff_ffff

export const firstSequence = (batch: BatchTrace): number =>
  batch.lastSequence >= batch.offsetDelta
    ? batch.lastSequence - batch.offsetDelta
    : sequenceMax - (batch.offsetDelta - batch.lastSequence) + 1

export const firstOffset = (batch: BatchTrace): number => batch.lastOffset - batch.offsetDelta

/** -1 where the producer wrote nothing in this epoch. */
export const lastSequenceOf = (entry: ProducerEntry): number => entry.batches.at(-1)?.lastSequence ?? -1

/** Sequences go on at 0 after 2^31-1. */
export const followsSequence = (last: number, next: number): boolean =>
  next === last + 1 || (next === 0 && last === sequenceMax)
