import { segmentFile } from '../segment/segment-files.ts'
import type { AbortedTxnEntry } from '../segment/transaction-index.ts'
import { TransactionIndex } from '../segment/transaction-index.ts'
import type { CompactionJob, JobHost } from './compaction-job.ts'
import { DamagedSegmentError } from './compaction-job.ts'

/**
 * The aborted transactions of all segments that a job may write anew, also where they begin behind what is cleaned:
 * their entries go into the new index. One that begins in these segments may end in a later one.
 */
export function abortedOf(job: CompactionJob, host: JobHost): AbortedTxnEntry[] {
  const until = job.segments.at(-1)?.endOffset ?? 0
  const found: AbortedTxnEntry[] = []
  for (const { baseOffset } of job.segments) indexOf(job, host, baseOffset).collect(0, until, found)
  for (const baseOffset of job.laterSegments) if (indexOf(job, host, baseOffset).collect(0, until, found)) return found
  return [...found, ...job.abortedInActive]
}

function indexOf(job: CompactionJob, host: JobHost, baseOffset: number): TransactionIndex {
  const path = segmentFile(job.folder, baseOffset, '.txnindex')
  const index = new TransactionIndex(host.fileSystem.readFile(path))
  const damage = index.damage(baseOffset)
  if (damage !== undefined) throw new DamagedSegmentError(`${path} is damaged: ${damage}`)
  return index
}
