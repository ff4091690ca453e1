/**
 * Memory of full batches, used again: what is freed only when the garbage collector comes round adds up to a second's worth
 * of sending before it does.
 */
export class BatchMemory {
  readonly #sizeBytes: number
  readonly #keptMax: number
  readonly #free: Uint8Array[] = []
  readonly #freeIndexes: number[][] = []

  /** `sizeBytes` is that of a full batch; up to `keptBytesMax` wait to be used again. */
  constructor(sizeBytes: number, keptBytesMax: number) {
    this.#sizeBytes = sizeBytes
    this.#keptMax = Math.floor(keptBytesMax / sizeBytes)
  }

  /** Memory for a batch that will take about so many bytes; what is in it is arbitrary. */
  take(wantedBytes: number): Uint8Array {
    if (wantedBytes > this.#sizeBytes || wantedBytes * 2 < this.#sizeBytes) return Buffer.allocUnsafeSlow(wantedBytes)
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#sizeBytes)
  }

  /** An array for a number of each record of a batch; what is in it is arbitrary. */
  takeIndexes(): number[] {
    return this.#freeIndexes.pop() ?? []
  }

  giveIndexes(indexes: number[]): void {
    if (indexes.length > 0 && this.#freeIndexes.length < this.#keptMax) this.#freeIndexes.push(indexes)
  }

  /** Nobody reads or writes it any more. */
  give(memory: Uint8Array): void {
    if (memory.length === this.#sizeBytes && this.#free.length < this.#keptMax) this.#free.push(memory)
  }
}
