import { basename } from 'node:path'
import { batchField } from '@millrace/protocol'
import type { FileHandle } from '../io/file-system.ts'
import type { IndexCache } from './index-cache.ts'
import { relativeOffsetMax } from './offset-index.ts'
import { scanBatches } from './scan.ts'
import type { SegmentEnd, Stretch, TimestampAndOffset } from './segment-walk.ts'
import { findEnd, firstTimestamp, latestRecordMs, maxTimestamp, missingEntries, positionOf } from './segment-walk.ts'
import { placedFile } from './segment-files.ts'
import type { IndexPlace, LoadedIndexes, SegmentIndexes } from './segment-indexes.ts'
import {
  areWritten,
  cutIndexFiles,
  emptyIndexes,
  loadIndexes,
  replaceIndexFiles,
  writeIndexes,
  writeIndexesLater,
  writeTransactions,
} from './segment-indexes.ts'
import type { AbortedTxnEntry } from './transaction-index.ts'
import { TransactionIndex } from './transaction-index.ts'

/** What the segments of one log share. */
export interface SegmentHome extends IndexPlace {
  readonly indexCache: IndexCache
  readonly indexIntervalBytes: number
  /** Told when index files were damaged and had to be built from the log. */
  readonly onIndexRebuilt: (baseOffset: number, reason: string) => void
  /** The aborted transactions of a segment whose `.txnindex` was damaged, from its batches before an offset. */
  readonly rebuildTransactions: (segment: Segment, before: number) => TransactionIndex
}

const unnamed = { folder: '', fileSuffix: '', path: '' }
const indexEveryBytes = 1024 * 1024

/** One segment: a stretch of the log in a file, with indexes that are loaded when somebody needs them. */
export class Segment {
  readonly baseOffset: number
  readonly #home: SegmentHome
  #named = unnamed
  #sizeBytes: number
  #indexes: SegmentIndexes | undefined
  /** Indexes of the segment that is written to stay in memory; those of sealed ones are cached under a budget. */
  #sealed: boolean
  #bytesSinceIndexEntry = 0
  /** How far the segment went when its index files were last written. */
  #indexedBytes = 0
  #maxTimestamp: TimestampAndOffset | undefined
  #firstTimestampMs: number | undefined
  /** Whether `.txnindex` holds anything; only asked while the indexes aren't in memory. */
  #hasTransactions: boolean | undefined
  createdMs: number

  constructor(home: SegmentHome, baseOffset: number, sizeBytes: number, createdMs: number) {
    this.#home = home
    this.baseOffset = baseOffset
    this.#sizeBytes = sizeBytes
    this.createdMs = createdMs
    this.#sealed = sizeBytes > 0
  }

  /** Makes the files of a new, empty segment; what an earlier life left under these names goes. */
  static create(home: SegmentHome, baseOffset: number, createdMs: number): Segment {
    const suffixes = ['.log', '.index', '.timeindex'] as const
    for (const suffix of suffixes) home.files.get(placedFile(home, baseOffset, suffix), 'create').truncate(0)
    for (const suffix of ['.index', '.timeindex'] as const) home.files.close(placedFile(home, baseOffset, suffix))
    home.files.fileSystem.remove(placedFile(home, baseOffset, '.txnindex'))
    return new Segment(home, baseOffset, 0, createdMs)
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  get path(): string {
    const { folder, fileSuffix } = this.#home
    // Every write asks for it, and a name that is made anew has to be looked up by its letters.
    if (this.#named.folder !== folder || this.#named.fileSuffix !== fileSuffix) {
      this.#named = { folder, fileSuffix, path: placedFile(this.#home, this.baseOffset, '.log') }
    }
    return this.#named.path
  }

  get indexEntryCount(): number {
    return this.indexes.offsets.count
  }

  file(): FileHandle {
    return this.#home.files.get(this.path)
  }

  get indexes(): SegmentIndexes {
    if (this.#indexes === undefined) this.#indexes = this.#loadOrRebuild()
    if (this.#sealed) this.#home.indexCache.used(this, this.#indexes)
    return this.#indexes
  }

  /** Reads the indexes, or builds them where they are missing or damaged. */
  loadIndexes(): void {
    this.#indexes ??= this.#loadOrRebuild()
  }

  /**
   * For a recovery: drops entries for `offset` and what follows, and returns where batches must be looked at from. Of the
   * entries before it some of one index may be there and not of the other; where they are damaged all are dropped.
   */
  forgetIndexesFrom(offset: number, options: { readonly keepLookup: boolean } = { keepLookup: true }): number {
    const { files } = this.#home
    const loaded = loadIndexes(files, this.#home, this.baseOffset, Infinity)
    const transactions = loaded.transactions ?? this.#home.rebuildTransactions(this, offset)
    transactions.truncateTo(offset)
    this.#sealed = false
    // The process that was killed may have cut or written them, and the disk not know of it yet.
    for (const suffix of ['.index', '.timeindex', '.txnindex'] as const) {
      this.#home.unsyncedIndexes.add(basename(placedFile(this.#home, this.baseOffset, suffix)))
    }
    this.#makeIndexFiles()
    if (loaded.damage !== undefined && this.#sizeBytes > 0) this.#home.onIndexRebuilt(this.baseOffset, loaded.damage)
    if (offset <= this.baseOffset || loaded.lookup === undefined || !options.keepLookup) {
      cutIndexFiles(this.#home, this.baseOffset, this.#startIndexes(transactions))
      return 0
    }
    const { offsets, times } = loaded.lookup
    offsets.truncateTo(offset)
    offsets.truncateToPosition(this.#sizeBytes)
    times.truncateTo(offsets.count === 0 ? this.baseOffset : offsets.lastOffset + 1)
    this.#indexes = { offsets, times, transactions }
    this.#maxTimestamp = this.#latestUntil(offsets.lastPosition)
    this.#bytesSinceIndexEntry = 0
    cutIndexFiles(this.#home, this.baseOffset, this.#indexes)
    return offsets.lastPosition
  }

  // Kafka misses them, though there be nothing in them yet.
  #makeIndexFiles(): void {
    const { files } = this.#home
    for (const suffix of ['.index', '.timeindex'] as const) {
      const path = placedFile(this.#home, this.baseOffset, suffix)
      if (files.fileSystem.stat(path) !== undefined) continue
      files.get(path, 'create')
      files.close(path)
      this.#home.namesAreDurable = false
    }
  }

  #loadOrRebuild(): SegmentIndexes {
    if (this.#sizeBytes === 0) return emptyIndexes(this.baseOffset)
    const loaded = this.#loadWhole()
    if (loaded.lookup !== undefined && loaded.transactions !== undefined) {
      return { ...loaded.lookup, transactions: loaded.transactions }
    }
    this.#home.onIndexRebuilt(this.baseOffset, loaded.damage ?? 'unknown')
    const transactions = loaded.transactions ?? this.#home.rebuildTransactions(this, Infinity)
    if (loaded.lookup === undefined) return this.rebuildIndexes(transactions)
    const indexes = { ...loaded.lookup, transactions }
    replaceIndexFiles(this.#home, this.baseOffset, indexes)
    return indexes
  }

  // An index that lost its entries reads like one of a short segment.
  #loadWhole(): LoadedIndexes {
    const loaded = loadIndexes(this.#home.files, this.#home, this.baseOffset, this.#sizeBytes)
    if (loaded.lookup === undefined || this.#sizeBytes === 0) return loaded
    const damage = missingEntries(this.#stretch(0), loaded.lookup, this.#home.indexIntervalBytes)
    if (damage === undefined) return loaded
    return { damage, ...(loaded.transactions === undefined ? {} : { transactions: loaded.transactions }) }
  }

  /** Builds the offset and time index from the log. */
  rebuildIndexes(transactions: TransactionIndex): SegmentIndexes {
    const indexes = this.#startIndexes(transactions)
    scanBatches(this.file(), { from: 0, until: this.#sizeBytes, checkCrc: false }, (bytes, at, position) => {
      this.noteBatch(bytes, at, position)
    })
    this.#noteLatest(indexes)
    replaceIndexFiles(this.#home, this.baseOffset, indexes)
    this.#indexedBytes = this.#sizeBytes
    return indexes
  }

  #startIndexes(transactions: TransactionIndex): SegmentIndexes {
    const indexes = { ...emptyIndexes(this.baseOffset), transactions }
    this.#indexes = indexes
    this.#bytesSinceIndexEntry = 0
    this.#maxTimestamp = { timestampMs: -1, offset: this.baseOffset }
    return indexes
  }

  /** Called by the cache when the budget is full. */
  dropIndexes(): void {
    if (this.#sealed) this.#indexes = undefined
  }

  /** Writes at the end; a short write throws, and the caller truncates. */
  write(chunks: readonly Uint8Array[], bytes: number): void {
    // Once there are bytes, indexes that aren't there would be made from them.
    if (this.#sizeBytes === 0) this.loadIndexes()
    const written = this.file().write(chunks, this.#sizeBytes)
    if (written !== bytes) throw new Error(`${this.path}: wrote ${written} of ${bytes} bytes: no space is left`)
    this.#sealed = false
    this.#hasTransactions = undefined
    this.#sizeBytes += bytes
  }

  /** The same off the event loop. Nothing else may be done to the segment meanwhile. */
  async writeLater(chunks: readonly Uint8Array[], bytes: number): Promise<void> {
    const written = await this.file().writeLater(chunks, this.#sizeBytes)
    if (written !== bytes) throw new Error(`${this.path}: wrote ${written} of ${bytes} bytes: no space is left`)
    this.#sealed = false
    this.#hasTransactions = undefined
    this.#sizeBytes += bytes
  }

  /** Cuts the file to what the segment is said to hold: after a write that failed. */
  undoWrite(): void {
    this.file().truncate(this.#sizeBytes)
  }

  /** Indexes the batch at `at` in `bytes`, which lies at `position` in the file. */
  noteBatch(bytes: Uint8Array, at: number, position: number): void {
    const lastOffset = batchField.lastOffset(bytes, at)
    const timestampMs = latestRecordMs(bytes, at)
    const indexes = this.indexes
    let max = this.maxTimestamp
    if (timestampMs > max.timestampMs) {
      max = { timestampMs, offset: lastOffset }
      this.#maxTimestamp = max
    }
    if (position === 0) this.#firstTimestampMs = timestampMs
    if (this.#bytesSinceIndexEntry > this.#home.indexIntervalBytes) {
      indexes.offsets.append(lastOffset, position)
      indexes.times.maybeAppend(max.timestampMs, max.offset)
      this.#bytesSinceIndexEntry = 0
    }
    this.#bytesSinceIndexEntry += batchField.sizeBytes(bytes, at)
  }

  /** Adds those that touch [from, until); says whether later segments can't have any more. */
  collectAborted(from: number, until: number, into: AbortedTxnEntry[]): boolean {
    if (this.#indexes === undefined) {
      this.#hasTransactions ??= this.#txnIndexBytes() > 0
      if (!this.#hasTransactions) return false
    }
    return this.indexes.transactions.collect(from, until, into)
  }

  /** Builds a damaged `.txnindex` of a sealed segment anew, also one that is in memory: others read the file. */
  repairTransactions(): void {
    if (this.#txnIndexBytes() === 0) return
    const path = placedFile(this.#home, this.baseOffset, '.txnindex')
    if (new TransactionIndex(this.#home.files.fileSystem.readFile(path)).damage(this.baseOffset) === undefined) return
    this.#indexes = this.#loadOrRebuild()
  }

  #txnIndexBytes(): number {
    const path = placedFile(this.#home, this.baseOffset, '.txnindex')
    return this.#home.files.fileSystem.stat(path)?.sizeBytes ?? 0
  }

  /** The largest timestamp and where it is; -1 where no record has one. */
  get maxTimestamp(): TimestampAndOffset {
    this.#maxTimestamp ??= this.indexes.times.last
    return this.#maxTimestamp
  }

  /** What decides when the segment is too old to stay: its records' time, or its file's where they have none. */
  get retentionTimestampMs(): number {
    const { timestampMs } = this.maxTimestamp
    if (timestampMs >= 0) return timestampMs
    return this.#home.files.fileSystem.stat(this.path)?.modifiedAtMs ?? this.createdMs
  }

  /** Largest timestamp of the first batch, from which `segment.ms` runs; -1 where it has none. */
  get firstTimestampMs(): number {
    if (this.#firstTimestampMs === undefined && this.#sizeBytes > 0)
      this.#firstTimestampMs = firstTimestamp(this.#stretch(0))
    return this.#firstTimestampMs ?? -1
  }

  fitsOffset(offset: number): boolean {
    return offset - this.baseOffset <= relativeOffsetMax
  }

  writeIndexes(): void {
    if (this.#indexes === undefined) return
    this.#noteLatest(this.#indexes)
    writeIndexes(this.#home, this.baseOffset, this.#indexes)
    this.#indexedBytes = this.#sizeBytes
  }

  #noteLatest({ times }: SegmentIndexes): void {
    if (this.#sizeBytes === 0) return
    const { timestampMs, offset } = this.maxTimestamp
    times.maybeAppend(timestampMs, offset)
  }

  /**
   * For a segment that is still written to: what a recovery can't do without, and the rest once it is worth the syncs;
   * what lacks is built from the log.
   */
  writeIndexesNowAndThen(): void {
    if (this.#sizeBytes - this.#indexedBytes >= indexEveryBytes) this.writeIndexes()
    else this.writeTransactions()
  }

  /** What a recovery can't do without. */
  writeTransactions(): void {
    if (this.#indexes !== undefined) writeTransactions(this.#home, this.baseOffset, this.#indexes)
  }

  /** Whether the index files have all that the indexes hold. */
  get areIndexesWritten(): boolean {
    return this.#indexes === undefined || areWritten(this.#indexes)
  }

  async writeIndexesLater(): Promise<void> {
    if (this.#indexes === undefined) return
    this.#noteLatest(this.#indexes)
    await writeIndexesLater(this.#home, this.baseOffset, this.#indexes)
    this.#indexedBytes = this.#sizeBytes
  }

  /** No more is appended: its indexes may leave memory. */
  seal(): void {
    this.writeIndexes()
    this.#sealed = true
    if (this.#indexes !== undefined) this.#home.indexCache.used(this, this.#indexes)
  }

  /** Goes on being written to after it was sealed: a log that was opened, or whose later segments were cut. */
  unseal(): void {
    this.#home.indexCache.forget(this)
    this.#sealed = false
  }

  /** Cuts the log at `position`, which is where the batch with `offset` starts. */
  truncate(position: number, offset: number): void {
    const indexes = this.indexes
    this.file().truncate(position)
    this.#sizeBytes = position
    this.#indexedBytes = Math.min(this.#indexedBytes, position)
    indexes.offsets.truncateTo(offset)
    indexes.offsets.truncateToPosition(position)
    indexes.times.truncateTo(offset)
    indexes.transactions.truncateTo(offset)
    cutIndexFiles(this.#home, this.baseOffset, indexes)
    this.#bytesSinceIndexEntry = 0
    if (position === 0) this.#firstTimestampMs = undefined
    this.#maxTimestamp = this.#latestUntil(position)
  }

  /** The largest timestamp of what lies before `position`: what the time index knows, and what it doesn't. */
  #latestUntil(position: number): TimestampAndOffset {
    const { offsets, times } = this.indexes
    return maxTimestamp({ file: this.file(), from: offsets.lookup(times.last.offset), until: position }, times.last)
  }

  /** Byte position of the first batch that reaches `offset`; undefined where none does. */
  positionOf(offset: number): number | undefined {
    return positionOf(this.#stretch(this.indexes.offsets.lookup(offset)), offset)
  }

  /**
   * Where the log ends, found from the last index entry on. An entry that points into the middle of a batch is found
   * out by that: the indexes are built anew then.
   */
  findEnd(): SegmentEnd {
    const from = this.indexes.offsets.lastPosition
    const end = findEnd(this.#stretch(from), this.baseOffset)
    if (from === 0 || (end.damage === undefined && end.position > from)) return end
    this.#home.onIndexRebuilt(this.baseOffset, `.index: its last entry points to byte ${from}, where no batch starts`)
    this.rebuildIndexes(this.indexes.transactions)
    return findEnd(this.#stretch(0), this.baseOffset)
  }

  #stretch(from: number): Stretch {
    return { file: this.file(), from, until: this.#sizeBytes }
  }

  /** Closes what is open; before files are renamed or removed. */
  close(): void {
    this.#home.indexCache.forget(this)
    for (const suffix of ['.log', '.index', '.timeindex', '.txnindex'] as const) {
      this.#home.files.close(placedFile(this.#home, this.baseOffset, suffix))
    }
  }
}
