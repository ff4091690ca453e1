/** Values of a metric's labels, in the order in which the metric named them. */
export type LabelValues = readonly string[]

export interface Counter {
  add(amount: number, labels?: LabelValues): void
}

export interface Histogram {
  observe(value: number, labels?: LabelValues): void
  /** What was observed so far, by labels. */
  distributions(): readonly Distribution[]
}

export interface Distribution {
  readonly labels: LabelValues
  /** Values in each bucket alone, the last one for what is larger than all bounds. */
  readonly counts: readonly number[]
  readonly sum: number
}

export interface GaugeSample {
  readonly value: number
  readonly labels?: LabelValues
}

export interface MetricOptions {
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
}

/** Where metrics are declared. The broker puts a real registry (prom-client) behind this. */
export interface Metrics {
  counter(options: MetricOptions): Counter
  histogram(options: MetricOptions & { readonly buckets: readonly number[] }): Histogram
  /** A value that is read when somebody asks for it, so that keeping it costs nothing. */
  gauge(options: MetricOptions, read: () => number | readonly GaugeSample[]): void
}

/** Counts nothing. */
export const noMetrics: Metrics = {
  counter: () => ({ add: () => {} }),
  histogram: () => ({ observe: () => {}, distributions: () => [] }),
  gauge: () => {},
}
