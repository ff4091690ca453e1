import type { Completion } from '../producer/completion.ts'
import type { AnyRecord } from '../producer/record-draft.ts'
import type { RecordMetadata } from '../record.ts'
import type { SpanContextLike, SpanLike, TracingOptions } from './open-telemetry-api.ts'
import { endSpan, failSpan, placeFacts, recordFacts, spanKind, Spans, topicOfAll } from './spans.ts'
import { contextFrom, withContext } from './trace-headers.ts'

interface TracedRecord {
  readonly record: AnyRecord
  readonly creation: SpanContextLike
}

/**
 * Spans of what is sent: `send` from the call to the broker's answer, and `create` for each record of an array. Their
 * context travels in the record's headers; a record that brings one keeps it.
 */
export class ProducerSpans {
  readonly #spans: Spans
  readonly #createSpans: boolean

  constructor({ api, createSpans = true }: TracingOptions, clientId: string) {
    this.#spans = new Spans(api, { 'messaging.client.id': clientId })
    this.#createSpans = createSpans
  }

  async sendOne(given: AnyRecord, send: (record: AnyRecord) => Promise<RecordMetadata>): Promise<RecordMetadata> {
    const { record, span } = this.#sending(given)
    return this.#spans.until(span, send(record), placeFacts)
  }

  trySend(
    given: AnyRecord,
    send: (record: AnyRecord) => Promise<RecordMetadata> | undefined,
  ): Promise<RecordMetadata> | undefined {
    const { record, span } = this.#sending(given)
    const sent = send(record)
    if (sent !== undefined) return this.#spans.until(span, sent, placeFacts)
    failSpan(span, noRoom)
    return undefined
  }

  async sendMany(
    given: readonly AnyRecord[],
    send: (records: readonly AnyRecord[]) => Promise<RecordMetadata[]>,
  ): Promise<RecordMetadata[]> {
    if (given.length === 0) return send(given)
    if (!this.#createSpans) return this.#sendUncreated(given, send)
    const traced = given.map((record) => this.#created(record))
    const span = this.#startMany(
      given,
      spanKind.client,
      traced.map(({ creation }) => creation),
    )
    return this.#spans.until(span, send(traced.map(({ record }) => record)))
  }

  /** A record of a stream, and who is told of it. */
  enter(given: AnyRecord, completion: Completion): { readonly record: AnyRecord; readonly completion: Completion } {
    const { record, span } = this.#sending(given)
    return { record, completion: new SpanCompletion(span, completion) }
  }

  #sending(given: AnyRecord): { readonly record: AnyRecord; readonly span: SpanLike } {
    const own = contextFrom(this.#spans.api, given.headers)
    const links = own === undefined ? [] : [own.creation]
    const kind = own === undefined ? spanKind.producer : spanKind.client
    const start = { name: 'send', type: 'send', kind, topic: given.topic, links } as const
    const span = this.#spans.start({ ...start, attributes: recordFacts(given) })
    return { record: own === undefined ? this.#carrying(given, span) : given, span }
  }

  #created(given: AnyRecord): TracedRecord {
    const own = contextFrom(this.#spans.api, given.headers)
    if (own !== undefined) return { record: given, creation: own.creation }
    const start = { name: 'create', type: 'create', kind: spanKind.producer, topic: given.topic } as const
    const span = this.#spans.start({ ...start, attributes: recordFacts(given) })
    const record = this.#carrying(given, span)
    span.end()
    return { record, creation: span.spanContext() }
  }

  #sendUncreated(
    given: readonly AnyRecord[],
    send: (records: readonly AnyRecord[]) => Promise<RecordMetadata[]>,
  ): Promise<RecordMetadata[]> {
    const own = given.map(({ headers }) => contextFrom(this.#spans.api, headers)?.creation)
    const span = this.#startMany(
      given,
      spanKind.producer,
      own.filter((each) => each !== undefined),
    )
    const records = given.map((record, i) => (own[i] === undefined ? this.#carrying(record, span) : record))
    return this.#spans.until(span, send(records))
  }

  #startMany(records: readonly AnyRecord[], kind: number, links: readonly SpanContextLike[]): SpanLike {
    const attributes = { 'messaging.batch.message_count': records.length }
    return this.#spans.start({ name: 'send', type: 'send', kind, topic: topicOfAll(records), attributes, links })
  }

  #carrying(record: AnyRecord, span: SpanLike): AnyRecord {
    const headers = withContext(this.#spans.api, record.headers, this.#spans.contextOf(span))
    if (headers === record.headers) return record
    // Parts need not be properties of its own: a record that was read is a view of its batch.
    const { topic, key, value, partition, timestamp } = record
    return { topic, key, value, partition, timestamp, headers }
  }
}

const noRoom = Object.assign(new Error('there is no room in the buffer'), { name: 'no_room' })

/** Ends the span of a record with what becomes of it. */
class SpanCompletion implements Completion {
  readonly #span: SpanLike
  readonly #inner: Completion

  constructor(span: SpanLike, inner: Completion) {
    this.#span = span
    this.#inner = inner
  }

  succeed(index: number, metadata: RecordMetadata): void {
    endSpan(this.#span, placeFacts(metadata))
    this.#inner.succeed(index, metadata)
  }

  fail(index: number, error: unknown): void {
    failSpan(this.#span, error)
    this.#inner.fail(index, error)
  }
}
