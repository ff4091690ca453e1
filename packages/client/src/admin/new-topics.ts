import type { Clock } from '@millrace/kernel'

// Longer than any broker that is well takes to hear of a topic.
const newForMs = 10_000

/** The topics that a client has made a moment ago, by name and by id: each broker hears of them in its own time. */
export class NewTopics {
  readonly #clock: Clock
  readonly #untilMs = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(topics: Iterable<string>): void {
    const nowMs = this.#clock.monotonicMs()
    // In the order in which they were added: those that are old come first.
    for (const [topic, untilMs] of this.#untilMs) {
      if (untilMs > nowMs) break
      this.#untilMs.delete(topic)
    }
    for (const topic of topics) {
      this.#untilMs.delete(topic)
      this.#untilMs.set(topic, nowMs + newForMs)
    }
  }

  delete(topic: string): void {
    this.#untilMs.delete(topic)
  }

  has(topic: string): boolean {
    return (this.#untilMs.get(topic) ?? -Infinity) > this.#clock.monotonicMs()
  }
}
