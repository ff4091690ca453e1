const lookEveryMs = 10

/** How long this process was held up by a machine that is busy with something else, or by itself. */
export class HeldUp implements Disposable {
  #sumMs = 0
  #lookedAtMs = performance.now()
  readonly #timer = setInterval(() => this.#look(), lookEveryMs).unref()

  /** Milliseconds since it was made: of each stay of the event loop what is longer than two looks. */
  get ms(): number {
    this.#look()
    return this.#sumMs
  }

  #look(): void {
    const nowMs = performance.now()
    this.#sumMs += Math.max(0, nowMs - this.#lookedAtMs - 2 * lookEveryMs)
    this.#lookedAtMs = nowMs
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
