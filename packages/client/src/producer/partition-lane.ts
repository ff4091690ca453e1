import { advanceSequence } from '@millrace/protocol'
import type { ErrorOf, ProducerState } from './batch.ts'
import { Batch, batchHeaderBytes } from './batch.ts'
import type { BatchMemory } from './batch-memory.ts'
import type { Completion } from './completion.ts'
import { Shipment } from './produce-request.ts'
import type { ProducerSettings } from './producer-settings.ts'
import type { RecordDraft } from './record-draft.ts'

/** The producer's id and first epoch, as the cluster gave them. */
export interface ProducerIdentity {
  readonly producerId: number
  readonly producerEpoch: number
}

/** Who is told what a lane has for it. */
export interface LaneListener {
  /** A batch was begun, and lingers. */
  batchBegun(lane: PartitionLane, batch: Batch): void
  /** A batch takes no more, or has been compressed: something may be sent. */
  batchReady(lane: PartitionLane): void
}

const epochMax = 0x7fff
const firstBatchBytes = 1024

/**
 * The records on their way to one partition, in order: an open batch that still fills, closed ones that wait, and those
 * that were sent.
 *
 * Invariant: sequences of one epoch go out in order and without gaps. When a batch that has one fails for good, those
 * behind it start anew at 0 in the next epoch; one that may have been written already must not be sent under another
 * sequence (it could be there twice) and fails with it.
 */
export class PartitionLane {
  readonly topic: string
  readonly partition: number
  readonly #settings: ProducerSettings
  readonly #memory: BatchMemory
  readonly #listener: LaneListener
  readonly #packed = (): void => this.#listener.batchReady(this)
  #open: Batch | undefined
  #waiting: Batch[] = []
  readonly #sent: Batch[] = []
  #identity: ProducerIdentity | undefined
  /** The producer id whose epochs are used up here. */
  #usedUpId: number | undefined
  #nextSequence = 0
  #lastOrder = 0
  #bytes = 0
  /** What a batch begins with: about what the last one took. */
  #capacityBytes = firstBatchBytes
  /** After a failure nothing is sent until all that was sent is answered: what failed goes first then, in order. */
  #recovering = false
  /** Whether the broker has written a batch of this epoch. */
  #established = false
  /** Set when the sequences have a gap: why what may have been written is given up. */
  #gap: { readonly error: unknown } | undefined

  constructor(
    topic: string,
    partition: number,
    settings: ProducerSettings,
    memory: BatchMemory,
    listener: LaneListener,
  ) {
    this.topic = topic
    this.partition = partition
    this.#settings = settings
    this.#memory = memory
    this.#listener = listener
  }

  /** Bytes that wait or were sent and aren't answered. */
  get queuedBytes(): number {
    return this.#bytes
  }

  /** Since when the oldest batch that could go has waited; undefined where none does. */
  get waitingSinceMs(): number | undefined {
    return this.#waiting[0]?.createdAtMs
  }

  /** Adds a record to the open batch, where there is one with room for it; without a completion the batch has its promise. */
  tryAppend(draft: RecordDraft, completion: Completion | undefined, index: number): Batch | undefined {
    const open = this.#open
    if (open === undefined) return undefined
    if (open.sizeBytes + draft.sizeBytesMax > this.#settings.batchBytes && open.recordCount > 0) {
      this.close()
      return undefined
    }
    open.append(draft, completion, index)
    this.#bytes += draft.sizeBytesMax
    if (open.sizeBytes >= this.#settings.batchBytes) this.close()
    return open
  }

  /** Opens a batch for a record of this size. */
  begin(nowMs: number, recordBytes: number): Batch {
    this.close()
    this.#lastOrder += 1
    const deadlineMs = nowMs + this.#settings.deliveryTimeoutMs
    const memory = this.#memory.take(batchHeaderBytes + Math.max(this.#capacityBytes, recordBytes))
    const batch = new Batch(this.#lastOrder, nowMs, deadlineMs, memory, this.#memory.takeIndexes())
    this.#open = batch
    this.#listener.batchBegun(this, batch)
    return batch
  }

  /** The open batch takes no more. */
  close(): void {
    const batch = this.#open
    if (batch === undefined) return
    this.#open = undefined
    // Its first record could not be written: there is nothing to send.
    if (batch.recordCount === 0) return batch.succeed(this.topic, this.partition, -1, -1)
    // Rounded up, or the next one would have to grow for its last record.
    this.#capacityBytes = Math.min(this.#settings.batchBytes, 2 ** Math.ceil(Math.log2(batch.sizeBytes)))
    this.#waiting.push(batch)
    this.#listener.batchReady(this)
  }

  /** Closes the open batch if it is this one. */
  closeIfOpen(batch: Batch): void {
    if (this.#open === batch) this.close()
  }

  /** Whether a closed batch waits: something can be sent without lingering. */
  get hasClosed(): boolean {
    return this.#waiting.length > 0
  }

  /** The batch to send next, if there is one that may go now. */
  head(): Batch | undefined {
    let first = this.#waiting[0]
    // What could not be compressed has failed where it stood.
    while (first?.done === true) {
      this.#remove(this.#waiting, first)
      first = this.#waiting[0]
    }
    if (first === undefined || this.#mustWait()) return undefined
    return first.mustPack(this.#settings, this.#packed) ? undefined : first
  }

  // A broker that doesn't know a producer takes any sequence of it: the first batch must be there before the second goes.
  // And it knows a repeat only among its last five batches: one that is sent again must be answered before others go.
  #mustWait(): boolean {
    if (this.#sent.length === 0) return false
    const first = this.#sent[0]!
    return this.#recovering || (this.#settings.idempotent && (!this.#established || first.attempts > 1))
  }

  /** Whether nothing can be sent until the producer has another id. */
  needsOtherIdThan(identity: ProducerIdentity | undefined): boolean {
    return identity !== undefined && this.#identity === undefined && identity.producerId === this.#usedUpId
  }

  /** Takes the head to be sent and gives its bytes. */
  take(identity: ProducerIdentity | undefined): Shipment | undefined {
    if (this.#mustWait()) return undefined
    this.#recovering = false
    if (this.#gap !== undefined) this.#startNewEpoch(this.#gap.error)
    if (this.needsOtherIdThan(identity)) return undefined
    const batch = this.head()
    if (batch === undefined) return undefined
    this.#waiting.shift()
    this.#sent.push(batch)
    batch.attempts += 1
    try {
      const bytes = batch.encode(this.#settings, identity && this.#stateFor(batch, identity))
      if (batch.attempts === 1 && bytes.buffer !== batch.memory.buffer) this.#memory.give(batch.memory)
      return new Shipment(this, batch, bytes)
    } catch (error) {
      this.fail(batch, error)
      this.renumber(error)
      return undefined
    }
  }

  succeed(batch: Batch, baseOffset: number, logAppendTimeMs: number): void {
    this.#remove(this.#sent, batch)
    this.#established = true
    // Answered, so nobody reads it any more, unless what was sent before still lies somewhere.
    if (batch.attempts === 1 && this.#settings.compression === 'none') this.#memory.give(batch.memory)
    batch.succeed(this.topic, this.partition, baseOffset, logAppendTimeMs)
    this.#memory.giveIndexes(batch.indexes)
  }

  /** Puts it back where it was in the order. */
  retry(batch: Batch, retryAtMs: number, maybeWritten: boolean): void {
    if (!this.#sent.includes(batch)) return
    this.#sent.splice(this.#sent.indexOf(batch), 1)
    batch.retryAtMs = retryAtMs
    batch.maybeWritten ||= maybeWritten
    this.#putBack([batch])
  }

  /** Puts it back as two of half its size: it was too large, so it isn't written. */
  split(batch: Batch): void {
    if (!this.#sent.includes(batch)) return
    this.#sent.splice(this.#sent.indexOf(batch), 1)
    this.#bytes -= batch.grantedBytes
    const parts = batch.split()
    for (const part of parts) this.#bytes += part.grantedBytes
    this.#putBack(parts)
  }

  #putBack(batches: readonly Batch[]): void {
    const behind = this.#waiting.findIndex((each) => each.order > batches[0]!.order)
    this.#waiting.splice(behind < 0 ? this.#waiting.length : behind, 0, ...batches)
    this.#recovering = true
  }

  /** Whether a batch before this one failed, or is still to be answered or sent again: it can't be in sequence then. */
  hasGapBefore(batch: Batch): boolean {
    if (this.#gap !== undefined) return true
    return [...this.#sent, ...this.#waiting].some((each) => each.order < batch.order)
  }

  fail(batch: Batch, error: unknown, errorOf?: ErrorOf): void {
    this.#remove(this.#sent, batch)
    this.#remove(this.#waiting, batch)
    batch.fail(error, errorOf)
    if (batch.state !== undefined) this.renumber(error)
  }

  /** Fails what has waited past its time. One that was sent keeps its place until it is answered. */
  expire(batch: Batch, error: unknown): void {
    if (this.#sent.includes(batch)) batch.fail(error)
    else this.fail(batch, error)
  }

  failAll(error: unknown): void {
    this.close()
    for (const batch of [...this.#sent.splice(0), ...this.#waiting.splice(0)]) {
      this.#bytes -= batch.grantedBytes
      batch.fail(error)
    }
  }

  /** What follows is numbered anew, once all that was sent is answered. */
  renumber(error: unknown): void {
    this.#gap ??= { error }
    this.#recovering = true
  }

  #startNewEpoch(error: unknown): void {
    this.#gap = undefined
    this.#established = false
    const { producerId = -1, producerEpoch = -1 } = this.#identity ?? {}
    // Past the last epoch `#stateFor` takes the producer's next id.
    const isLast = producerEpoch >= epochMax
    if (isLast) this.#usedUpId = producerId
    this.#identity = isLast ? undefined : { producerId, producerEpoch: producerEpoch + 1 }
    this.#nextSequence = 0
    const doomed = this.#waiting.filter((each) => each.maybeWritten)
    this.#waiting = this.#waiting.filter((each) => !each.maybeWritten)
    for (const each of this.#waiting) each.state = undefined
    for (const each of doomed) {
      this.#bytes -= each.grantedBytes
      each.fail(error)
    }
  }

  // A batch keeps its sequence as long as its epoch is this one, however often it is sent.
  #stateFor(batch: Batch, identity: ProducerIdentity): ProducerState {
    if (batch.state !== undefined) return batch.state
    this.#identity ??= identity
    const { producerId, producerEpoch } = this.#identity
    const baseSequence = this.#nextSequence
    this.#nextSequence = advanceSequence(baseSequence, batch.recordCount)
    return { producerId, producerEpoch, baseSequence }
  }

  #remove(list: Batch[], batch: Batch): void {
    const at = list.indexOf(batch)
    if (at < 0) return
    list.splice(at, 1)
    this.#bytes -= batch.grantedBytes
  }
}
