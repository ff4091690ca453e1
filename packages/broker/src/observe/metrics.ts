import type {
  Counter,
  Distribution,
  GaugeSample,
  Histogram,
  LabelValues,
  MetricOptions,
  Metrics,
} from '@millrace/kernel'
import { assert } from '@millrace/kernel'

import type { Sample } from './exposition.ts'
import { metricText } from './exposition.ts'

/** Metrics with their text for Prometheus. */
export interface MetricsRegistry extends Metrics {
  readonly contentType: string
  text(): Promise<string>
}

const noLabels: LabelValues = []

/**
 * What a broker counts. Counting is a look into a map and an addition, for a request feels everything else; the text
 * is made when somebody asks. `process` adds what prom-client tells of the process under the names everybody knows.
 */
export function createMetrics(options: { readonly process: boolean }): MetricsRegistry {
  const texts = new Map<string, () => string>()
  const declare = (metric: MetricOptions, text: () => string): void => {
    assert(!texts.has(metric.name), `metric ${metric.name} is declared twice`)
    texts.set(metric.name, text)
  }
  return {
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    async text() {
      const ours = Array.from(texts.values(), (text) => text()).join('')
      return options.process ? ours + (await processText()) : ours
    },
    counter(metric) {
      const counter = new LabelledCounter()
      declare(metric, () => metricText('counter', metric, counter.samples()))
      return counter
    },
    histogram(metric) {
      const histogram = new LabelledHistogram(metric.buckets)
      declare(metric, () => metricText('histogram', metric, histogram.samples()))
      return histogram
    },
    gauge(metric, read) {
      declare(metric, () => metricText('gauge', metric, gaugeSamples(read())))
    },
  }
}

// There is one process, however many brokers are in it. Loading prom-client takes longer than a broker's start.
let processMetrics: Promise<{ metrics(): Promise<string> }> | undefined

async function processText(): Promise<string> {
  processMetrics ??= import('prom-client').then(({ collectDefaultMetrics, Registry }) => {
    const registry = new Registry()
    collectDefaultMetrics({ register: registry })
    return registry
  })
  return (await processMetrics).metrics()
}

const gaugeSamples = (value: number | readonly GaugeSample[]): readonly GaugeSample[] =>
  typeof value === 'number' ? [{ value }] : value

const keyOf = (labels: LabelValues): string => (labels.length === 1 ? (labels[0] ?? '') : labels.join('\0'))

class LabelledCounter implements Counter {
  readonly #amounts = new Map<string, { readonly labels: LabelValues; value: number }>()

  add(amount: number, labels = noLabels): void {
    const key = keyOf(labels)
    const known = this.#amounts.get(key)
    if (known === undefined) this.#amounts.set(key, { labels, value: amount })
    else known.value += amount
  }

  samples(): readonly Sample[] {
    return [...this.#amounts.values()]
  }
}

interface Counted extends Distribution {
  readonly counts: number[]
  sum: number
}

class LabelledHistogram implements Histogram {
  readonly #bounds: readonly number[]
  readonly #distributions = new Map<string, Counted>()

  constructor(bounds: readonly number[]) {
    this.#bounds = [...bounds, Infinity]
  }

  observe(value: number, labels = noLabels): void {
    const distribution = this.#distribution(labels)
    let bucket = 0
    while (value > (this.#bounds[bucket] ?? Infinity)) bucket += 1
    distribution.counts[bucket] = (distribution.counts[bucket] ?? 0) + 1
    distribution.sum += value
  }

  samples(): readonly Sample[] {
    return [...this.#distributions.values()].flatMap(({ labels, counts, sum }) => {
      let count = 0
      const buckets = this.#bounds.map((bucket, index) => {
        count += counts[index] ?? 0
        return { suffix: '_bucket', labels, bucket, value: count }
      })
      return [...buckets, { suffix: '_sum', labels, value: sum }, { suffix: '_count', labels, value: count }]
    })
  }

  distributions(): readonly Distribution[] {
    return [...this.#distributions.values()]
  }

  #distribution(labels: LabelValues): Counted {
    const key = keyOf(labels)
    const known = this.#distributions.get(key)
    if (known !== undefined) return known
    const fresh = { labels, counts: this.#bounds.map(() => 0), sum: 0 }
    this.#distributions.set(key, fresh)
    return fresh
  }
}
