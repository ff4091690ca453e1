import { batchField } from '@millrace/protocol'
import { CleanedSegment } from './cleaned-segment.ts'
import type { CleanedFiles, CompactionJob, JobHost } from './compaction-job.ts'

/** The cleaned segments of one group: one, or more where what was cleaned grew. */
export class GroupOutput {
  readonly #job: CompactionJob
  readonly #host: JobHost
  readonly #full: CleanedSegment[] = []
  readonly #finished: CleanedFiles[] = []
  current: CleanedSegment

  constructor(job: CompactionJob, host: JobHost, baseOffset: number) {
    this.#job = job
    this.#host = host
    this.current = new CleanedSegment(job, host, baseOffset)
  }

  append(batch: Uint8Array): number {
    if (!this.current.takes(batch.length, batchField.lastOffset(batch, 0))) {
      this.#full.push(this.current)
      this.current = new CleanedSegment(this.#job, this.#host, batchField.baseOffset(batch, 0))
    }
    return this.current.append(batch)
  }

  async finishFull(): Promise<void> {
    for (let full = this.#full.shift(); full !== undefined; full = this.#full.shift()) {
      this.#finished.push(await full.finish())
    }
  }

  async finish(): Promise<readonly CleanedFiles[]> {
    await this.finishFull()
    return [...this.#finished, await this.current.finish()]
  }

  abandon(): void {
    for (const one of [...this.#full, this.current]) one.abandon()
  }
}
