import type { KafkaError } from '@millrace/protocol'

/** What became of one of many: it was done, or an error says why not. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: KafkaError }

/** Outcomes by name, in the order asked; everything asked for is in it, once. */
export type Outcomes<T, K = string> = ReadonlyMap<K, Outcome<T>>
