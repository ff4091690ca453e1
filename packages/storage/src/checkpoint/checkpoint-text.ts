import type { FileSystem } from '../io/file-system.ts'
import type { DiskSpeed } from './replace-file.ts'
import { replaceFile, replaceFileLater } from './replace-file.ts'

const version = '0'

/** A checkpoint file that can't be used; what it was for is rebuilt without it. */
export class DamagedCheckpointError extends Error {
  override name = 'DamagedCheckpointError'
}

/**
 * Kafka's checkpoint files are text: the version, the count of lines that follow, then one entry per line.
 * Undefined where there is no such file.
 */
export function readCheckpoint(fileSystem: FileSystem, path: string): readonly string[] | undefined {
  const bytes = fileSystem.readFile(path)
  if (bytes === undefined) return undefined
  if (bytes.length === 0) return []
  const lines = new TextDecoder().decode(bytes).split('\n')
  // Its last number may be half of one.
  if (lines.pop() !== '') throw new DamagedCheckpointError(`${path}: the last line has no end`)
  const [writtenVersion, count, ...entries] = lines
  if (writtenVersion !== version) {
    throw new DamagedCheckpointError(
      `${path}: version ${JSON.stringify(writtenVersion?.slice(0, 20))}, expected ${version}`,
    )
  }
  if (count === undefined || Number(count) !== entries.length) {
    throw new DamagedCheckpointError(`${path}: says ${count ?? 'no number of'} entries, has ${entries.length}`)
  }
  return entries
}

export function writeCheckpoint(
  fileSystem: FileSystem,
  path: string,
  entries: readonly string[],
  options: { readonly durable: boolean },
): void {
  replaceFile(fileSystem, path, bytesOf(entries), options.durable)
}

/** Without waiting for the disk in this turn, see replaceFileLater. */
export function writeCheckpointLater(
  fileSystem: FileSystem,
  path: string,
  entries: readonly string[],
  isCurrent: () => boolean,
  disk: DiskSpeed,
): Promise<void> {
  return replaceFileLater(fileSystem, path, bytesOf(entries), isCurrent, disk)
}

const bytesOf = (entries: readonly string[]): Uint8Array =>
  new TextEncoder().encode([version, String(entries.length), ...entries, ''].join('\n'))

/** A whole number of a checkpoint's line. */
export function checkpointNumber(text: string | undefined, path: string): number {
  const value = Number(text)
  if (text === undefined || text === '' || !Number.isSafeInteger(value) || value < 0) {
    throw new DamagedCheckpointError(`${path}: ${JSON.stringify(text ?? '')} is not a whole number`)
  }
  return value
}
