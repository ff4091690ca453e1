import { basename } from 'node:path'
import { replaceFile } from '../checkpoint/replace-file.ts'
import type { OpenFiles } from '../io/open-files.ts'
import { OffsetIndex } from './offset-index.ts'
import type { SegmentPlace, SegmentSuffix } from './segment-files.ts'
import { placedFile } from './segment-files.ts'
import { TimeIndex } from './time-index.ts'
import { TransactionIndex } from './transaction-index.ts'

/** The three indexes of a segment, in memory. */
export interface SegmentIndexes {
  readonly offsets: OffsetIndex
  readonly times: TimeIndex
  readonly transactions: TransactionIndex
}

export const emptyIndexes = (baseOffset: number): SegmentIndexes => ({
  offsets: new OffsetIndex(baseOffset),
  times: new TimeIndex(baseOffset),
  transactions: new TransactionIndex(),
})

/** What the index files hold. What is missing or damaged is left out, with the reason: it is built from the log. */
export interface LoadedIndexes {
  readonly lookup?: { readonly offsets: OffsetIndex; readonly times: TimeIndex }
  readonly transactions?: TransactionIndex
  readonly damage?: string
}

export function loadIndexes(
  files: OpenFiles,
  place: SegmentPlace,
  baseOffset: number,
  logBytes: number,
): LoadedIndexes {
  const read = (suffix: SegmentSuffix): Uint8Array | undefined =>
    files.fileSystem.readFile(placedFile(place, baseOffset, suffix))
  const transactions = new TransactionIndex(read('.txnindex'))
  const transactionsDamage = transactions.damage(baseOffset)
  const loaded = loadLookup(read('.index'), read('.timeindex'), baseOffset, logBytes)
  const damage = loaded.damage ?? (transactionsDamage === undefined ? undefined : `.txnindex: ${transactionsDamage}`)
  return {
    ...loaded,
    ...(transactionsDamage === undefined ? { transactions } : {}),
    ...(damage === undefined ? {} : { damage }),
  }
}

function loadLookup(
  offsetBytes: Uint8Array | undefined,
  timeBytes: Uint8Array | undefined,
  baseOffset: number,
  logBytes: number,
): LoadedIndexes {
  if (offsetBytes === undefined) return { damage: '.index is missing' }
  if (timeBytes === undefined) return { damage: '.timeindex is missing' }
  const offsets = new OffsetIndex(baseOffset, offsetBytes)
  const times = new TimeIndex(baseOffset, timeBytes)
  const offsetsDamage = offsets.damage(logBytes)
  if (offsetsDamage !== undefined) return { damage: `.index: ${offsetsDamage}` }
  const timesDamage = times.damage()
  return timesDamage === undefined ? { lookup: { offsets, times } } : { damage: `.timeindex: ${timesDamage}` }
}

/** Where the index files of a log are, and those of them that a power cut may take back. */
export interface IndexPlace extends SegmentPlace {
  readonly files: OpenFiles
  /** Names of the index files that were written or cut since they were last synced. */
  readonly unsyncedIndexes: Set<string>
  /** Whether all files that were made are sure to keep their names. */
  namesAreDurable: boolean
}

/** Appends to the index files what they lack. */
export function writeIndexes(place: IndexPlace, baseOffset: number, indexes: SegmentIndexes): void {
  writeOne(place, placedFile(place, baseOffset, '.index'), indexes.offsets)
  writeOne(place, placedFile(place, baseOffset, '.timeindex'), indexes.times)
  writeTransactions(place, baseOffset, indexes)
}

/** Kafka makes this file with the first aborted transaction only. */
export function writeTransactions(place: IndexPlace, baseOffset: number, { transactions }: SegmentIndexes): void {
  if (transactions.count > 0) writeOne(place, placedFile(place, baseOffset, '.txnindex'), transactions)
}

/** The same without waiting for the disk; nothing may be added to the indexes meanwhile. */
export async function writeIndexesLater(place: IndexPlace, baseOffset: number, indexes: SegmentIndexes): Promise<void> {
  for (const [suffix, index] of [
    ['.index', indexes.offsets],
    ['.timeindex', indexes.times],
    ['.txnindex', indexes.transactions],
  ] as const) {
    const { bytes, position } = index.unwritten()
    if (bytes.length === 0) continue
    const path = placedFile(place, baseOffset, suffix)
    place.unsyncedIndexes.add(basename(path))
    if (position === 0) place.namesAreDurable = false
    const written = await place.files.get(path, 'create').writeLater([bytes], position)
    if (written !== bytes.length) throw new Error(`${path}: wrote ${written} of ${bytes.length} bytes`)
    index.markWritten()
  }
}

export const areWritten = ({ offsets, times, transactions }: SegmentIndexes): boolean =>
  [offsets, times, transactions].every((index) => index.unwritten().bytes.length === 0)

function writeOne(place: IndexPlace, path: string, index: OffsetIndex | TimeIndex | TransactionIndex): void {
  const { files, unsyncedIndexes } = place
  const { bytes, position } = index.unwritten()
  if (bytes.length === 0) return
  unsyncedIndexes.add(basename(path))
  if (position === 0) place.namesAreDurable = false
  const written = files.get(path, 'create').write([bytes], position)
  if (written !== bytes.length) throw new Error(`${path}: wrote ${written} of ${bytes.length} bytes`)
  index.markWritten()
}

/**
 * Writes indexes that were built anew in the place of what is there: below the recovery point nobody looks again at what
 * a power cut left of a file that was written in place.
 */
export function replaceIndexFiles(place: IndexPlace, baseOffset: number, indexes: SegmentIndexes): void {
  const { files } = place
  for (const [suffix, index] of [
    ['.index', indexes.offsets],
    ['.timeindex', indexes.times],
    ['.txnindex', indexes.transactions],
  ] as const) {
    const path = placedFile(place, baseOffset, suffix)
    files.close(path)
    if (suffix === '.txnindex' && index.count === 0) files.fileSystem.remove(path)
    else replaceFile(files.fileSystem, path, index.whole(), 'whole')
    index.markWritten()
  }
  place.namesAreDurable = false
}

/** Cuts the files to what the indexes hold, after a truncation. */
export function cutIndexFiles(place: IndexPlace, baseOffset: number, indexes: SegmentIndexes): void {
  const { files, unsyncedIndexes } = place
  const cut = (suffix: SegmentSuffix, index: OffsetIndex | TimeIndex | TransactionIndex): void => {
    const path = placedFile(place, baseOffset, suffix)
    const status = files.fileSystem.stat(path)
    const writtenBytes = index.unwritten().position
    if (status === undefined || status.sizeBytes <= writtenBytes) return
    unsyncedIndexes.add(basename(path))
    files.get(path).truncate(writtenBytes)
  }
  cut('.index', indexes.offsets)
  cut('.timeindex', indexes.times)
  cut('.txnindex', indexes.transactions)
}
