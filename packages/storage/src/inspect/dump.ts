import type { FileSystem } from '../io/file-system.ts'
import type { DecoderName } from './decode-record.ts'
import { decoderNameOf, decoderOf } from './decode-record.ts'
import type { DumpRow } from './dump-row.ts'
import { dumpSegment } from './dump-segment.ts'
import { dumpBatches, dumpIndex, dumpSnapshot } from './dump-small.ts'
import { dumpCheckpoint, dumpJson, dumpProperties } from './dump-text.ts'
import type { FileKind } from './file-kind.ts'
import { baseOffsetInName, fileKindOf } from './file-kind.ts'

export interface DumpOptions {
  /** Whether the records of each batch are read too. */
  readonly records: boolean
  /** What the records mean; by default the folder's name says it. */
  readonly decode?: DecoderName | 'none'
}

/**
 * What stands in a file of a log directory, whoever wrote it: rows in the order of the file. Undefined among them gives
 * others a turn. Segments are read piece by piece, the small files whole. Damage is a row; what follows it is still
 * read. Throws where there is no such file.
 */
export function* dumpFile(
  fileSystem: FileSystem,
  path: string,
  options: DumpOptions,
): Generator<DumpRow | undefined, void, undefined> {
  const kind = fileKindOf(path)
  if (kind === undefined) throw new Error(`${path}: no file of a log directory has such a name`)
  const status = fileSystem.stat(path)
  if (status === undefined) throw new Error(`${path}: there is no such file`)
  if (kind === 'segment') yield* dumpLog(fileSystem, path, status.sizeBytes, options)
  else yield* dumpWhole(kind, fileSystem.readFile(path) ?? new Uint8Array(0), path)
}

function* dumpLog(
  fileSystem: FileSystem,
  path: string,
  sizeBytes: number,
  options: DumpOptions,
): Generator<DumpRow | undefined, void, undefined> {
  const name = options.decode ?? decoderNameOf(path)
  const decoder = name === undefined || name === 'none' ? undefined : decoderOf(name)
  const file = fileSystem.open(path, 'read')
  try {
    yield* dumpSegment(file, sizeBytes, { records: options.records, decoder })
  } finally {
    file.close()
  }
}

function dumpWhole(kind: Exclude<FileKind, 'segment'>, bytes: Uint8Array, path: string): Generator<DumpRow> {
  switch (kind) {
    case 'offset index':
    case 'time index':
    case 'transaction index':
      return dumpIndex(kind, bytes, baseOffsetInName(path))
    case 'producer snapshot':
      return dumpSnapshot(bytes)
    case 'producer batches':
      return dumpBatches(bytes, path)
    case 'offset checkpoint':
      return dumpCheckpoint(bytes, ['topic', 'partition', 'offset'])
    case 'leader epochs':
      return dumpCheckpoint(bytes, ['epoch', 'startOffset'])
    case 'properties':
      return dumpProperties(bytes)
    case 'json':
      return dumpJson(bytes)
  }
}
