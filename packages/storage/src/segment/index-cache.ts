import type { SegmentIndexes } from './segment-indexes.ts'

interface IndexOwner {
  dropIndexes(): void
}

/** Indexes of sealed segments that are in memory, the least recently used dropped beyond a budget. */
export class IndexCache {
  readonly #sizes = new Map<IndexOwner, number>()
  #maxBytes: number
  #heldBytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  setMax(maxBytes: number): void {
    this.#maxBytes = maxBytes
    this.#dropBeyond(undefined)
  }

  used(owner: IndexOwner, indexes: SegmentIndexes): void {
    this.forget(owner)
    const bytes = indexes.offsets.sizeBytes + indexes.times.sizeBytes + indexes.transactions.sizeBytes
    this.#sizes.set(owner, bytes)
    this.#heldBytes += bytes
    this.#dropBeyond(owner)
  }

  forget(owner: IndexOwner): void {
    this.#heldBytes -= this.#sizes.get(owner) ?? 0
    this.#sizes.delete(owner)
  }

  #dropBeyond(inUse: IndexOwner | undefined): void {
    for (const owner of this.#sizes.keys()) {
      if (this.#heldBytes <= this.#maxBytes) return
      if (owner === inUse) continue
      this.forget(owner)
      owner.dropIndexes()
    }
  }
}
