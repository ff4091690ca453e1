import type { FileSystem } from '../io/file-system.ts'
import { replaceFile } from './replace-file.ts'

const fileName = '.kafka_cleanshutdown'

/** Says whether the last stop was clean and takes the mark away, so that a crash from here on isn't taken for one. */
export function takeCleanShutdownMark(fileSystem: FileSystem, directory: string): boolean {
  const taken = fileSystem.remove(`${directory}/${fileName}`)
  if (taken) fileSystem.syncDirectory(directory)
  return taken
}

/** Written last of all: everything in the directory is durable by then. */
export function writeCleanShutdownMark(fileSystem: FileSystem, directory: string, brokerEpoch: number): void {
  const text = JSON.stringify({ version: 0, brokerEpoch })
  replaceFile(fileSystem, `${directory}/${fileName}`, new TextEncoder().encode(text), true)
}
