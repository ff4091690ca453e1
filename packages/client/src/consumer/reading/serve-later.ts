import type { PartitionState } from './partition-state.ts'

/** Who reads is served once when what a partition's next record waits for is over. */
export class ServeLater {
  readonly #serve: () => void
  readonly #fail: (error: unknown) => void
  // Each time that a reader is served it says again what waits: were each heard, they would double with every batch.
  readonly #awaited = new Set<PartitionState>()

  constructor(serve: () => void, fail: (error: unknown) => void) {
    this.#serve = serve
    this.#fail = fail
  }

  /** `over` is asked for only where nothing is awaited of the partition yet. */
  after(state: PartitionState, over: () => Promise<void> | undefined): void {
    if (this.#awaited.has(state)) return
    const awaited = over()
    if (awaited === undefined) return
    this.#awaited.add(state)
    awaited.finally(() => this.#awaited.delete(state)).then(this.#serve, this.#fail)
  }
}
