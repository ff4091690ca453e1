import type { FileHandle, FileSystem } from '../io/file-system.ts'

/** Whether a write is made in its caller's turn, or in another thread because the disk makes its writers wait. */
export type DiskSpeed = 'fast' | 'slow'

/**
 * Writes a whole file so that a crash leaves the old one or the new one; so does a power cut where its content is synced
 * (`whole`), and where its name is too it leaves the new one (`durable`).
 */
export function replaceFile(fileSystem: FileSystem, path: string, bytes: Uint8Array, durable: boolean | 'whole'): void {
  const file = writeTemporary(fileSystem, path, bytes)
  try {
    if (durable !== false) file.sync()
  } finally {
    file.close()
  }
  fileSystem.rename(file.path, path)
  if (durable === true) fileSystem.syncDirectory(folderOf(path))
}

/**
 * The same, durable, without waiting for the disk in this turn (up to 90 ms where it is busy). Whoever replaces the
 * file meanwhile has newer content: where `isCurrent` says so, nothing comes of this one.
 */
export async function replaceFileLater(
  fileSystem: FileSystem,
  path: string,
  bytes: Uint8Array,
  isCurrent: () => boolean,
  disk: DiskSpeed = 'fast',
): Promise<void> {
  const isSlow = disk === 'slow'
  const file = await (isSlow ? writeTemporaryLater(fileSystem, path, bytes) : writeTemporary(fileSystem, path, bytes))
  try {
    await fileSystem.syncLater(file)
  } finally {
    file.close()
  }
  if (!isCurrent()) return
  fileSystem.rename(file.path, path)
  await fileSystem.syncDirectoryLater(folderOf(path))
}

// Under a name of its own: somebody else may replace the file meanwhile.
async function writeTemporaryLater(fileSystem: FileSystem, path: string, bytes: Uint8Array): Promise<FileHandle> {
  const file = fileSystem.open(`${path}.later.tmp`, 'create')
  try {
    file.truncate(0)
    const written = await file.writeLater([bytes], 0)
    if (written !== bytes.length) throw new Error(`${file.path}: wrote ${written} of ${bytes.length} bytes`)
    return file
  } catch (error) {
    file.close()
    throw error
  }
}

function writeTemporary(fileSystem: FileSystem, path: string, bytes: Uint8Array): FileHandle {
  const file = fileSystem.open(`${path}.tmp`, 'create')
  try {
    file.truncate(0)
    const written = file.write([bytes], 0)
    if (written !== bytes.length) throw new Error(`${file.path}: wrote ${written} of ${bytes.length} bytes`)
    return file
  } catch (error) {
    file.close()
    throw error
  }
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'))
