import type { Counter, GaugeSample, Histogram, LabelValues, MetricOptions, Metrics } from '@millrace/kernel'
import { collectDefaultMetrics, Counter as PromCounter, Gauge, Histogram as PromHistogram, Registry } from 'prom-client'

/** Metrics with their text for Prometheus. */
export interface MetricsRegistry extends Metrics {
  readonly contentType: string
  text(): Promise<string>
}

/** `process` adds what Node tells of its process: memory, garbage collection, delay of the event loop. */
export function createMetrics(options: { readonly process: boolean }): MetricsRegistry {
  const registry = new Registry()
  if (options.process) collectDefaultMetrics({ register: registry })
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    counter: (metric) => counter(registry, metric),
    histogram: (metric) => histogram(registry, metric),
    gauge: (metric, read) => gauge(registry, metric, read),
  }
}

const noLabels: LabelValues = []

// prom-client hashes labels at each call, which a request would feel: amounts are kept here and handed over when asked.
function counter(registry: Registry, options: MetricOptions): Counter {
  const amounts = new Map<string, { readonly labels: LabelValues; amount: number }>()
  const target = new PromCounter({
    ...described(options),
    collect() {
      this.reset()
      for (const { labels, amount } of amounts.values()) this.inc(labelled(options, labels), amount)
    },
  })
  registry.registerMetric(target)
  return {
    add(amount, labels = noLabels) {
      const key = keyOf(labels)
      const known = amounts.get(key)
      if (known === undefined) amounts.set(key, { labels, amount })
      else known.amount += amount
    },
  }
}

function histogram(registry: Registry, options: MetricOptions & { readonly buckets: readonly number[] }): Histogram {
  const target = new PromHistogram({ ...described(options), buckets: [...options.buckets] })
  registry.registerMetric(target)
  const observers = new Map<string, (value: number) => void>()
  return {
    observe(value, labels = noLabels) {
      const key = keyOf(labels)
      let observe = observers.get(key)
      if (observe === undefined) {
        const child = target.labels(...labels)
        observe = (each) => child.observe(each)
        observers.set(key, observe)
      }
      observe(value)
    },
  }
}

function gauge(registry: Registry, options: MetricOptions, read: () => number | readonly GaugeSample[]): void {
  const target = new Gauge({
    ...described(options),
    collect() {
      this.reset()
      const value = read()
      if (typeof value === 'number') return this.set(value)
      for (const { value: each, labels = noLabels } of value) this.set(labelled(options, labels), each)
    },
  })
  registry.registerMetric(target)
}

const described = ({ name, help, labels = noLabels }: MetricOptions) => ({
  name,
  help,
  labelNames: [...labels],
  registers: [],
})

const keyOf = (labels: LabelValues): string => (labels.length === 1 ? (labels[0] ?? '') : labels.join('\0'))

const labelled = ({ labels: names = noLabels }: MetricOptions, labels: LabelValues): Record<string, string> =>
  Object.fromEntries(names.map((name, index) => [name, labels[index] ?? '']))
