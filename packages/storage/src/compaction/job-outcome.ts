import { errorMessage } from '@millrace/kernel'
import { isDeviceError } from '../io/disk-errors.ts'
import type { FailureOf, JobOutcome } from './compaction-job.ts'
import { CompactionAbandonedError, SyncFailedError, WriteFailedError } from './compaction-job.ts'

/** How a job ends that threw this. */
export function outcomeOf(error: unknown): JobOutcome {
  if (error instanceof CompactionAbandonedError) return { kind: 'abandoned' }
  return { kind: 'failed', of: failureOf(error), message: errorMessage(error) }
}

const shortageCodes: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM'])

function failureOf(error: unknown): FailureOf {
  if (error instanceof SyncFailedError) return 'device'
  const original = error instanceof WriteFailedError ? error.cause : error
  const code: unknown = original instanceof Error && 'code' in original ? original.code : undefined
  if (isDeviceError(original)) return 'device'
  return error instanceof WriteFailedError || shortageCodes.has(code) ? 'shortage' : 'log'
}
