/**
 * What the clients use of the package `@opentelemetry/api`, which fits it: who wants spans hands it in, and the clients
 * depend on nothing.
 */
export interface OpenTelemetryApi {
  readonly trace: {
    getTracer(name: string, version?: string): TracerLike
    setSpan(context: ContextLike, span: SpanLike): ContextLike
    getSpan(context: ContextLike): SpanLike | undefined
    getSpanContext(context: ContextLike): SpanContextLike | undefined
  }
  readonly context: {
    active(): ContextLike
    with<T>(context: ContextLike, run: () => T): T
  }
  readonly propagation: {
    inject<Carrier>(context: ContextLike, carrier: Carrier, setter: CarrierSetter<Carrier>): void
    extract<Carrier>(context: ContextLike, carrier: Carrier, getter: CarrierGetter<Carrier>): ContextLike
  }
  readonly ROOT_CONTEXT: ContextLike
}

export interface ContextLike {
  getValue(key: symbol): unknown
  setValue(key: symbol, value: unknown): ContextLike
  deleteValue(key: symbol): ContextLike
}

export interface SpanContextLike {
  readonly traceId: string
  readonly spanId: string
  readonly traceFlags: number
}

export type SpanAttributes = Record<string, string | number | boolean>

interface SpanOptionsLike {
  readonly kind: number
  readonly attributes: SpanAttributes
  readonly links?: { readonly context: SpanContextLike }[]
}

export interface TracerLike {
  startSpan(name: string, options: SpanOptionsLike, context: ContextLike): SpanLike
}

export interface SpanLike {
  spanContext(): SpanContextLike
  setAttributes(attributes: SpanAttributes): unknown
  setStatus(status: { readonly code: number; readonly message: string }): unknown
  end(): void
}

export interface CarrierSetter<Carrier> {
  set(carrier: Carrier, name: string, value: string): void
}

export interface CarrierGetter<Carrier> {
  keys(carrier: Carrier): string[]
  get(carrier: Carrier, name: string): string | undefined
}

/** Switches spans on. */
export interface TracingOptions {
  /**
   * The package `@opentelemetry/api`, as a whole.
   *
   * @example
   * import * as api from '@opentelemetry/api'
   * new Producer({ bootstrapServers, tracing: { api } })
   */
  readonly api: OpenTelemetryApi
  /** Whether each record of an array that is sent has a `create` span of its own. Default true. */
  readonly createSpans?: boolean
}
