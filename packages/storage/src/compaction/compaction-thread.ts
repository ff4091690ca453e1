import type { CleanedFiles, CompactionJob, JobOutcome } from './compaction-job.ts'
import type { IoBudget } from './io-budget.ts'

/** What a job asks of the event loop while it runs. */
export interface JobCalls {
  /** Counts what it reads and writes. */
  readonly budget: IoBudget
  /** Puts cleaned segments in the place of others; rejects where the log is not what it was. */
  swap(replaced: readonly number[], cleaned: readonly CleanedFiles[]): Promise<void>
  readonly stop: AbortSignal
}

/** Where jobs run, one at a time. */
export interface CompactionThread {
  /** Never rejects. */
  run(job: CompactionJob, calls: JobCalls): Promise<JobOutcome>
  close(): Promise<void>
}
