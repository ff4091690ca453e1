import type { HeadersInput } from '../record.ts'
import type {
  CarrierGetter,
  CarrierSetter,
  ContextLike,
  OpenTelemetryApi,
  SpanContextLike,
} from './open-telemetry-api.ts'

type Pairs = readonly (readonly [name: string, value: string | Uint8Array | null])[]

const pairsOf = (headers: HeadersInput | undefined): Pairs =>
  headers === undefined ? [] : isPairs(headers) ? [...headers] : Object.entries(headers)

// A Map is pairs, too.
const isPairs = (headers: HeadersInput): headers is Pairs => Symbol.iterator in headers

// Of a name that is there twice the last one counts, as in Kafka.
const getter: CarrierGetter<Pairs> = {
  keys: (pairs) => pairs.map(([name]) => name),
  get(pairs, name) {
    const value = pairs.findLast((pair) => pair[0] === name)?.[1]
    return value === undefined || value === null ? undefined : textOf(value)
  },
}

const textOf = (value: string | Uint8Array): string =>
  typeof value === 'string' ? value : Buffer.from(value.buffer, value.byteOffset, value.length).toString()

const setter: CarrierSetter<[string, string][]> = { set: (pairs, name, value) => void pairs.push([name, value]) }

/** The context that a record's headers bring; undefined where they bring none. */
export function contextFrom(
  api: OpenTelemetryApi,
  headers: HeadersInput | undefined,
): { readonly context: ContextLike; readonly creation: SpanContextLike } | undefined {
  const pairs = pairsOf(headers)
  if (pairs.length === 0) return undefined
  const context = api.propagation.extract(api.ROOT_CONTEXT, pairs, getter)
  const creation = api.trace.getSpanContext(context)
  return creation === undefined ? undefined : { context, creation }
}

/** The headers with those that carry a context behind them; the same where there is nothing to carry. */
export function withContext(
  api: OpenTelemetryApi,
  headers: HeadersInput | undefined,
  context: ContextLike,
): HeadersInput | undefined {
  const carried: [string, string][] = []
  api.propagation.inject(context, carried, setter)
  return carried.length === 0 ? headers : [...pairsOf(headers), ...carried]
}
