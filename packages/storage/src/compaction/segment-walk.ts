import { segmentFile } from '../segment/segment-files.ts'
import { BatchReader } from './batch-reader.ts'
import type { CompactionJob, JobHost, JobSegment } from './compaction-job.ts'

/**
 * Sees one batch, good until it returns; `isLast` of its segment. Returns false to stop, or how many bytes it has
 * written.
 */
export type BatchWork = (batch: Uint8Array, isLast: boolean) => boolean | number

/** Walks a segment's batches in order, giving others their turn; returns how many bytes were read. */
export type SegmentWalk = (segment: JobSegment, work: BatchWork) => Promise<number>

export function segmentWalk(job: CompactionJob, host: JobHost): SegmentWalk {
  return async (segment, work) => {
    const file = host.fileSystem.open(segmentFile(job.folder, segment.baseOffset, '.log'), 'existing')
    try {
      return await walk(new BatchReader(file, segment.sizeBytes, job.ioBufferBytes), host, work)
    } finally {
      file.close()
    }
  }
}

// A promise is only waited for where there is one: most batches have none.
async function walk(reader: BatchReader, host: JobHost, work: BatchWork): Promise<number> {
  let readBytes = 0
  while (!reader.atEnd) {
    const read = reader.refill()
    readBytes += read
    const reading = host.moved(read)
    if (reading !== undefined) await reading
    for (let batch = reader.next(); batch !== undefined; batch = reader.next()) {
      const done = work(batch, reader.atEnd)
      if (done === false) return readBytes
      const writing = typeof done === 'number' && done > 0 ? host.moved(done) : undefined
      if (writing !== undefined) await writing
      const working = host.worked(batch.length)
      if (working !== undefined) await working
    }
  }
  return readBytes
}
