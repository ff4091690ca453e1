import { errorMessage } from '@millrace/kernel'
import type { RecordMetadata } from '../record.ts'

/**
 * Of records that were sent together some were not written. `results` has what became of each, in the order in which
 * they were given; `errors` are those of the failed ones, and `cause` is the first.
 *
 * @example
 * const failed = records.filter((_, i) => error.results[i]?.status === 'rejected')
 */
export class SendError extends AggregateError {
  override name = 'SendError'
  readonly results: readonly PromiseSettledResult<RecordMetadata>[]
  /** Whether sending may help where it hasn't: those that were written would be there twice. */
  readonly retriable = false
  readonly advice = 'look at results: send again only what was rejected there'

  constructor(written: readonly (RecordMetadata | undefined)[], failures: ReadonlyMap<number, unknown>) {
    const errors = [...failures].toSorted(([a], [b]) => a - b).map(([, error]) => error)
    const message = `${errors.length} of ${written.length} records were not written: ${errorMessage(errors[0])}`
    super(errors, message, { cause: errors[0] })
    this.results = Array.from(written, (value, i) =>
      value === undefined ? { status: 'rejected', reason: failures.get(i) } : { status: 'fulfilled', value },
    )
  }
}
