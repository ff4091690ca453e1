import type { RecordLoop } from '../consumer/reading/record-loop.ts'
import type { ConsumerRecord, TopicPartitionOffset } from '../record.ts'
import type { ContextLike, SpanLike, TracingOptions } from './open-telemetry-api.ts'
import { endSpan, placeFacts, recordFacts, spanKind, Spans, topicOfAll } from './spans.ts'
import { contextFrom } from './trace-headers.ts'

type AnyConsumed = ConsumerRecord<unknown, unknown>

/**
 * Spans of what is read: `process` for a record from when the loop gets it until it asks for the next one, or for a
 * batch while its function runs; `commit` for commits by hand. They link to where each record was created.
 */
export class ConsumerSpans {
  readonly #spans: Spans
  #inHand: { readonly record: AnyConsumed; readonly span: SpanLike; readonly context: ContextLike } | undefined

  constructor({ api }: TracingOptions, clientId: string, groupId: string | undefined) {
    const group = groupId === undefined ? {} : { 'messaging.consumer.group.name': groupId }
    this.#spans = new Spans(api, { 'messaging.client.id': clientId, ...group })
  }

  /** The loop over records, with a span for each. */
  around<Shown extends AnyConsumed>(loop: RecordLoop<Shown>): AsyncIterableIterator<Shown, undefined> {
    const traced: AsyncIterableIterator<Shown, undefined> = {
      next: async () => {
        this.#letGo()
        const result = await loop.next()
        if (result.done !== true) this.#take(result.value)
        return result
      },
      return: async () => {
        this.#letGo()
        return loop.return()
      },
      [Symbol.asyncIterator]: () => traced,
    }
    return traced
  }

  /** Runs it within the span of the record that the loop has in hand. */
  inTraceOf<R>(record: object, run: () => R): R {
    return this.#inHand?.record === record ? this.#spans.api.context.with(this.#inHand.context, run) : run()
  }

  batch(records: readonly AnyConsumed[], work: () => Promise<void>): Promise<void> {
    const { api } = this.#spans
    const links = records.map(({ headers }) => contextFrom(api, headers)?.creation).filter((each) => each !== undefined)
    const attributes = {
      'messaging.batch.message_count': records.length,
      ...placeFacts({ partition: records[0]?.partition ?? -1, offset: -1 }),
    }
    const start = { name: 'process', type: 'process', kind: spanKind.consumer } as const
    const span = this.#spans.start({ ...start, topic: topicOfAll(records), attributes, links })
    return this.#spans.until(span, api.context.with(this.#spans.contextOf(span), work))
  }

  commit(records: readonly TopicPartitionOffset[], work: () => Promise<void>): Promise<void> {
    const [first] = records
    const single = records.length === 1 && first !== undefined
    const attributes = single ? placeFacts(first) : { 'messaging.batch.message_count': records.length }
    const start = { name: 'commit', type: 'settle', kind: spanKind.client } as const
    const span = this.#spans.start({ ...start, topic: topicOfAll(records), attributes })
    return this.#spans.until(span, work())
  }

  // The trace of who sent it goes on, unless the loop runs in one of its own.
  #take(record: AnyConsumed): void {
    const { api } = this.#spans
    const came = contextFrom(api, record.headers)
    const around = api.context.active()
    const parent = came === undefined || api.trace.getSpan(around) !== undefined ? around : came.context
    const span = this.#spans.start({
      name: 'process',
      type: 'process',
      kind: spanKind.consumer,
      topic: record.topic,
      attributes: { ...placeFacts(record), ...recordFacts(record) },
      links: came === undefined ? [] : [came.creation],
      parent,
    })
    this.#inHand = { record, span, context: api.trace.setSpan(parent, span) }
  }

  #letGo(): void {
    if (this.#inHand !== undefined) endSpan(this.#inHand.span)
    this.#inHand = undefined
  }
}
