import type { CallOptions } from '../client-options.ts'
import { abortable, onAbort } from '../cluster/abort.ts'
import type { ClientMetrics } from '../cluster/client-metrics.ts'
import { Cluster } from '../cluster/cluster.ts'
import { ClientClosedError } from '../errors/client-errors.ts'
import type { RecordMetadata } from '../record.ts'
import type { AnyTopics, RecordToSend, TopicTypes } from '../serde/topic-types.ts'
import { ProducerSpans } from '../telemetry/producer-spans.ts'
import { GroupSend } from './completion.ts'
import { Intake } from './intake.ts'
import type { CloseOptions, ProducerApi, ProducerOptions } from './producer-api.ts'
import type { ProducerMetrics } from './producer-metrics.ts'
import { producerSettings } from './producer-settings.ts'
import type { AnyRecord } from './record-draft.ts'
import { recordSink } from './record-sink.ts'
import { Sender } from './sender.ts'
import type { TopicWriter } from './topic-writer.ts'
import type { Entry } from './waiting-room.ts'

/**
 * Writes records. Connects on first use; batches by partition, with idempotence and `acks: 'all'` unless told
 * otherwise, and rides out what may pass until `deliveryTimeoutMs`.
 *
 * @example
 * await using producer = new Producer({ bootstrapServers: 'localhost:9092' })
 * const { partition, offset } = await producer.send({ topic: 'orders', key: 'k', value: 'v', headers: { a: 'b' } })
 */
export class Producer<T extends TopicTypes<T> = AnyTopics> implements ProducerApi<T> {
  readonly #cluster: Cluster
  readonly #sender: Sender
  readonly #intake: Intake
  readonly #spans: ProducerSpans | undefined
  #flushing = 0
  #closing: Promise<void> | undefined

  constructor(options: ProducerOptions<T>) {
    const settings = producerSettings(options)
    this.#cluster = new Cluster(options)
    const { tracing } = options
    this.#spans = tracing && new ProducerSpans(tracing, this.#cluster.settings.clientId)
    this.#sender = new Sender(this.#cluster, settings)
    this.#intake = new Intake(this.#cluster, settings, options.serializers, this.#sender)
    this.#sender.isFlushing = () => this.#flushing > 0
    this.#sender.isStarved = () => this.#intake.isFull
  }

  // An editor takes an overload's text from the interface, but not its example.
  /** @example const { partition, offset } = await producer.send({ topic: 'orders', key: 'k', value: 'v' }) */
  send(record: RecordToSend<T>, options?: CallOptions): Promise<RecordMetadata>
  send(records: readonly RecordToSend<T>[], options?: CallOptions): Promise<RecordMetadata[]>
  send(given: AnyRecord | readonly AnyRecord[], options?: CallOptions): Promise<RecordMetadata | RecordMetadata[]> {
    const spans = this.#spans
    if (spans === undefined) return this.#send(given, options)
    if (isMany(given)) return spans.sendMany(given, (records) => this.#send(records, options))
    return spans.sendOne(given, (record) => this.#send(record, options))
  }

  #send(record: AnyRecord, options?: CallOptions): Promise<RecordMetadata>
  #send(records: readonly AnyRecord[], options?: CallOptions): Promise<RecordMetadata[]>
  #send(given: AnyRecord | readonly AnyRecord[], options?: CallOptions): Promise<RecordMetadata | RecordMetadata[]>
  #send(given: AnyRecord | readonly AnyRecord[], options?: CallOptions): Promise<RecordMetadata | RecordMetadata[]> {
    if (this.#closing !== undefined) return Promise.reject(closed())
    const signal = options?.signal
    if (signal !== undefined) return this.#sendWith(signal, given)
    return isMany(given) ? this.#sendMany(given).promise : this.#intake.send(given)
  }

  trySend(record: RecordToSend<T>): Promise<RecordMetadata> | undefined {
    if (this.#spans === undefined) return this.#trySend(record)
    return this.#spans.trySend(record, (traced) => this.#trySend(traced))
  }

  #trySend(record: AnyRecord): Promise<RecordMetadata> | undefined {
    return this.#closing === undefined ? this.#intake.trySend(record) : Promise.reject(closed())
  }

  writable(): WritableStream<RecordToSend<T> | readonly RecordToSend<T>[]> {
    return recordSink({
      enter: (given, waiting) => {
        if (this.#closing !== undefined) throw closed()
        const { record, completion } = this.#spans?.enter(given, waiting) ?? { record: given, completion: waiting }
        return this.#intake.enter(record, completion, 0, this.#intake.nowMs)?.whenOver()
      },
      flush: () => this.flush(),
    })
  }

  async flush(options: CallOptions = {}): Promise<void> {
    this.#flushing += 1
    try {
      await abortable(this.#settled(), options.signal)
    } finally {
      this.#flushing -= 1
    }
  }

  metrics(): ProducerMetrics & ClientMetrics {
    return { ...this.#cluster.metrics(), ...this.#sender.counts.metrics, ...this.#intake.metrics }
  }

  /** Whoever calls it again may have less patience. */
  async close({ timeoutMs, signal }: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close()
    const giveUp = (): void => this.#giveUp()
    const timer = timeoutMs === undefined ? undefined : this.#cluster.settings.clock.setTimer(timeoutMs, giveUp)
    const unlisten = signal && onAbort(signal, giveUp)
    if (signal?.aborted === true) giveUp()
    try {
      await this.#closing
      signal?.throwIfAborted()
    } finally {
      timer?.cancel()
      unlisten?.()
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    try {
      await this.flush()
    } finally {
      this.#giveUp()
      this.#cluster.close()
    }
  }

  /** Fails all that isn't answered. */
  #giveUp(): void {
    this.#intake.waiting.close(closed())
    this.#sender.close(closed())
  }

  #sendMany(records: readonly AnyRecord[], queued?: (entry: Entry<TopicWriter>) => void): GroupSend {
    const group = new GroupSend(records)
    const { nowMs } = this.#intake
    for (let i = 0; i < records.length; i += 1) {
      const entry = this.#intake.enter(records[i]!, group, i, nowMs)
      if (entry !== undefined) queued?.(entry)
    }
    return group
  }

  // What is in a batch may be on its way: only what still waits is taken back.
  #sendWith(signal: AbortSignal, given: AnyRecord | readonly AnyRecord[]): Promise<RecordMetadata | RecordMetadata[]> {
    if (signal.aborted) return Promise.reject(signal.reason)
    const entries: Entry<TopicWriter>[] = []
    const queued = (entry: Entry<TopicWriter>): void => void entries.push(entry)
    const sent: Promise<RecordMetadata | RecordMetadata[]> = isMany(given)
      ? this.#sendMany(given, queued).promise
      : this.#intake.send(given, queued)
    if (entries.length === 0) return abortable(sent, signal)
    const takeBack = (): void => entries.forEach((entry) => this.#intake.waiting.withdraw(entry, signal.reason))
    return abortable(sent.finally(onAbort(signal, takeBack)), signal)
  }

  async #settled(): Promise<void> {
    this.#sender.schedule()
    await Promise.all(Array.from(this.#intake.waiting.entries, (entry) => entry.whenOver()))
    this.#sender.schedule()
    await Promise.all(this.#sender.unfinished.map((batch) => new Promise<void>((resolve) => batch.whenDone(resolve))))
  }
}

const closed = (): ClientClosedError => new ClientClosedError('the producer is closed')

const isMany = (given: AnyRecord | readonly AnyRecord[]): given is readonly AnyRecord[] => Array.isArray(given)
