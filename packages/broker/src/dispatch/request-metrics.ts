import type { Clock, Counter, Histogram, Metrics } from '@millrace/kernel'
import { RecentQuantiles } from '../observe/recent-quantiles.ts'

import type { Exchange } from './exchange.ts'

const quantiles = [0.5, 0.75, 0.95, 0.98, 0.99, 0.999]
/** What Kafka's own quantiles look back on. */
const quantilesWindowMs = 5 * 60 * 1000

const secondsBuckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30]

/** What is counted of requests, under the names that dashboards for Kafka ask for. */
export class RequestMetrics {
  readonly #requests: Counter
  readonly #errors: Counter
  readonly #bytesIn: Counter
  readonly #bytesOut: Counter
  readonly #seconds: Histogram
  /** Label values by API name: made once. */
  readonly #labels = new Map<string, readonly [string]>()

  constructor(metrics: Metrics, clock: Clock) {
    const labels = ['request']
    this.#requests = metrics.counter({
      name: 'kafka_network_requestmetrics_requests_total',
      help: 'Requests that were answered, by API',
      labels,
    })
    this.#errors = metrics.counter({
      name: 'kafka_network_requestmetrics_errors_total',
      help: 'Requests that failed as a whole, by API and error',
      labels: ['request', 'error'],
    })
    this.#bytesIn = metrics.counter({
      name: 'kafka_network_requestmetrics_requestbytes_total',
      help: 'Bytes of requests, by API',
      labels,
    })
    this.#bytesOut = metrics.counter({
      name: 'kafka_network_requestmetrics_responsebytes_total',
      help: 'Bytes of responses, by API',
      labels,
    })
    this.#seconds = metrics.histogram({
      name: 'kafka_network_requestmetrics_total_time_seconds',
      help: 'Time from a whole request to its answer, by API',
      labels,
      buckets: secondsBuckets,
    })
    this.#declareQuantiles(metrics, clock)
  }

  /** The same times as an exporter of Kafka's JMX metrics writes them, in milliseconds. */
  #declareQuantiles(metrics: Metrics, clock: Clock): void {
    const name = 'kafka_network_requestmetrics_totaltimems'
    const recent = new RecentQuantiles(secondsBuckets, quantilesWindowMs)
    const help = 'Milliseconds from a whole request to its answer in the last minutes, by API and quantile'
    metrics.gauge({ name, help, labels: ['request', 'quantile'] }, () =>
      this.#seconds.distributions().flatMap(({ labels: [request = ''], counts }) => {
        const seconds = recent.of(request, counts, clock.monotonicMs(), quantiles)
        return seconds.map((value, i) => ({ value: value * 1000, labels: [request, quantileText(quantiles[i] ?? 0)] }))
      }),
    )
    metrics.gauge({ name: `${name}_count`, help: 'Requests that were answered, by API', labels: ['request'] }, () =>
      this.#seconds.distributions().map(({ labels, counts }) => ({ labels, value: counts.reduce((a, b) => a + b, 0) })),
    )
  }

  answered(exchange: Exchange, responseBytes: number, tookMs: number): void {
    const labels = this.#labelsOf(exchange.handler.api.name)
    this.#requests.add(1, labels)
    this.#bytesIn.add(exchange.requestBytes, labels)
    this.#bytesOut.add(responseBytes, labels)
    this.#seconds.observe(tookMs / 1000, labels)
  }

  failed(exchange: Exchange, error: string): void {
    this.#errors.add(1, [exchange.handler.api.name, error])
  }

  #labelsOf(name: string): readonly [string] {
    const known = this.#labels.get(name)
    if (known !== undefined) return known
    const labels = [name] as const
    this.#labels.set(name, labels)
    return labels
  }
}

// 0.50, as exporters write it: they put the digits of "50thPercentile" behind a point.
const quantileText = (quantile: number): string => (quantile === 0.5 ? '0.50' : String(quantile))
