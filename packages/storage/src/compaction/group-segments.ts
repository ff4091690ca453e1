import type { FileSystem } from '../io/file-system.ts'
import { relativeOffsetMax } from '../segment/offset-index.ts'
import type { SegmentSuffix } from '../segment/segment-files.ts'
import { segmentFile } from '../segment/segment-files.ts'
import type { CompactionJob, JobSegment } from './compaction-job.ts'

/** Segments that become one. More of them would hold up the event loop when their files get other names. */
const groupSegmentsMax = 64

interface Sizes {
  readonly logBytes: number
  readonly indexBytes: number
  readonly timeIndexBytes: number
}

/** Neighbours that fit one segment together, by Kafka's rules: its bytes, its indexes', and offsets that fit 31 bits. */
export function groupSegments(fileSystem: FileSystem, job: CompactionJob, endOffset: number): JobSegment[][] {
  const groups: JobSegment[][] = []
  let group: JobSegment[] = []
  let total: Sizes = none
  for (const segment of job.segments) {
    if (segment.baseOffset >= endOffset) break
    const sizes = sizesOf(fileSystem, job.folder, segment)
    const sum = added(total, sizes)
    const first = group[0]
    if (first !== undefined && group.length < groupSegmentsMax && fits(job, sum, first, segment)) {
      group.push(segment)
      total = sum
    } else {
      group = [segment]
      total = sizes
      groups.push(group)
    }
  }
  return groups
}

const none: Sizes = { logBytes: 0, indexBytes: 0, timeIndexBytes: 0 }

const added = (a: Sizes, b: Sizes): Sizes => ({
  logBytes: a.logBytes + b.logBytes,
  indexBytes: a.indexBytes + b.indexBytes,
  timeIndexBytes: a.timeIndexBytes + b.timeIndexBytes,
})

function fits(job: CompactionJob, sum: Sizes, first: JobSegment, last: JobSegment): boolean {
  const sizesFit =
    sum.logBytes <= job.segmentBytes &&
    sum.indexBytes <= job.segmentIndexBytes &&
    sum.timeIndexBytes <= job.segmentIndexBytes
  // An empty one adds no offset that must fit.
  return sizesFit && (last.sizeBytes === 0 || last.endOffset - 1 - first.baseOffset <= relativeOffsetMax)
}

function sizesOf(fileSystem: FileSystem, folder: string, segment: JobSegment): Sizes {
  const bytes = (suffix: SegmentSuffix): number =>
    fileSystem.stat(segmentFile(folder, segment.baseOffset, suffix))?.sizeBytes ?? 0
  return { logBytes: segment.sizeBytes, indexBytes: bytes('.index'), timeIndexBytes: bytes('.timeindex') }
}
