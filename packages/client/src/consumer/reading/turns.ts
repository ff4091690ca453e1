/** So much is taken before the event loop turns: about a millisecond of it. */
const turnBytesMax = 256 * 1024
/** What a record costs besides its bytes. */
const recordCostBytes = 100

/**
 * What a reader may take before the event loop turns. One that never waits would keep everything else out, and what a
 * broker sends comes in pieces: Apache Kafka has 200 KB on their way until they are read.
 */
export class Turns {
  #takenBytes = 0
  #next: Promise<void> | undefined

  /** Whether the loop has to turn before more is taken. */
  get over(): boolean {
    return this.#takenBytes >= turnBytesMax
  }

  took({ sizeBytes }: { readonly sizeBytes: number }): void {
    this.#takenBytes += sizeBytes + recordCostBytes
  }

  /** Resolves when the loop has turned, for all who wait: the first of them may take it all. */
  next(): Promise<void> {
    this.#next ??= new Promise((resolve) =>
      setImmediate(() => {
        this.#takenBytes = 0
        this.#next = undefined
        resolve()
      }),
    )
    return this.#next
  }
}
