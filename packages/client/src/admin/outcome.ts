import type { Connection } from '@millrace/connection'
import type { AnyApi, KafkaError } from '@millrace/protocol'
import { partError } from '../cluster/cluster.ts'
import type { Outcome, Outcomes } from './outcome-types.ts'

export const succeeded = <T>(value: T): Outcome<T> => ({ ok: true, value })
export const failed = (error: KafkaError): Outcome<never> => ({ ok: false, error })

/** The outcome of a code that an answer gives for one of many: the value where it is 0; `about` says which of them. */
export function outcomeOf<T>(
  code: number,
  detail: string | null | undefined,
  { connection, api, about }: { readonly connection: Connection; readonly api: string; readonly about: string },
  value: () => T,
): Outcome<T> {
  return code === 0 ? succeeded(value()) : failed(partError(code, connection, api, detail, about))
}

/** The same for something that is only done or not. */
export const doneOrNot = (
  code: number,
  detail: string | null | undefined,
  connection: Connection,
  api: Pick<AnyApi, 'name'>,
  about: string,
): Outcome<null> => outcomeOf(code, detail, { connection, api: api.name, about }, () => null)

/**
 * The value of an outcome, or its error thrown.
 *
 * @example
 * const topic = valueOf((await admin.describeTopics(['orders'])).get('orders')!)
 */
export function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value
  throw outcome.error
}

/**
 * The values of all outcomes under their keys; where any of them failed, the first error is thrown.
 *
 * @example
 * valuesOf(await admin.createTopics([{ name: 'orders' }, { name: 'payments' }]))
 */
export function valuesOf<T, K>(outcomes: Outcomes<T, K>): Map<K, T> {
  return new Map([...outcomes].map(([key, outcome]) => [key, valueOf(outcome)]))
}
