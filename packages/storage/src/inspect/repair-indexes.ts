import type { FileSystem } from '../io/file-system.ts'
import { OpenFiles } from '../io/open-files.ts'
import { decodeSnapshot } from '../producer/producer-snapshot.ts'
import { ProducerState } from '../producer/producer-state.ts'
import { IndexCache } from '../segment/index-cache.ts'
import { scanBatches } from '../segment/scan.ts'
import { baseOffsetOf, segmentFile } from '../segment/segment-files.ts'
import { Segment } from '../segment/segment.ts'
import { TransactionIndex } from '../segment/transaction-index.ts'
import { batchField } from '@millrace/protocol'
import type { PartitionFiles } from './partition-files.ts'
import { listPartition } from './partition-files.ts'

// Kafka's default of index.interval.bytes; an index with another one is as good.
const indexIntervalBytes = 4_096

/** Writes the three indexes of a segment anew, from its batches, and makes them durable. */
export function rebuildIndexes(fileSystem: FileSystem, folder: string, baseOffset: number): void {
  const listed = listPartition(fileSystem, folder)
  const found = listed.segments.find((segment) => segment.baseOffset === baseOffset)
  if (found === undefined) return
  const files = new OpenFiles(fileSystem, 16)
  const transactions = abortedIn(fileSystem, listed, baseOffset)
  const home = {
    folder,
    fileSuffix: '',
    files,
    unsyncedIndexes: new Set<string>(),
    namesAreDurable: false,
    indexCache: new IndexCache(Infinity),
    indexIntervalBytes,
    onIndexRebuilt: () => {},
    rebuildTransactions: () => transactions,
  }
  try {
    new Segment(home, baseOffset, found.sizeBytes, 0).rebuildIndexes(transactions)
    const suffixes = ['.index', '.timeindex', ...(transactions.count > 0 ? (['.txnindex'] as const) : [])] as const
    for (const suffix of suffixes) files.get(segmentFile(folder, baseOffset, suffix), 'create').sync()
  } finally {
    files.closeAll()
  }
  fileSystem.syncDirectory(folder)
}

/** The aborted transactions that ended in a segment, from the newest snapshot of the producers before it on. */
function abortedIn(fileSystem: FileSystem, files: PartitionFiles, baseOffset: number): TransactionIndex {
  const producers = new ProducerState()
  const from = loadSnapshotBefore(fileSystem, files, baseOffset, producers)
  const found = new TransactionIndex()
  for (const segment of files.segments) {
    const next = files.segments.find((one) => one.baseOffset > segment.baseOffset)
    if (segment.baseOffset > baseOffset || (next !== undefined && next.baseOffset <= from)) continue
    const file = fileSystem.open(segment.path, 'read')
    scanBatches(file, { from: 0, until: segment.sizeBytes, checkCrc: false }, (bytes, at) => {
      if (batchField.lastOffset(bytes, at) < from) return
      const outcome = producers.accept(bytes, at, 'replication')
      const ends = segment.baseOffset === baseOffset && outcome.kind === 'accepted'
      if (ends && outcome.aborted !== undefined) found.append(outcome.aborted)
    })
    file.close()
  }
  return found
}

function loadSnapshotBefore(
  fileSystem: FileSystem,
  { names, folder }: PartitionFiles,
  baseOffset: number,
  producers: ProducerState,
): number {
  const offsets = [...names].flatMap((name) => baseOffsetOf(name, '.snapshot') ?? [])
  for (const at of offsets.filter((offset) => offset <= baseOffset).toSorted((a, b) => b - a)) {
    const bytes = fileSystem.readFile(segmentFile(folder, at, '.snapshot'))
    if (bytes !== undefined && decodeSnapshot(bytes) !== undefined && producers.load(bytes)) return at
  }
  return 0
}
