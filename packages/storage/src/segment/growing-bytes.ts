// One for all: an empty array of its own for each index of 10,000 idle partitions would be megabytes.
const noBytes = new Uint8Array(0)

/** Bytes that grow at their end: entries of an index, in the format of its file. */
export class GrowingBytes {
  #bytes: Uint8Array
  #length: number

  /** Starts with a copy-free view of what a file held. */
  constructor(bytes: Uint8Array = noBytes) {
    this.#bytes = bytes
    this.#length = bytes.length
  }

  get length(): number {
    return this.#length
  }

  /** Valid until the next `extend`. */
  get view(): Uint8Array {
    return this.#bytes
  }

  /** Makes room for `count` more bytes and returns where they start. */
  extend(count: number): number {
    const start = this.#length
    const needed = start + count
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length, 4 * count))
      grown.set(this.#bytes.subarray(0, start))
      this.#bytes = grown
    }
    this.#length = needed
    return start
  }

  truncate(length: number): void {
    this.#length = Math.min(this.#length, length)
  }

  slice(from: number): Uint8Array {
    return this.#bytes.subarray(from, this.#length)
  }
}
