import type { TopicImage } from '../cluster/cluster-image.ts'

interface Waiting {
  readonly go: (topic: TopicImage) => void
  readonly fail: (error: unknown) => void
}

/** Records of one topic that wait for its metadata, in the order in which they came. */
export class TopicIntake {
  readonly #waiting: Waiting[] = []
  readonly #find: () => Promise<TopicImage>
  readonly #known: () => TopicImage | undefined

  /** `known` says what is known without asking, `find` asks. */
  constructor(known: () => TopicImage | undefined, find: () => Promise<TopicImage>) {
    this.#known = known
    this.#find = find
  }

  /** Calls `go` with the topic: now where it is known and nobody waits before, else in turn. */
  enter(go: (topic: TopicImage) => void, fail: (error: unknown) => void): void {
    const topic = this.#waiting.length === 0 ? this.#known() : undefined
    if (topic !== undefined) return go(topic)
    this.#waiting.push({ go, fail })
    if (this.#waiting.length === 1) this.#ask()
  }

  #ask(): void {
    this.#find().then(
      (topic) => this.#let((each) => each.go(topic)),
      (error: unknown) => this.#let((each) => each.fail(error)),
    )
  }

  #let(pass: (waiting: Waiting) => void): void {
    for (const waiting of this.#waiting.splice(0)) pass(waiting)
  }
}
