/** What a histogram counted: how many values fell in each bucket alone, the last one for what is above all bounds. */
type Counts = readonly number[]

interface Window {
  /** What had been counted when the window before this one began, and when this one began. */
  before: Counts
  start: Counts
  startMs: number
}

/**
 * Quantiles of what a histogram counted in the last minutes, as Kafka's own metrics have them: of all that a broker ever
 * did, today's trouble wouldn't show. Costs nothing but when somebody asks. What is asked for rarely reaches back to the
 * last time; where nothing came since, the last values stay.
 */
export class RecentQuantiles {
  readonly #bounds: readonly number[]
  readonly #windowMs: number
  readonly #windows = new Map<string, Window>()

  constructor(bounds: readonly number[], windowMs: number) {
    this.#bounds = bounds
    this.#windowMs = windowMs
  }

  /** The quantiles of what came to be counted under `key`, in the unit of the bounds. */
  of(key: string, counts: Counts, nowMs: number, quantiles: readonly number[]): readonly number[] {
    const { before } = this.#window(key, counts, nowMs)
    const recent = counts.map((count, bucket) => count - (before[bucket] ?? 0))
    return quantiles.map((quantile) => this.#quantile(recent, quantile))
  }

  #window(key: string, counts: Counts, nowMs: number): Window {
    const window = this.#windows.get(key) ?? { before: [], start: [], startMs: nowMs }
    this.#windows.set(key, window)
    const isNew = counts.some((count, bucket) => count !== (window.start[bucket] ?? 0))
    if (isNew && nowMs - window.startMs >= this.#windowMs / 2) {
      window.before = window.start
      window.start = [...counts]
      window.startMs = nowMs
    }
    return window
  }

  // As Prometheus' histogram_quantile: evenly spread within a bucket, and at its lower bound where it has no upper one.
  #quantile(counts: Counts, quantile: number): number {
    let rank = quantile * counts.reduce((sum, count) => sum + count, 0)
    for (const [bucket, count] of counts.entries()) {
      if (count > 0 && rank <= count) {
        const lower = this.#bounds[bucket - 1] ?? 0
        const upper = this.#bounds[bucket] ?? lower
        return lower + (upper - lower) * (rank / count)
      }
      rank -= count
    }
    return Number.NaN
  }
}
