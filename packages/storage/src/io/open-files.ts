import type { FileHandle, FileSystem, OpenMode } from './file-system.ts'

interface OpenFile {
  readonly handle: FileHandle
  /** How many files had been put to the end of the order when this one last was. */
  placed: number
}

/** Open files by path, the least recently used closed beyond a bound, so that 10,000 logs don't hold 10,000 files. */
export class OpenFiles {
  readonly fileSystem: FileSystem
  // Roughly in order of use: a Map keeps the order in which keys were set.
  readonly #files = new Map<string, OpenFile>()
  #placed = 0
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
    if (open === undefined) return this.#place(path, this.fileSystem.open(path, mode))
    // Every write comes by here. What is among the newest quarter anyway is left where it is.
    if (this.#placed - open.placed <= this.#max / 4) return open.handle
    this.#files.delete(path)
    return this.#place(path, open.handle)
  }

  #place(path: string, handle: FileHandle): FileHandle {
    this.#placed += 1
    this.#files.set(path, { handle, placed: this.#placed })
    this.#closeBeyond()
    return handle
  }

  /** Before a file is renamed or removed. */
  close(path: string): void {
    this.#files.get(path)?.handle.close()
    this.#files.delete(path)
  }

  closeAll(): void {
    for (const { handle } of this.#files.values()) handle.close()
    this.#files.clear()
  }

  #closeBeyond(): void {
    for (const path of this.#files.keys()) {
      if (this.#files.size <= this.#max) return
      this.close(path)
    }
  }
}
