import { batchAttribute, batchField, readMarker, readRecords } from '@millrace/protocol'
import type { AbortedTxnEntry } from '../segment/transaction-index.ts'

interface OngoingAbort {
  readonly entry: AbortedTxnEntry
  /** Whether a batch of it is still in the log: its marker stays as long. */
  seen: boolean
}

/**
 * Follows the transactions of a stretch of log while it is compacted: batches of aborted ones go, markers go once
 * nothing of their transaction is left. Aborted ones that stay are gathered for the new `.txnindex`.
 */
export class CleanedTransactions {
  /** By first offset. */
  readonly #aborted: AbortedTxnEntry[]
  #next = 0
  readonly #ongoingAborts = new Map<number, OngoingAbort>()
  readonly #ongoingCommits = new Set<number>()
  #kept: AbortedTxnEntry[] = []

  constructor(aborted: readonly AbortedTxnEntry[]) {
    this.#aborted = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset)
  }

  /** The aborted transactions whose markers stayed since the last call. */
  takeKept(): AbortedTxnEntry[] {
    const kept = this.#kept
    this.#kept = []
    return kept
  }

  /** Sees the batch at `at`; says whether it may go: as part of an aborted transaction, or as a marker of nothing. */
  mayDiscard(bytes: Uint8Array, at: number): boolean {
    this.#begin(batchField.lastOffset(bytes, at))
    const attributes = batchField.attributes(bytes, at)
    if ((attributes & batchAttribute.control) !== 0) return this.#markerMayGo(bytes, at)
    if ((attributes & batchAttribute.transactional) === 0) return false
    const producerId = batchField.producerId(bytes, at)
    const abort = this.#ongoingAborts.get(producerId)
    if (abort === undefined) {
      this.#ongoingCommits.add(producerId)
      return false
    }
    abort.seen = true
    return true
  }

  #begin(offset: number): void {
    for (;;) {
      const entry = this.#aborted[this.#next]
      if (entry === undefined || entry.firstOffset > offset) return
      this.#next += 1
      this.#ongoingAborts.set(entry.producerId, { entry, seen: false })
    }
  }

  #markerMayGo(bytes: Uint8Array, at: number): boolean {
    const record = readRecords(bytes, {}, at).next().value
    const marker = record === undefined ? null : readMarker(record)
    // An empty control batch is left of a transaction that went whole.
    if (record === undefined) return true
    if (marker === null) return false
    const producerId = batchField.producerId(bytes, at)
    if (marker.committed) return !this.#ongoingCommits.delete(producerId)
    const abort = this.#ongoingAborts.get(producerId)
    this.#ongoingAborts.delete(producerId)
    if (abort === undefined || !abort.seen) return true
    this.#kept.push(abort.entry)
    return false
  }
}
