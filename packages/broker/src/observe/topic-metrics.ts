import type { Counter, Metrics } from '@millrace/kernel'

/** What is counted of each topic on the produce and fetch paths, under the names of Kafka's BrokerTopicMetrics. */
export class TopicMetrics {
  readonly #messagesIn: Counter
  readonly #bytesIn: Counter
  readonly #bytesOut: Counter
  readonly #produces: Counter
  readonly #fetches: Counter
  readonly #failedProduces: Counter
  readonly #failedFetches: Counter
  /** Label values by topic: made once. */
  readonly #labels = new Map<string, readonly [string]>()
  readonly #all: readonly Counter[]

  constructor(metrics: Metrics) {
    const declare = (suffix: string, help: string): Counter =>
      metrics.counter({ name: `kafka_server_brokertopicmetrics_${suffix}_total`, help, labels: ['topic'] })
    this.#messagesIn = declare('messagesin', 'Records produced to a topic')
    this.#bytesIn = declare('bytesin', 'Bytes of batches produced to a topic')
    this.#bytesOut = declare('bytesout', 'Bytes of batches fetched from a topic')
    this.#produces = declare('totalproducerequests', 'Partitions that were produced to')
    this.#fetches = declare('totalfetchrequests', 'Partitions that were fetched from')
    this.#failedProduces = declare('failedproducerequests', 'Partitions that could not be produced to')
    this.#failedFetches = declare('failedfetchrequests', 'Partitions that could not be fetched from')
    const failed = [this.#failedProduces, this.#failedFetches]
    this.#all = [this.#messagesIn, this.#bytesIn, this.#bytesOut, this.#produces, this.#fetches, ...failed]
  }

  produced(topic: string, bytes: number, records: number): void {
    const labels = this.#labelsOf(topic)
    this.#produces.add(1, labels)
    this.#bytesIn.add(bytes, labels)
    this.#messagesIn.add(records, labels)
  }

  produceFailed(topic: string): void {
    const labels = this.#labelsOf(topic)
    this.#produces.add(1, labels)
    this.#failedProduces.add(1, labels)
  }

  fetched(topic: string, bytes: number): void {
    const labels = this.#labelsOf(topic)
    this.#fetches.add(1, labels)
    this.#bytesOut.add(bytes, labels)
  }

  fetchFailed(topic: string): void {
    const labels = this.#labelsOf(topic)
    this.#fetches.add(1, labels)
    this.#failedFetches.add(1, labels)
  }

  #labelsOf(topic: string): readonly [string] {
    const known = this.#labels.get(topic)
    if (known !== undefined) return known
    const labels = [topic] as const
    this.#labels.set(topic, labels)
    // All series of a topic begin together, at 0: what has none yet is then not mistaken for what nobody counts.
    for (const counter of this.#all) counter.add(0, labels)
    return labels
  }
}
