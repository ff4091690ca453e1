import type { Connection } from '@millrace/connection'
import { partError } from '../cluster/cluster.ts'
import type { Outcome } from './types.ts'

const succeeded = <T>(value: T): Outcome<T> => ({ ok: true, value })

/** The outcome of a code that an answer gives for one of many: the value where it is 0. */
export function outcomeOf<T>(
  code: number,
  detail: string | null | undefined,
  from: { readonly connection: Connection; readonly api: string },
  value: () => T,
): Outcome<T> {
  return code === 0 ? succeeded(value()) : { ok: false, error: partError(code, from.connection, from.api, detail) }
}

/** The value, or the error thrown. */
export function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value
  throw outcome.error
}
