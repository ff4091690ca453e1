import type { FileHandle, FileSystem, OpenMode } from './file-system.ts'

/** Open files by path, the least recently used closed beyond a bound, so that 10,000 logs don't hold 10,000 files. */
export class OpenFiles {
  readonly fileSystem: FileSystem
  // In order of use: a Map keeps the order in which keys were set.
  readonly #files = new Map<string, FileHandle>()
  #max: number

  constructor(fileSystem: FileSystem, max: number) {
    this.fileSystem = fileSystem
    this.#max = max
  }

  get count(): number {
    return this.#files.size
  }

  setMax(max: number): void {
    this.#max = max
    this.#closeBeyond()
  }

  /** The file, for use in this turn or for one asynchronous call that was started in it. */
  get(path: string, mode: OpenMode = 'existing'): FileHandle {
    const open = this.#files.get(path)
    if (open !== undefined) {
      this.#files.delete(path)
      this.#files.set(path, open)
      return open
    }
    const opened = this.fileSystem.open(path, mode)
    this.#files.set(path, opened)
    this.#closeBeyond()
    return opened
  }

  /** Before a file is renamed or removed. */
  close(path: string): void {
    this.#files.get(path)?.close()
    this.#files.delete(path)
  }

  closeAll(): void {
    for (const file of this.#files.values()) file.close()
    this.#files.clear()
  }

  #closeBeyond(): void {
    for (const path of this.#files.keys()) {
      if (this.#files.size <= this.#max) return
      this.close(path)
    }
  }
}
