import { replaceFile } from '../checkpoint/replace-file.ts'
import type { FileSystem } from '../io/file-system.ts'

const fileName = '.moved-from'
const formatVersion = 1

/**
 * Written into the folder of a copy before it becomes the partition: says which log directory it was copied from. Where
 * a crash leaves the partition in both, the folder with this file is the one that went on. Kafka ignores it.
 */
export function writeMovedFrom(fileSystem: FileSystem, folder: string, directoryId: string): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify({ version: formatVersion, directoryId })}\n`)
  replaceFile(fileSystem, `${folder}/${fileName}`, bytes, true)
}

/** The id of the directory that the folder's partition was moved from; undefined where nothing was left undone. */
export function readMovedFrom(fileSystem: FileSystem, folder: string): string | undefined {
  const bytes = fileSystem.readFile(`${folder}/${fileName}`)
  if (bytes === undefined) return undefined
  const found: unknown = JSON.parse(new TextDecoder().decode(bytes))
  if (typeof found !== 'object' || found === null) return undefined
  const fields: Readonly<Record<string, unknown>> = { ...found }
  if (fields['version'] !== formatVersion) {
    throw new Error(`${folder}/${fileName} has version ${String(fields['version'])}, expected ${formatVersion}`)
  }
  return typeof fields['directoryId'] === 'string' ? fields['directoryId'] : undefined
}

/** The folder that the partition was moved from is gone for good. */
export const removeMovedFrom = (fileSystem: FileSystem, folder: string): boolean =>
  fileSystem.remove(`${folder}/${fileName}`)
