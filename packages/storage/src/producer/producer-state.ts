import { advanceSequence, batchAttribute, batchField, readMarker, readRecords } from '@millrace/protocol'
import type { AppendOrigin } from '../log/partition-log.ts'
import type { AbortedTxnEntry } from '../segment/transaction-index.ts'
import type { KnownBatches } from './producer-batches.ts'
import { encodeBatches } from './producer-batches.ts'
import type { BatchTrace, ProducerEntry } from './producer-entry.ts'
import type { ProducerBatch, ProducerDecision, ProducerRefusal } from './producer-rules.ts'
import { appendBatch, appendMarker, findDuplicate } from './producer-rules.ts'
import { decodeSnapshot, encodeSnapshot } from './producer-snapshot.ts'

/** A transaction that ended: its records are stable once the marker is below the high watermark. */
interface CompletedTxn {
  readonly firstOffset: number
  readonly markerOffset: number
}

export type ProducerOutcome =
  | { readonly kind: 'accepted'; readonly aborted?: AbortedTxnEntry }
  | { readonly kind: 'duplicate'; readonly of: BatchTrace }
  | { readonly kind: 'refused'; readonly refusal: ProducerRefusal }

const accepted: ProducerOutcome = { kind: 'accepted' }

// Most partitions of a large broker are idle: a Map of their own costs them hundreds of bytes. Nothing is put into these.
const noProducers = new Map<number, ProducerEntry>()
const noneOpen = new Map<number, number>()

/**
 * Every producer that a partition knows, and the transactions that are open in it. `accept` changes the state before
 * the write; `keep` or `undo` says how the write went.
 */
export class ProducerState {
  #producers: Map<number, ProducerEntry> = noProducers
  /** First offset of each open transaction by its producer, in the order in which they began. */
  #open: Map<number, number> = noneOpen
  /** Ended, with the marker not yet below the high watermark. */
  #completed: CompletedTxn[] = []
  readonly #journal: { readonly producerId: number; readonly before: ProducerEntry | undefined }[] = []

  get size(): number {
    return this.#producers.size
  }

  entries(): IterableIterator<ProducerEntry> {
    return this.#producers.values()
  }

  get(producerId: number): ProducerEntry | undefined {
    return this.#producers.get(producerId)
  }

  /** The batch at `at`, offsets already assigned. */
  accept(bytes: Uint8Array, at: number, origin: AppendOrigin, transactionVersion = 0): ProducerOutcome {
    if (batchField.producerId(bytes, at) < 0) return accepted
    const control = (batchField.attributes(bytes, at) & batchAttribute.control) !== 0
    return control ? this.#acceptControl(bytes, at, origin, transactionVersion) : this.#acceptRecords(bytes, at, origin)
  }

  #acceptRecords(bytes: Uint8Array, at: number, origin: AppendOrigin): ProducerOutcome {
    const batch = producerBatch(bytes, at)
    const known = this.#producers.get(batch.producerId)
    const duplicate = origin === 'client' ? findDuplicate(known, batch) : undefined
    if (duplicate !== undefined) return { kind: 'duplicate', of: duplicate }
    return this.#take(known, appendBatch(known, batch, origin))
  }

  #acceptControl(bytes: Uint8Array, at: number, origin: AppendOrigin, transactionVersion: number): ProducerOutcome {
    const record = readRecords(bytes, {}, at).next().value
    const marker = record === undefined ? null : readMarker(record)
    // Compaction empties the control batch of a transaction that it removed whole.
    if (record === undefined || marker === null) return accepted
    const producerId = batchField.producerId(bytes, at)
    const known = this.#producers.get(producerId)
    const { coordinatorEpoch } = marker
    const producerEpoch = batchField.producerEpoch(bytes, at)
    const ending = { producerId, producerEpoch, coordinatorEpoch, timestampMs: record.timestampMs, transactionVersion }
    const outcome = this.#take(known, appendMarker(known, ending, origin))
    if (outcome.kind !== 'accepted' || known === undefined || known.txnFirstOffset < 0) return outcome
    return this.#complete(known, batchField.baseOffset(bytes, at), marker.committed)
  }

  #complete(known: ProducerEntry, markerOffset: number, committed: boolean): ProducerOutcome {
    const firstOffset = known.txnFirstOffset
    this.#completed.push({ firstOffset, markerOffset })
    if (committed) return accepted
    const [oldestOpen] = this.#open.values()
    const lastStableOffset = oldestOpen ?? markerOffset + 1
    const { producerId } = known
    return { kind: 'accepted', aborted: { producerId, firstOffset, lastOffset: markerOffset, lastStableOffset } }
  }

  #take(known: ProducerEntry | undefined, decision: ProducerDecision): ProducerOutcome {
    if ('refusal' in decision) return { kind: 'refused', refusal: decision.refusal }
    const { next } = decision
    this.#journal.push({ producerId: next.producerId, before: known })
    this.#put(next)
    if (next.txnFirstOffset >= 0) this.#noteOpen(next)
    else if (this.#open.size > 0) this.#open.delete(next.producerId)
    return accepted
  }

  #put(entry: ProducerEntry): void {
    if (this.#producers === noProducers) this.#producers = new Map()
    this.#producers.set(entry.producerId, entry)
  }

  #noteOpen({ producerId, txnFirstOffset }: ProducerEntry): void {
    if (this.#open === noneOpen) this.#open = new Map()
    this.#open.set(producerId, txnFirstOffset)
  }

  /** What was accepted since the last `keep` is written. */
  keep(): void {
    this.#journal.length = 0
  }

  /** Where `undo` can go back to. */
  mark(): number {
    return this.#journal.length
  }

  /** What was accepted since `mark` isn't written: all is as it was then. `endOffset` is where the log ends instead. */
  undo(endOffset: number, mark = 0): void {
    if (this.#journal.length === mark) return
    for (let slot = this.#journal.length - 1; slot >= mark; slot -= 1) {
      const { producerId, before } = this.#journal[slot]!
      if (before === undefined) this.#producers.delete(producerId)
      else this.#put(before)
    }
    this.#journal.length = mark
    this.#completed = this.#completed.filter((txn) => txn.markerOffset < endOffset)
    this.#findOpen()
  }

  #findOpen(): void {
    const open = [...this.#producers.values()].filter((entry) => entry.txnFirstOffset >= 0)
    open.sort((a, b) => a.txnFirstOffset - b.txnFirstOffset)
    this.#open.clear()
    for (const entry of open) this.#noteOpen(entry)
  }

  /** The first offset whose fate isn't settled for readers of committed data; undefined where all is. */
  get firstUnstableOffset(): number | undefined {
    // Asked for every partition of every fetch, and nearly always there is nothing.
    if (this.#open.size === 0 && this.#completed.length === 0) return undefined
    const [open] = this.#open.values()
    let first = open
    for (const txn of this.#completed) {
      if (first === undefined || txn.firstOffset < first) first = txn.firstOffset
    }
    return first
  }

  highWatermarkMoved(highWatermark: number): void {
    if (this.#completed.length === 0) return
    this.#completed = this.#completed.filter((txn) => txn.markerOffset >= highWatermark)
  }

  /** Forgets producers that wrote nothing for `expirationMs`, except those with an open transaction. */
  expire(nowMs: number, expirationMs: number): void {
    for (const entry of this.#producers.values()) {
      const expired = entry.txnFirstOffset < 0 && nowMs - entry.lastTimestampMs >= expirationMs
      if (expired) this.#producers.delete(entry.producerId)
    }
  }

  clear(): void {
    this.#producers.clear()
    this.#open.clear()
    this.#completed = []
    this.#journal.length = 0
  }

  snapshot(): Uint8Array {
    return encodeSnapshot(this.#producers.values(), this.#producers.size)
  }

  /** What the snapshot has no place for; undefined where it says all. */
  batches(): Uint8Array | undefined {
    return encodeBatches(this.#producers.values())
  }

  /** Adds the earlier batches of producers to what a snapshot said of their last; what doesn't go with it is left out. */
  addBatches(known: readonly KnownBatches[]): void {
    for (const { producerId, producerEpoch, batches } of known) {
      const entry = this.#producers.get(producerId)
      const last = entry?.batches.at(-1)
      const end = batches.at(-1)
      const sameEnd = last?.lastOffset === end?.lastOffset && last?.lastSequence === end?.lastSequence
      if (entry === undefined || entry.producerEpoch !== producerEpoch || !sameEnd) continue
      this.#put({ ...entry, batches })
    }
  }

  /** Says whether the snapshot was good; the state is empty otherwise. */
  load(snapshot: Uint8Array): boolean {
    this.clear()
    const entries = decodeSnapshot(snapshot)
    for (const entry of entries ?? []) this.#put(entry)
    this.#findOpen()
    return entries !== undefined
  }
}

// Only what the rules look at: this is made for every batch that comes in.
function producerBatch(bytes: Uint8Array, at: number): ProducerBatch {
  const baseOffset = batchField.baseOffset(bytes, at)
  const baseSequence = batchField.baseSequence(bytes, at)
  const lastOffsetDelta = batchField.lastOffsetDelta(bytes, at)
  return {
    producerId: batchField.producerId(bytes, at),
    producerEpoch: batchField.producerEpoch(bytes, at),
    baseSequence,
    lastSequence: baseSequence < 0 ? -1 : advanceSequence(baseSequence, lastOffsetDelta),
    baseOffset,
    lastOffset: baseOffset + lastOffsetDelta,
    maxTimestampMs: batchField.maxTimestampMs(bytes, at),
    transactional: (batchField.attributes(bytes, at) & batchAttribute.transactional) !== 0,
  }
}
