/**
 * Who is at work, so that a test that moves the clock can wait until nothing goes on any more without time moving: what
 * waits for a timer doesn't count.
 */
export class Activity {
  #busy = 0
  #waiting: (() => void)[] = []

  begin(): void {
    this.#busy += 1
  }

  end(): void {
    this.#busy -= 1
    if (this.#busy > 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  whenQuiet(): Promise<void> {
    if (this.#busy === 0) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}
