import type { FileSystem } from '../io/file-system.ts'

/** Writes a whole file so that a crash leaves the old one or the new one; `durable` also against a power cut. */
export function replaceFile(fileSystem: FileSystem, path: string, bytes: Uint8Array, durable: boolean): void {
  const temporary = `${path}.tmp`
  const file = fileSystem.open(temporary, 'create')
  try {
    file.truncate(0)
    const written = file.write([bytes], 0)
    if (written !== bytes.length) throw new Error(`${temporary}: wrote ${written} of ${bytes.length} bytes`)
    if (durable) file.sync()
  } finally {
    file.close()
  }
  fileSystem.rename(temporary, path)
  if (durable) fileSystem.syncDirectory(path.slice(0, path.lastIndexOf('/')))
}
