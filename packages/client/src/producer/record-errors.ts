import type { ErrorSource } from '@millrace/connection'
import { BrokerError, responseError } from '@millrace/connection'
import { errorName } from '@millrace/protocol'
import type { PartitionAnswer } from './produce-request.ts'

const advice = 'send it again: it was in the company of a record that the broker refuses'

/**
 * Why each record of a batch was not written, where the broker names those that it refuses (KIP-467): a batch is written
 * as a whole or not at all. Undefined where it names none.
 */
export function recordErrorsOf(
  answer: PartitionAnswer,
  source: ErrorSource,
): ((record: number) => BrokerError) | undefined {
  const refused = new Map(
    answer.recordErrors.map(({ batchIndex, batchIndexErrorMessage: message }) => [batchIndex, message]),
  )
  if (refused.size === 0) return undefined
  const detailOf = (record: number): string | null => refused.get(record) ?? answer.errorMessage
  const what = `another record of its batch was refused: ${detailOf(refused.keys().next().value!)}`
  const innocent = new BrokerError(errorName(answer.errorCode), what, source, { retriable: true, advice })
  return (record) => (refused.has(record) ? responseError(answer.errorCode, detailOf(record), source) : innocent)
}
