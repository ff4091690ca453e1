import type { CleanedFiles, CompactionJob, JobOutcome } from './compaction-job.ts'

/** Cells of the memory that both threads see: not 0 where the job must stop, and where its bytes are counted. */
export const stopCell = 0
export const limitedCell = 1
export const cellCount = 2

export type ToWorker =
  | { readonly kind: 'run'; readonly job: CompactionJob; readonly cells: Int32Array; readonly synced: boolean }
  /** To what the worker asked; `going` says whether the job goes on. */
  | { readonly kind: 'answer'; readonly going: boolean }

export type ToLoop =
  | { readonly kind: 'spend'; readonly bytes: number }
  | { readonly kind: 'swap'; readonly replaced: readonly number[]; readonly cleaned: readonly CleanedFiles[] }
  | { readonly kind: 'ended'; readonly outcome: JobOutcome }
