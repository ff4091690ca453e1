import { errorMessage } from '@millrace/kernel'
import { OpenFiles } from '../io/open-files.ts'
import { cleanedSuffix } from '../log/swap-files.ts'
import { IndexCache } from '../segment/index-cache.ts'
import { offsetEntryBytes } from '../segment/offset-index.ts'
import type { SegmentSuffix } from '../segment/segment-files.ts'
import { placedFile, segmentFile, segmentSuffixes } from '../segment/segment-files.ts'
import type { SegmentHome } from '../segment/segment.ts'
import { Segment } from '../segment/segment.ts'
import { timeEntryBytes } from '../segment/time-index.ts'
import type { AbortedTxnEntry } from '../segment/transaction-index.ts'
import type { CleanedFiles, CompactionJob, JobHost } from './compaction-job.ts'
import { SyncFailedError, WriteFailedError } from './compaction-job.ts'

/** A segment that compaction writes, in files that count for nothing until they are swapped in. */
export class CleanedSegment {
  readonly baseOffset: number
  readonly #job: CompactionJob
  readonly #host: JobHost
  readonly #home: SegmentHome
  readonly #segment: Segment
  #buffer: Uint8Array
  #waitingBytes = 0

  constructor(job: CompactionJob, host: JobHost, baseOffset: number) {
    this.#job = job
    this.#host = host
    this.baseOffset = baseOffset
    this.#home = cleanedHome(job, host)
    // What an interrupted run left under these names.
    for (const suffix of segmentSuffixes) host.fileSystem.remove(placedFile(this.#home, baseOffset, suffix))
    this.#segment = Segment.create(this.#home, baseOffset, job.nowMs)
    this.#buffer = Buffer.allocUnsafeSlow(job.ioBufferBytes)
  }

  get sizeBytes(): number {
    return this.#segment.sizeBytes + this.#waitingBytes
  }

  /** Whether it can take such a batch; an empty one takes any. */
  takes(bytes: number, lastOffset: number): boolean {
    if (this.sizeBytes === 0) return true
    const { offsets, times } = this.#segment.indexes
    const { segmentIndexBytes, cleanedBytesMax } = this.#job
    const indexesHaveRoom =
      (offsets.count + 1) * offsetEntryBytes <= segmentIndexBytes &&
      (times.count + 2) * timeEntryBytes <= segmentIndexBytes
    return indexesHaveRoom && this.sizeBytes + bytes <= cleanedBytesMax && this.#segment.fitsOffset(lastOffset)
  }

  /** The bytes are copied; returns how many were written to the file, which is none most of the time. */
  append(batch: Uint8Array): number {
    let written = 0
    if (this.#waitingBytes + batch.length > this.#buffer.length) written = this.#write()
    this.#segment.noteBatch(batch, 0, this.sizeBytes)
    if (batch.length > this.#buffer.length) return written + this.#writeBytes(batch)
    this.#buffer.set(batch, this.#waitingBytes)
    this.#waitingBytes += batch.length
    return written
  }

  keepAborted(entry: AbortedTxnEntry): void {
    this.#segment.indexes.transactions.append(entry)
  }

  #write(): number {
    const bytes = this.#buffer.subarray(0, this.#waitingBytes)
    this.#waitingBytes = 0
    return bytes.length === 0 ? 0 : this.#writeBytes(bytes)
  }

  #writeBytes(bytes: Uint8Array): number {
    try {
      this.#segment.write([bytes], bytes.length)
      return bytes.length
    } catch (error) {
      throw new WriteFailedError(errorMessage(error), { cause: error })
    }
  }

  /** Everything is written and durable when this resolves. */
  async finish(): Promise<CleanedFiles> {
    const moving = this.#host.moved(this.#write())
    if (moving !== undefined) await moving
    this.#segment.writeIndexes()
    const suffixes = this.#suffixes()
    for (const suffix of suffixes) await this.#sync(placedFile(this.#home, this.baseOffset, suffix))
    this.#segment.close()
    return { baseOffset: this.baseOffset, sizeBytes: this.#segment.sizeBytes, suffixes }
  }

  async #sync(path: string): Promise<void> {
    try {
      await this.#host.sync(this.#home.files.get(path))
    } catch (error) {
      throw new SyncFailedError(`${path} could not be made durable: ${errorMessage(error)}`)
    }
  }

  /** The files that there are. */
  #suffixes(): SegmentSuffix[] {
    const { fileSystem } = this.#host
    return segmentSuffixes.filter(
      (suffix) => fileSystem.stat(placedFile(this.#home, this.baseOffset, suffix)) !== undefined,
    )
  }

  /** Closes its files; they are worth nothing and are removed. */
  abandon(): void {
    this.#segment.close()
  }
}

const openFilesMax = 8

function cleanedHome(job: CompactionJob, host: JobHost): SegmentHome {
  const wrong = (baseOffset: number): never => {
    throw new Error(`${segmentFile(job.folder, baseOffset, '.log')}${cleanedSuffix} has its indexes in memory`)
  }
  return {
    files: new OpenFiles(host.fileSystem, openFilesMax),
    indexCache: new IndexCache(Infinity),
    folder: job.folder,
    // All its files are synced when it is whole.
    unsyncedIndexes: new Set<string>(),
    namesAreDurable: false,
    indexIntervalBytes: job.indexIntervalBytes,
    fileSuffix: cleanedSuffix,
    onIndexRebuilt: wrong,
    rebuildTransactions: (segment) => wrong(segment.baseOffset),
  }
}
