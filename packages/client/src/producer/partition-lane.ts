import { advanceSequence } from '@millrace/protocol'
import type { Completion, ProducerState } from './batch.ts'
import { Batch } from './batch.ts'
import type { ProducerSettings } from './producer-settings.ts'
import type { SerializedRecord } from './serialize.ts'

/** The producer's id and first epoch, as the cluster gave them. */
export interface ProducerIdentity {
  readonly producerId: number
  readonly producerEpoch: number
}

const epochMax = 0x7fff

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
  #open: Batch | undefined
  #waiting: Batch[] = []
  readonly #sent: Batch[] = []
  #identity: ProducerIdentity | undefined
  #nextSequence = 0
  #lastOrder = 0
  #bytes = 0
  /** After a failure nothing is sent until all that was sent is answered: what failed goes first then, in order. */
  #recovering = false
  /** Whether the broker has written a batch of this epoch. */
  #established = false
  /** Set when the sequences have a gap: why what may have been written is given up. */
  #gap: { readonly error: unknown } | undefined

  constructor(topic: string, partition: number, settings: ProducerSettings) {
    this.topic = topic
    this.partition = partition
    this.#settings = settings
  }

  /** Bytes that wait or were sent and aren't answered. */
  get queuedBytes(): number {
    return this.#bytes
  }

  get idle(): boolean {
    return this.#open === undefined && this.#waiting.length === 0 && this.#sent.length === 0
  }

  /** Adds a record; the batch that it began, if it did. */
  append(record: SerializedRecord, completion: Completion, nowMs: number): Batch | undefined {
    let begun: Batch | undefined
    if (this.#open !== undefined && this.#open.sizeBytes + record.sizeBytesMax > this.#settings.batchBytes) this.close()
    if (this.#open === undefined) {
      this.#lastOrder += 1
      begun = new Batch(this.#lastOrder, nowMs, this.#settings, record.sizeBytesMax)
      this.#open = begun
    }
    this.#open.append(record, completion)
    this.#bytes += record.sizeBytesMax
    if (this.#open.sizeBytes >= this.#settings.batchBytes) this.close()
    return begun
  }

  /** The open batch takes no more. */
  close(): void {
    if (this.#open === undefined) return
    this.#waiting.push(this.#open)
    this.#open = undefined
  }

  /** When the open batch has lingered long enough; Infinity where there is none. */
  get lingerUntilMs(): number {
    return this.#open === undefined ? Infinity : this.#open.createdAtMs + this.#settings.lingerMs
  }

  /** Whether a closed batch waits: something can be sent without lingering. */
  get hasClosed(): boolean {
    return this.#waiting.length > 0
  }

  /** The batch to send next, if there is one that may go now. */
  head(): Batch | undefined {
    return this.#mustWait() ? undefined : this.#waiting[0]
  }

  // A broker that doesn't know a producer takes any sequence of it: the first batch must be there before the second goes.
  // And it knows a repeat only among its last five batches: one that is sent again must be answered before others go.
  #mustWait(): boolean {
    const [first] = this.#sent
    if (first === undefined) return false
    return this.#recovering || (this.#settings.idempotent && (!this.#established || first.attempts > 1))
  }

  /** Takes the head to be sent and gives its bytes. */
  take(identity: ProducerIdentity | undefined): { readonly batch: Batch; readonly bytes: Uint8Array } | undefined {
    if (this.#mustWait()) return undefined
    this.#recovering = false
    if (this.#gap !== undefined) this.#startNewEpoch(this.#gap.error)
    const batch = this.#waiting[0]
    if (batch === undefined) return undefined
    this.#waiting.shift()
    this.#sent.push(batch)
    batch.attempts += 1
    return { batch, bytes: batch.encode(this.#settings, identity && this.#stateFor(batch, identity)) }
  }

  succeed(batch: Batch, baseOffset: number, logAppendTimeMs: number): void {
    this.#remove(this.#sent, batch)
    this.#established = true
    batch.succeed(this.partition, baseOffset, logAppendTimeMs)
  }

  /** Puts it back where it was in the order. */
  retry(batch: Batch, retryAtMs: number, maybeWritten: boolean): void {
    if (!this.#sent.includes(batch)) return
    this.#sent.splice(this.#sent.indexOf(batch), 1)
    batch.retryAtMs = retryAtMs
    batch.maybeWritten ||= maybeWritten
    const behind = this.#waiting.findIndex((each) => each.order > batch.order)
    this.#waiting.splice(behind < 0 ? this.#waiting.length : behind, 0, batch)
    this.#recovering = true
  }

  /** Whether a batch before this one failed, or is still to be answered or sent again: it can't be in sequence then. */
  hasGapBefore(batch: Batch): boolean {
    if (this.#gap !== undefined) return true
    return [...this.#sent, ...this.#waiting].some((each) => each.order < batch.order)
  }

  fail(batch: Batch, error: unknown): void {
    this.#remove(this.#sent, batch)
    this.#remove(this.#waiting, batch)
    batch.fail(error)
    if (batch.state !== undefined) this.renumber(error)
  }

  /** Fails what has waited past its time. */
  expire(nowMs: number, error: (batch: Batch) => unknown): void {
    while (this.#waiting[0] !== undefined && this.#waiting[0].deadlineMs <= nowMs) {
      this.fail(this.#waiting[0], error(this.#waiting[0]))
    }
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
    // An epoch past the last needs another producer id: `#stateFor` takes that of the cluster then.
    this.#identity = producerEpoch >= epochMax ? undefined : { producerId, producerEpoch: producerEpoch + 1 }
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
