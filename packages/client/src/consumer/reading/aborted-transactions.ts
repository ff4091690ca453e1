import type { BatchHeader } from '@millrace/protocol'

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

/**
 * Which batches of one fetch belong to aborted transactions. The broker lists those that touch what it sent, each with
 * its first offset; a transaction ends at the next marker of its producer, be that in this fetch or beyond it.
 */
export class AbortedTransactions {
  /** By first offset, whatever order the broker listed them in. */
  readonly #toCome: AbortedTransaction[]
  readonly #open = new Set<number>()

  constructor(listed: readonly AbortedTransaction[]) {
    this.#toCome = listed.toSorted((a, b) => b.firstOffset - a.firstOffset)
  }

  /** Asked once for each batch, in the order of the log. */
  hides(batch: Pick<BatchHeader, 'lastOffset' | 'transactional' | 'control' | 'producerId'>): boolean {
    for (let next = this.#toCome.at(-1); next !== undefined && next.firstOffset <= batch.lastOffset;) {
      this.#open.add(next.producerId)
      this.#toCome.pop()
      next = this.#toCome.at(-1)
    }
    if (!batch.transactional) return false
    // A producer has one transaction at a time, so any marker of it ends that one, also one that compaction emptied.
    if (batch.control) this.#open.delete(batch.producerId)
    return this.#open.has(batch.producerId)
  }
}
