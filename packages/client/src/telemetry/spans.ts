import { errorMessage } from '@millrace/kernel'
import { KafkaError } from '@millrace/protocol'
import type { ContextLike, OpenTelemetryApi, SpanAttributes, SpanContextLike, SpanLike } from './open-telemetry-api.ts'
import type { TracerLike } from './open-telemetry-api.ts'

/** Numbers of `SpanKind`. */
export const spanKind = { client: 2, producer: 3, consumer: 4 } as const

/** `messaging.operation.type`; the names that Kafka has for them are `messaging.operation.name`. */
type OperationType = 'create' | 'send' | 'process' | 'settle'

export interface SpanStart {
  readonly name: string
  readonly type: OperationType
  readonly kind: number
  /** What it is about, where that is one topic. */
  readonly topic: string | undefined
  readonly attributes: SpanAttributes
  readonly links?: readonly SpanContextLike[]
  readonly parent?: ContextLike
}

/** Starts and ends spans by OpenTelemetry's messaging conventions. */
export class Spans {
  readonly api: OpenTelemetryApi
  readonly #tracer: TracerLike
  readonly #common: SpanAttributes

  constructor(api: OpenTelemetryApi, common: SpanAttributes) {
    this.api = api
    this.#tracer = api.trace.getTracer('@millrace/client')
    this.#common = { 'messaging.system': 'kafka', ...common }
  }

  start({ name, type, kind, topic, attributes, links = [], parent = this.api.context.active() }: SpanStart): SpanLike {
    const destination: SpanAttributes = topic === undefined ? {} : { 'messaging.destination.name': topic }
    return this.#tracer.startSpan(
      topic === undefined ? name : `${name} ${topic}`,
      {
        kind,
        links: links.map((context) => ({ context })),
        attributes: {
          ...this.#common,
          'messaging.operation.name': name,
          'messaging.operation.type': type,
          ...destination,
          ...attributes,
        },
      },
      parent,
    )
  }

  /** The context of the caller with this span in it. */
  contextOf(span: SpanLike): ContextLike {
    return this.api.trace.setSpan(this.api.context.active(), span)
  }

  /** Ends the span with what the work comes to. */
  async until<T>(span: SpanLike, work: Promise<T>, facts: (result: T) => SpanAttributes = () => ({})): Promise<T> {
    try {
      const result = await work
      endSpan(span, facts(result))
      return result
    } catch (error) {
      failSpan(span, error)
      throw error
    }
  }
}

export function endSpan(span: SpanLike, facts: SpanAttributes = {}): void {
  span.setAttributes(facts)
  span.end()
}

const errorStatus = 2

export function failSpan(span: SpanLike, error: unknown): void {
  span.setStatus({ code: errorStatus, message: errorMessage(error) })
  endSpan(span, { 'error.type': errorType(error) })
}

function errorType(error: unknown): string {
  if (error instanceof KafkaError) return error.error
  return error instanceof Error ? error.name : '_OTHER'
}

/** What is said of one record, besides where it is. */
export function recordFacts({ key, value }: { readonly key?: unknown; readonly value: unknown }): SpanAttributes {
  const facts: SpanAttributes = {}
  if (typeof key === 'string' || typeof key === 'number' || typeof key === 'bigint') {
    facts['messaging.kafka.message.key'] = String(key)
  }
  if (value === null) facts['messaging.kafka.message.tombstone'] = true
  return facts
}

/** Where a record is. An offset of -1 is none. */
export function placeFacts({
  partition,
  offset,
}: {
  readonly partition: number
  readonly offset: number
}): SpanAttributes {
  const facts: SpanAttributes = { 'messaging.destination.partition.id': String(partition) }
  if (offset >= 0) facts['messaging.kafka.offset'] = offset
  return facts
}

/** The topic of all of them, where they have the same. */
export function topicOfAll(records: readonly { readonly topic: string }[]): string | undefined {
  const topic = records[0]?.topic
  return records.every((each) => each.topic === topic) ? topic : undefined
}
